/* The form of one scope's settings: what was typed, what of it is a change, and what is wrong with it.
 * The server has the last word; this answers while typing. Pure. */
import { readSpan, writeSpan } from './span.js';

/** Keys that have a place of their own on the page, and no row. */
export const SPECIAL = new Set(['music']);

/** The rows in the order in which a call meets them; what is not named comes behind. */
const groups = [
    ['time', ['pickup_timeout', 'max_pickup_attempts', 'ring_time', 'timeout_uri', 'max_park']],
    ['hears', ['music_on_hold', 'announce', 'language', 'message', 'announce_back']],
    ['ringing', ['no_forward', 'ringback_confirm']],
    ['shown', ['ringback_prefix', 'alert_info', 'lamp']],
    ['orbits', ['allocation', 'cool_down', 'free_orbit', 'park_allow', 'retrieve_allow', 'watch_allow',
                'pin']],
];

/** @param {{name: string}[]} keys as GET /settings lists them @returns {[string, object[]][]} */
export function grouped(keys) {
    const left = new Map(keys.filter((k) => !SPECIAL.has(k.name)).map((k) => [k.name, k]));
    const found = groups.map(([name, names]) => {
        const rows = names.filter((n) => left.has(n)).map((n) => left.get(n));

        rows.forEach((row) => left.delete(row.name));
        return [name, rows];
    });

    return [...found, ['more', [...left.values()]]].filter(([, rows]) => rows.length > 0);
}

/** A value as the form shows it. */
export function show(key, value) {
    if (key.kind === 'duration')
        return writeSpan(value);
    if (value === true || value === false)
        return value ? 'on' : 'off';
    return value === null || value === undefined ? '' : String(value);
}

/**
 * What was typed, as the API wants it.
 * @returns {{value: any} | {error: string, values: object}} `error`: a key of the catalogue
 */
export function read(key, text) {
    const t = text.trim();

    switch (key.kind) {
    case 'duration': {
        const span = readSpan(t);

        if (span === 'off')
            return key.may_be_off ? { value: 'off' } : fault('settings.error.not_off', key);
        if (span === null)
            return fault('settings.error.span', key);
        return bounds(key, span, 'settings.error.span_bounds');
    }
    case 'count':
        return /^\d{1,9}$/.test(t) ? bounds(key, Number(t), 'settings.error.bounds')
            : fault('settings.error.number', key);
    case 'uri':
        if (t === '')
            return { value: '' };
        return /^(sips?|tel):[^\s]+$/i.test(t) ? { value: t } : fault('settings.error.uri', key);
    case 'text':
        return { value: text };
    default:
        return { value: t };
    }
}

function fault(error, key) {
    return { error, values: { low: key.low, high: key.high } };
}

function bounds(key, n, error) {
    return n < key.low || n > key.high ? fault(error, key) : { value: n };
}

/**
 * The body of the PATCH: what differs from what the scope says now. A row that is reset is null.
 * @param {Object<string, {text: string}|{reset: true}>} edits
 * @param {Object<string, object>} keys by name @param {object} own what the scope says now
 * @returns {{patch: object, errors: Object<string, {error: string, values: object}>}}
 */
export function changes(edits, keys, own) {
    const patch = {}, errors = {};

    for (const [name, edit] of Object.entries(edits)) {
        if (edit.reset) {
            if (Object.hasOwn(own, name))
                patch[name] = null;
            continue;
        }
        const result = read(keys[name], edit.text);

        if (result.error)
            errors[name] = result;
        else if (!Object.hasOwn(own, name) || show(keys[name], own[name]) !== show(keys[name], result.value))
            patch[name] = result.value;
    }
    return { patch, errors };
}

/** What the rows would say after a commit, for the picture and the previews. */
export function after(patch, rows) {
    const values = {};

    for (const [name, row] of Object.entries(rows))
        values[name] = !Object.hasOwn(patch, name) ? row.value : patch[name] === null ? row.inherited.value : patch[name];
    return values;
}
