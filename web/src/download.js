/* Whole lists as a file. The API gives a thousand rows at once; this asks for page after page and puts
 * them together in the browser. */
import { get } from './api.js';

/** Gives the browser a file to keep. */
export function saveFile(name, type, parts) {
    const url = URL.createObjectURL(new Blob(parts, { type })), link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** "call-records-2026-11-26.csv" */
export function dated(name, ending) {
    return `${name}-${new Date().toISOString().slice(0, 10)}.${ending}`;
}

/* The rows of a CSV text without its heading. A field in quotes may hold line ends, a heading does not. */
const rowsOnly = (csv) => csv.slice(csv.indexOf('\n') + 1);

/**
 * A list in one of its forms, from all pages.
 * @param {"json"|"ndjson"|"csv"} form @param {(count: number) => void} progress
 * @returns {Promise<string[]>} parts of the text
 */
export async function wholeList(path, query, form, progress = () => {}) {
    const parts = [], items = [];
    let cursor, count = 0;
    do {
        /* The cursor is in the JSON page alone; a table of the same page is a second question. */
        const page = await get(path, { ...query, limit: 1000, cursor, fields: form === 'csv' ? 'id' : undefined });
        if (form === 'csv') {
            const csv = await get(path, { ...query, limit: 1000, cursor, format: 'csv' }, { accept: 'text/csv', text: true });
            parts.push(parts.length === 0 ? csv : rowsOnly(csv));
        } else if (form === 'ndjson') parts.push(...page.items.map((item) => `${JSON.stringify(item)}\n`));
        else items.push(...page.items);
        count += page.items.length;
        progress(count);
        cursor = page.next_cursor;
    } while (cursor);
    return form === 'json' ? [JSON.stringify(items, null, 2), '\n'] : parts;
}
