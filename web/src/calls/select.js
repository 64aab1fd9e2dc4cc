/* Which calls the board shows, and in which order. Pure. */
import { due, times } from './time.js';

export const SORTS = ['left', 'waiting', 'orbit', 'caller'];

/** Who waits, in one line: the name, else the number, else the address. Null: nothing is known. */
export function callerName(call) {
    return call.caller?.name || call.caller?.number || bareUri(call.caller?.uri) || null;
}

export function parkerName(call) {
    return call.parker?.name || bareUri(call.parker?.uri) || null;
}

/** "sip:anna@example.com:5070" as a person would say it: "anna". */
export function bareUri(uri) {
    const match = /^(?:sips?|tel):([^@;?]+)/.exec(uri || '');

    return match ? match[1] : uri || null;
}

function text(call) {
    return [call.orbit, call.caller?.name, call.caller?.number, call.caller?.uri, call.parker?.name,
        call.parker?.uri, call.note, call.range_name, call.site].filter(Boolean).join('\n').toLowerCase();
}

/** Each word must be found somewhere. "+1 425" finds "+1425...": a number is searched without the
 * gaps that people write in it. */
function meant(call, words, bare) {
    const all = text(call);

    return words.every((word) => all.includes(word)) || (bare !== '' && all.includes(bare));
}

/** @param {{range?: string, site?: string, q?: string}} filter */
export function filterCalls(calls, filter) {
    const q = (filter.q || '').trim().toLowerCase(), words = q.split(/\s+/).filter(Boolean);
    const bare = /^[+*#\d][\d\s().-]*$/.test(q) ? q.replace(/[\s().-]/g, '') : '';

    return calls.filter((call) =>
        (!filter.range || call.range_id === filter.range) &&
        (!filter.site || call.site === filter.site) &&
        (words.length === 0 || meant(call, words, bare)));
}

function byText(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
}

/* Orbits sort as numbers within one prefix and length: "*7000" behind "720". */
function orbitKey(call) {
    const orbit = call.orbit || '';

    return `${/^[*#]/.test(orbit) ? orbit[0] : ' '}${orbit.replace(/^[*#]/, '').padStart(12, '0')}`;
}

const keys = {
    left: due,
    waiting: (call) => times(call).parked ?? Infinity,
    orbit: orbitKey,
    caller: (call) => (callerName(call) || '\uffff').toLowerCase(),
};

/** A new list. `sort` is one of SORTS, with "-" in front from the largest down. Equal ones stay in the
 * order of their ids, so that rows do not jump. */
export function sortCalls(calls, sort) {
    const down = sort.startsWith('-'), key = keys[sort.replace(/^-/, '')] || keys.left;
    const rows = calls.map((call) => ({ call, key: key(call) }));

    rows.sort((a, b) => {
        const order = typeof a.key === 'number' ? (a.key === b.key ? 0 : a.key - b.key) : byText(a.key, b.key);

        return (down ? -order : order) || byText(a.call.id, b.call.id);
    });
    return rows.map((row) => row.call);
}
