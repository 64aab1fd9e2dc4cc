/* Spans of time as people write them: "90", "90 s", "1:30", "00:01:30", "2 min", "1 h", "off". The API
 * has whole seconds. Pure. */

const units = { s: 1, sec: 1, sek: 1, m: 60, min: 60, h: 3600, std: 3600, d: 86400, t: 86400 };

/** @returns {number|"off"|null} seconds; null: not understood */
export function readSpan(text) {
    const t = text.trim().toLowerCase(), parts = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{2})$/.exec(t);

    if (t === 'off' || t === 'aus')
        return 'off';
    if (parts)
        return (Number(parts[1] || 0) * 60 + Number(parts[2])) * 60 + Number(parts[3]);
    const match = /^(\d{1,9})\s*([a-z]*)$/.exec(t), unit = match?.[2] || 's';

    return match && Object.hasOwn(units, unit) ? Number(match[1]) * units[unit] : null;
}

/** "00:01:30", as the original's settings have it. */
export function writeSpan(seconds) {
    if (seconds === 'off' || seconds === null || seconds === undefined)
        return 'off';
    return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
        .map((n) => String(n).padStart(2, '0')).join(':');
}

/** The same to be read in a sentence: [90, "s"] is "90 s", [24, "h"] "24 h". The largest unit that
 * loses nothing, but seconds up to two minutes. @returns {[number, "s"|"min"|"h"|"d"]} */
export function shortSpan(seconds) {
    if (seconds < 120 || seconds % 60 !== 0)
        return [seconds, 's'];
    if (seconds % 3600 !== 0)
        return [seconds / 60, 'min'];
    return seconds % 86400 !== 0 || seconds === 86400 ? [seconds / 3600, 'h'] : [seconds / 86400, 'd'];
}
