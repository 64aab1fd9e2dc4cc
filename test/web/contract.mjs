// Are answers of the API what its description promises? Used by the page's tests on each answer that comes
// by, and as a program on exchanges that other tests wrote down:  node contract.mjs FILE.ndjson...
// A line: {"method","path" (with query),"status","type","body" (text)}.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const description = JSON.parse(
    execFileSync(resolve(root, 'tools/openapi.py'), ['merge'], { maxBuffer: 1 << 24 }));

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(description, 'api');

/** '/a/{id}:do' as an expression; a more exact path comes first. */
const paths = Object.keys(description.paths)
    .sort((a, b) => a.split('{').length - b.split('{').length || b.length - a.length)
    .map((path) => ({
        path,
        fits: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`),
    }));

export function operationOf(method, path) {
    const found = paths.find((p) => p.fits.test(path) && description.paths[p.path][method.toLowerCase()]);
    return found && { path: found.path, operation: description.paths[found.path][method.toLowerCase()] };
}

const compiled = new Map();

function validator(pointer) {
    if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `api#${pointer}` }));
    return compiled.get(pointer);
}

const piece = (text) => text.replace(/~/g, '~0').replace(/\//g, '~1');

/** Where the schema of this answer is; undefined: nothing is said about its body; a string: the fault. */
function place(found, method, status, type) {
    const answers = found.operation.responses;
    // Whoever sends If-None-Match is told that nothing has changed (RFC 9110 15.4.5): no route says so itself.
    if (status === 304 && method === 'GET') return {};
    const code = answers[status] ? String(status) : status >= 400 ? 'default' : undefined;
    if (!code) return { fault: `status ${status} is not described` };
    if (code === 'default')
        return type === 'application/problem+json'
            ? { pointer: '/components/responses/Problem/content/application~1problem+json/schema' }
            : { fault: `status ${status} comes as '${type}', not as a problem document` };
    const content = answers[code].content;
    if (!content) return {};
    const key = Object.keys(content).find((k) => k.split(';')[0] === type || (k === 'audio/*' && type.startsWith('audio/')));
    if (!key) return { fault: `status ${status} comes as '${type}'; described: ${Object.keys(content).join(', ')}` };
    if (!content[key].schema || type !== 'application/json') return {};
    return { pointer: `/paths/${piece(found.path)}/${method.toLowerCase()}/responses/${code}/content/${piece(key)}/schema` };
}

/** What is wrong with an exchange, in words; '' when it is as described. */
export function faultOf({ method, path, status, type = '', body = '' }) {
    if (method === 'HEAD' || method === 'OPTIONS') return '';
    const url = new URL(path, 'http://x');
    const found = operationOf(method, url.pathname);
    if (!found) return status >= 400 ? '' : `${method} ${url.pathname} is not described`;
    for (const name of url.searchParams.keys())
        if (status < 400 && !(found.operation.parameters ?? []).some((p) => p.in === 'query' && p.name === name))
            return `${method} ${found.path}: the parameter ${name} is not described`;
    const where = place(found, method, status, type.split(';')[0].trim());
    if (where.fault) return `${method} ${found.path}: ${where.fault}`;
    if (!where.pointer || url.searchParams.has('fields')) return '';
    const check = validator(where.pointer);
    let value;
    try {
        value = JSON.parse(body);
    } catch {
        return `${method} ${found.path}: ${status} is no JSON`;
    }
    if (check(value)) return '';
    const first = check.errors.slice(0, 3).map((e) => `${e.instancePath || '/'} ${e.message}` +
        (e.params.additionalProperty ? ` (${e.params.additionalProperty})` : '')).join('; ');
    return `${method} ${url.pathname}${url.search} ${status}: ${first}`;
}

function main(files) {
    const seen = new Map();
    let wrong = 0, count = 0;
    for (const file of files)
        for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
            const exchange = JSON.parse(line);
            if (!/^\/(api|livez|readyz|metrics|version)\b/.test(exchange.path)) continue; // the page
            const fault = faultOf(exchange);
            const found = operationOf(exchange.method, new URL(exchange.path, 'http://x').pathname);
            count++;
            if (found && exchange.status < 400) seen.set(found.operation.operationId, true);
            if (fault && ++wrong <= 20) console.log(`# ${fault}`);
        }
    console.log(`# ${count} answers, ${seen.size} operations that were carried out`);
    console.log(`${wrong ? 'not ok' : 'ok'} 1 - every answer is as the API's description says`);
    console.log(`${count ? 'ok' : 'not ok'} 2 - there were answers to look at`);
    console.log('1..2');
    process.exit(wrong || !count ? 1 : 0);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
