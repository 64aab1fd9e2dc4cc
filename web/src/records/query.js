/* The filters of the call records: from the page's address to the API's parameters. Pure. */

export const PERIODS = ['today', '24h', '7d', '30d', 'all'];

/** Since when, in the reader's own day. @returns {string|null} RFC 3339 */
export function periodStart(period, now = new Date()) {
    const day = 86400000;

    switch (period) {
    case 'today':
        return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
    case '24h':
        return new Date(now.getTime() - day).toISOString();
    case '7d':
        return new Date(now.getTime() - 7 * day).toISOString();
    case '30d':
        return new Date(now.getTime() - 30 * day).toISOString();
    default:
        return null;
    }
}

/** "2026-11-26T14:03" of a date field, in local time, as RFC 3339 in UTC. Null: nothing usable. */
export function localTime(text) {
    const date = text ? new Date(text) : null;

    return date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}

/** @returns {Object<string, string>} parameters of GET /call-records, without limit and cursor */
export function recordsQuery(filter, now) {
    const query = {};
    const since = localTime(filter.since) || periodStart(filter.period || '7d', now);
    const until = localTime(filter.until);

    if (since)
        query.since = since;
    if (until)
        query.until = until;
    if (filter.outcome)
        query.outcome = filter.outcome;
    if (filter.orbit)
        query.orbit = filter.orbit.trim();
    return query;
}

/** Records in which every word is found. Callers' numbers are found without the gaps people write. */
export function textFilter(records, q) {
    const words = (q || '').trim().toLowerCase().split(/\s+/).filter(Boolean);

    if (words.length === 0)
        return records;
    return records.filter((r) => {
        const text = [r.orbit, r.range_name, r.caller?.name, r.caller?.number, r.caller?.uri, r.parker?.name,
            r.parker?.uri, r.by?.name, r.by?.uri, r.reason, r.note].filter(Boolean).join('\n').toLowerCase();

        return words.every((word) => text.includes(word));
    });
}

/** What is wrong with an orbit that was typed: a key of the catalogue, or null. */
export function orbitFault(text) {
    return !text || /^[*#]?[1-9]\d{0,8}$/.test(text.trim()) ? null : 'records.error.orbit';
}
