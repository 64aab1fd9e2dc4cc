// How times, spans and names are written. Spans of time come as seconds, times as RFC 3339 in UTC.
import { locale, t } from './i18n.js';

const made = new Map();

function formatter(kind, options) {
    const key = locale() + kind.name + JSON.stringify(options);
    if (!made.has(key)) made.set(key, new kind(locale(), options));
    return made.get(key);
}

/** 78 → "1:18"; 3700 → "1:01:40". For clocks that tick. */
export function clock(seconds) {
    const s = Math.max(0, Math.round(seconds));
    const two = (n) => String(n).padStart(2, '0');
    const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    return s >= 3600 ? `${Math.floor(s / 3600)}:${rest}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** 90 → "1 min 30 s", in the language's words. */
export function span(seconds) {
    const unit = (n, name) => formatter(Intl.NumberFormat, { style: 'unit', unit: name, unitDisplay: 'short' }).format(n);
    const parts = [];
    let rest = Math.round(seconds);
    for (const [size, name] of [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']]) {
        const n = Math.floor(rest / size);
        if (n || (size === 1 && !parts.length)) parts.push(unit(n, name));
        rest -= n * size;
    }
    return parts.slice(0, 2).join(' ');
}

export const time = (at) => (at ? formatter(Intl.DateTimeFormat, { timeStyle: 'medium' }).format(new Date(at)) : '');
export const dateTime = (at) =>
    at ? formatter(Intl.DateTimeFormat, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at)) : '';
export const date = (at) => (at ? formatter(Intl.DateTimeFormat, { dateStyle: 'medium' }).format(new Date(at)) : '');
export const number = (n) => formatter(Intl.NumberFormat, {}).format(n);
export const percent = (part, whole) => formatter(Intl.NumberFormat, { style: 'percent' }).format(whole ? part / whole : 0);

/** "4 minutes ago", "in 3 days". */
export function ago(at, now = Date.now()) {
    const seconds = (new Date(at) - now) / 1000;
    const words = formatter(Intl.RelativeTimeFormat, { numeric: 'auto' });
    for (const [size, name] of [[86400, 'day'], [3600, 'hour'], [60, 'minute']])
        if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), name);
    return words.format(Math.trunc(seconds), 'second');
}

export function bytes(n) {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
    let i = 0;
    for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
    const options = { style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: n < 10 && i ? 1 : 0 };
    return formatter(Intl.NumberFormat, options).format(n);
}

/** Somebody on the phone: the name, else the number or address, else "unknown". */
export const party = (p) => p?.name || p?.number || (p?.uri ?? '').replace(/^sips?:/, '') || t('unknown');

/** What went wrong, as a sentence. */
export function problemText(error) {
    if (error?.status === 0) return t('problem.unreachable');
    return error?.detail || error?.message || t('problem.unknown');
}
