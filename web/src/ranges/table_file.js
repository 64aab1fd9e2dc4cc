// Reading a table of ranges that somebody uploads: CSV as an export here writes it, as a spreadsheet
// saves it, or as Get-CsCallParkOrbit | Export-Csv does. The server reads all of these by itself; here the
// columns are shown first, and can be named by hand.

const COLUMNS = {
    name: ['name', 'identity'],
    start: ['start', 'numberrangestart', 'start range'],
    end: ['end', 'numberrangeend', 'end range'],
    destination: ['destination', 'callparkserviceid', 'callparkservice', 'callparkserverfqdn'],
    type: ['type'],
    park_number: ['park_number', 'park number'],
    allocation: ['allocation'],
};

export const IMPORT_FIELDS = Object.keys(COLUMNS);

/** Text of a file: UTF-8 or UTF-16, with or without a byte order mark. */
export function decode(buffer) {
    const bytes = new Uint8Array(buffer);
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(buffer);
    if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(buffer);
    if (bytes.length > 3 && bytes[1] === 0 && bytes[3] === 0) return new TextDecoder('utf-16le').decode(buffer);
    return new TextDecoder('utf-8').decode(buffer);
}

function separatorOf(line) {
    const count = (c) => line.split(c).length;
    return [',', ';', '\t'].reduce((best, c) => (count(c) > count(best) ? c : best));
}

/** Rows with the line each begins on: [{ line, cells }]. Quoted cells may hold anything. */
export function parse(text, separator) {
    const rows = [];
    let cells = [];
    let cell = '';
    let quote = false;
    let line = 1;
    let begun = 1;
    const end = () => {
        cells.push(cell);
        if (cells.some((c) => c.trim())) rows.push({ line: begun, cells });
        cells = [];
        cell = '';
        begun = line;
    };
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (c === '\n') line++;
        if (quote) {
            if (c !== '"') cell += c;
            else if (text[i + 1] === '"') cell += text[++i];
            else quote = false;
        } else if (c === '"' && !cell.trim()) {
            quote = true;
            cell = '';
        } else if (c === separator) {
            cells.push(cell);
            cell = '';
        } else if (c === '\n') end();
        else if (c !== '\r') cell += c;
    }
    end();
    return rows;
}

function guess(head) {
    const known = head.trim().toLowerCase();
    return IMPORT_FIELDS.find((field) => COLUMNS[field].includes(known)) ?? '';
}

/** { heads, fields: the field each column is taken for ('' not used), rows: [{ line, cells }] } */
export function readTable(text) {
    const clean = text.replace(/^\uFEFF/, '');
    const lines = clean.split('\n');
    const first = lines[0].startsWith('#TYPE') ? (lines[1] ?? '') : lines[0];
    const rows = parse(clean, separatorOf(first));
    if (rows[0]?.cells[0].startsWith('#TYPE')) rows.shift();
    const heads = rows.shift()?.cells ?? [];
    const taken = new Set();
    const fields = heads.map((head) => {
        const field = guess(head);
        if (!field || taken.has(field)) return '';
        taken.add(field);
        return field;
    });
    return { heads, fields, rows };
}

/** "ApplicationServer:pool1…" as the FQDN that ranges have. */
export const plainDestination = (text) => text.trim().replace(/^(service:)?ApplicationServer:/i, '').toLowerCase();

// A spreadsheet keeps "=..." from being a formula by a quote in front; exports here do the same.
const unguarded = (text) => (/^'[=+@*#-]/.test(text) ? text.slice(1) : text);

/** Objects for number-ranges:import; empty cells are left out. `places` puts other destinations in place. */
export function toRanges({ fields, rows }, places = {}) {
    return rows.map(({ cells }) => {
        const range = {};
        fields.forEach((field, i) => {
            const value = unguarded((cells[i] ?? '').trim());
            if (field && value) range[field] = value;
        });
        if (range.type) range.type = typeOf(range.type);
        const place = plainDestination(range.destination ?? '');
        if (places[place]) range.destination = places[place];
        return range;
    });
}

/** The original's words for the type, and ours. */
function typeOf(text) {
    const word = text.replace(/[\s_-]/g, '').toLowerCase();
    if (word === 'callpark') return 'call_park';
    if (word === 'grouppickup') return 'group_pickup';
    return text;
}

/** Distinct destinations of a table, as plain FQDNs. */
export function destinationsIn({ fields, rows }) {
    const at = fields.indexOf('destination');
    const found = new Set(rows.map(({ cells }) => (at < 0 ? '' : plainDestination(unguarded((cells[at] ?? '').trim())))));
    return [...found];
}
