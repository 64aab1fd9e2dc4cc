/* The search box of Activity: "actor:anna action:range since:7d lobby" to the API's parameters and
 * back. What is not of the form name:value is searched as text. Pure. */

const names = ['actor', 'action', 'subject', 'since', 'until'];
const units = { m: 60000, h: 3600000, d: 86400000, w: 7 * 86400000 };

/** "7d", "24h", or a date. @returns {string|null} RFC 3339 */
export function readTime(text, now = Date.now()) {
    const span = /^(\d{1,5})([mhdw])$/.exec(text || '');

    if (span)
        return new Date(now - Number(span[1]) * units[span[2]]).toISOString();

    const date = /^\d{4}-\d{2}-\d{2}/.test(text || '') ? new Date(text) : null;

    return date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}

/** The words of a search: those in quotation marks are one. */
function words(text) {
    return (text || "").match(/[a-z]+:"[^"]*"|[^\s]+/g) || [];
}

/** @returns {{actor?: string, action?: string, subject?: string, since?: string, until?: string, q?: string}}
 *     as typed; `since` and `until` still as a person writes them */
export function readSearch(text) {
    const found = {}, rest = [];

    for (const word of words(text)) {
        const match = /^([a-z]+):(.+)$/.exec(word);

        if (match && names.includes(match[1]))
            found[match[1]] = match[2].replace(/^"|"$/g, '');
        else
            rest.push(word);
    }
    if (rest.length > 0)
        found.q = rest.join(' ');
    return found;
}

/** @returns {string} what readSearch() reads back */
export function writeSearch(search) {
    return [...names.filter((n) => search[n]).map((n) => `${n}:${/\s/.test(search[n]) ? `"${search[n]}"` : search[n]}`),
        search.q].filter(Boolean).join(' ');
}

/** @returns {{query: Object<string, string>, wrong: string[]}} the API's parameters; `wrong`: times that
 *     were not understood */
export function auditQuery(search, now) {
    const query = {}, wrong = [];

    for (const name of ['actor', 'action', 'subject', 'q'])
        if (search[name])
            query[name] = search[name];
    for (const name of ['since', 'until']) {
        const time = search[name] ? readTime(search[name], now) : null;

        if (time)
            query[name] = time;
        else if (search[name])
            wrong.push(search[name]);
    }
    return { query, wrong };
}
