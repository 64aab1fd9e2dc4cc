// The HTTP API of callparkd, the same that everybody else uses: docs/api.md. Paths are relative to
// /api/v1/. Each call gives the body, or throws a Problem whose `detail` is a sentence for people.
//
//   await get('number-ranges', { q: 'lobby', limit: 50 })
//   await post('number-ranges', { name, start, end, destination })
//   await patch('number-ranges/' + id, { end }, { version: 17 })     If-Match: "17"
//   await del('number-ranges/' + id, { version: '*', query: { mode: 'drain' } })
//   await post('number-ranges:import', file, { type: 'text/csv', query: { dry_run: true } })
//
// A 401 means that the session is over: the sign-in page is shown, and later this page again.
import { me } from './state.js';

export const root = '/api/v1/';

/** An answer of the server that is a refusal, or no answer at all (status 0). */
export class Problem extends Error {
    constructor(status, body, headers) {
        super(body.detail ?? body.title ?? '');
        this.name = 'Problem';
        this.status = status;
        /** The last part of the type: "range-overlap". */
        this.slug = (body.type ?? '').split('/').pop();
        this.detail = body.detail ?? body.title ?? '';
        this.body = body;
        this.errors = body.errors ?? [];
        this.retryAfter = Number(headers?.get('Retry-After') ?? 0);
    }

    /** What is wrong with one field: problem.at('/end'), or ''. */
    at(pointer) {
        return this.errors.find((e) => e.pointer === pointer)?.detail ?? '';
    }
}

function address(path, query) {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query ?? {}))
        if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
    return root + path + (search.size ? '?' + search : '');
}

/** The address of something to download or play: <a href=${fileAddress('music/global/file')} download>. */
export const fileAddress = address;

/** 128 random bits. crypto.randomUUID is not there on a page without TLS. */
export function randomKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

const isBlob = (body) => body instanceof Blob || body instanceof ArrayBuffer || typeof body === 'string';

function request(method, path, { query, body, type, version, signal, accept, once = true } = {}) {
    const headers = { Accept: accept ?? 'application/json' };
    const init = { method, headers, signal, credentials: 'same-origin', cache: 'no-store' };
    if (body !== undefined) {
        headers['Content-Type'] = type ?? (isBlob(body) ? body.type || 'application/octet-stream' : 'application/json');
        init.body = isBlob(body) ? body : JSON.stringify(body);
    }
    if (version !== undefined) headers['If-Match'] = version === '*' ? '*' : `"${version}"`;
    // A POST that was sent twice because the first answer was lost is done once.
    if (method === 'POST' && once) headers['Idempotency-Key'] = randomKey();
    return [address(path, query), init];
}

async function fetchTwice(url, init) {
    try {
        return await fetch(url, init);
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        if (init.method === 'GET' || init.headers['Idempotency-Key']) {
            await new Promise((resolve) => setTimeout(resolve, 400));
            try {
                return await fetch(url, init);
            } catch (again) {
                if (again.name === 'AbortError') throw again;
            }
        }
        throw new Problem(0, { type: 'unreachable', detail: '' });
    }
}

async function problemOf(response) {
    let body = {};
    try {
        body = await response.json();
    } catch {
        // A proxy in between may answer with anything; the status has to do.
    }
    return new Problem(response.status, body, response.headers);
}

async function send(method, path, options) {
    const response = await fetchTwice(...request(method, path, options));
    if (!response.ok) {
        const problem = await problemOf(response);
        if (response.status === 401 && !options?.quiet && me.peek()) me.value = null;
        throw problem;
    }
    if (response.status === 204) return null;
    const type = response.headers.get('Content-Type') ?? '';
    return type.includes('json') && !options?.text ? response.json() : response.text();
}

/** `options`: signal, accept, text (true: the body as text), quiet (a 401 is no end of the session),
 * once (false: a POST without Idempotency-Key). */
export const get = (path, query, options) => send('GET', path, { ...options, query });
export const post = (path, body, options) => send('POST', path, { ...options, body });
export const put = (path, body, options) => send('PUT', path, { ...options, body });
export const patch = (path, body, options) => send('PATCH', path, { ...options, body });
export const del = (path, options) => send('DELETE', path, options);

/** All items of a list, page by page, at most `most`. */
export async function all(path, query, most = 5000) {
    const items = [];
    let cursor;
    do {
        const page = await get(path, { limit: 1000, ...query, cursor });
        items.push(...page.items);
        cursor = page.next_cursor;
    } while (cursor && items.length < most);
    return items;
}
