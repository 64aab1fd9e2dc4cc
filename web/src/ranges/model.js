// What is known about ranges without a screen: how they are typed, compared, and said as a command.

/** The fields a person sets, in the order of the form. */
export const FIELDS = ['name', 'start', 'end', 'destination', 'type', 'park_number', 'allocation', 'state'];

export const ALLOCATIONS = ['lru', 'random', 'sequential', 'lowest'];

/**
 * "80XX" is 8000 to 8099, as other systems write it. Gives { start, end }, or null if it is not written so.
 * The number before the X must have a digit, or nothing would be left of the range's place.
 */
export function expandPattern(text) {
    const m = /^([*#]?[1-9]\d*)(x+)$/i.exec(text.trim());
    return m && m[2].length <= 4 ? { start: m[1] + '0'.repeat(m[2].length), end: m[1] + '9'.repeat(m[2].length) } : null;
}

/** Could this be a number somebody looks for? Then it is worth asking which range holds it. */
export const looksLikeNumber = (text) => /^[*#]?[1-9]\d{1,8}$/.test(text.trim());

/** How many numbers from start to end, or 0 if that makes no sense. */
export function sizeOf(start, end) {
    const a = /^([*#]?)(\d+)$/.exec(start ?? '');
    const b = /^([*#]?)(\d+)$/.exec(end ?? '');
    if (!a || !b || a[1] !== b[1] || a[2].length !== b[2].length || a[2] > b[2]) return 0;
    return Number(b[2]) - Number(a[2]) + 1;
}

/** The number that comes `by` after another: stepNumber('*7000', 100) is '*7100'. */
export function stepNumber(number, by) {
    const m = /^([*#]?)(\d+)$/.exec(number);
    return m ? m[1] + String(Number(m[2]) + by).padStart(m[2].length, '0') : number;
}

/** Fields that differ: { end: { from, to } }. */
export function difference(before, after) {
    const changes = {};
    for (const field of FIELDS) if ((before?.[field] ?? '') !== (after[field] ?? '')) changes[field] = { from: before?.[field] ?? null, to: after[field] || null };
    return changes;
}

// ---- the same as a command ----

/** A word for a POSIX shell. */
export const quoted = (word) => (/^[\w.@:/+=-]+$/.test(word) ? word : `'${String(word).replaceAll("'", "'\\''")}'`);

const OPTIONS = { name: '--name', start: '--start', end: '--end', destination: '--destination', type: '--type', park_number: '--park-number', allocation: '--allocation' };

function options(values, fields) {
    return fields.filter((f) => OPTIONS[f] && values[f]).map((f) => `${OPTIONS[f]} ${quoted(values[f])}`);
}

/** The callparkctl line for a change: `before` null for a new range. `mode`: refuse, drain, force. */
export function commandLine(before, after, mode) {
    if (!before) {
        const more = options(after, ['destination', ...['type', 'park_number', 'allocation'].filter((f) => after[f] && after[f] !== 'call_park')]);
        return ['callparkctl range create', quoted(after.name || 'NAME'), quoted(after.start || 'START'), quoted(after.end || 'END'), ...more].join(' ');
    }
    const changed = Object.keys(difference(before, after));
    const lines = ['callparkctl range update', quoted(before.name), ...options(after, changed)];
    if (mode === 'drain' || mode === 'force') lines.push('--' + mode);
    return lines.join(' ');
}

function body(before, after) {
    if (!before) return Object.fromEntries(FIELDS.filter((f) => f !== 'state' && after[f]).map((f) => [f, after[f]]));
    return Object.fromEntries(Object.entries(difference(before, after)).map(([f, d]) => [f, d.to]));
}

/** What is sent: all of a new range, what is different of an old one. */
export const requestBody = body;

/** The same by curl. */
export function curlLine(before, after, mode) {
    const url = `${location.origin}/api/v1/number-ranges${before ? '/' + before.id : ''}${mode === 'drain' || mode === 'force' ? '?mode=' + mode : ''}`;
    return [
        `curl -X ${before ? 'PATCH' : 'POST'} ${quoted(url)}`,
        `-H "Authorization: Bearer $CALLPARK_TOKEN"`,
        `-H 'Content-Type: application/json'`,
        ...(before ? [`-H 'If-Match: "${before.version}"'`] : []),
        `-d ${quoted(JSON.stringify(body(before, after)))}`,
    ].join(' \\\n  ');
}

/** For removing: one line for each range. */
export function removeLines(ranges, mode) {
    const more = mode === 'drain' || mode === 'force' ? ' --' + mode : '';
    return {
        cli: ranges.map((r) => `callparkctl range delete ${quoted(r.name)}${more}`).join('\n'),
        curl: ranges
            .map((r) => `curl -X DELETE ${quoted(`${location.origin}/api/v1/number-ranges/${r.id}?mode=${mode}`)} \\\n  -H "Authorization: Bearer $CALLPARK_TOKEN" -H 'If-Match: "${r.version}"'`)
            .join('\n'),
    };
}
