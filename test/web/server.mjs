// A callparkd that e2e_start of test/e2e/lib.sh has started, seen from a test in JavaScript: its API, its command
// line, callers, waiting, and TAP. What has to do with browsers is in rig.mjs.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

/** How long a state may take to come. A machine that is busy with other tests is slow, not wrong. */
export const PATIENCE = Number(process.env.WEB_PATIENCE ?? 20000);

export const server = new URL(process.env.E2E_URL);
const socket = process.env.E2E_SOCKET;

// ---- what a test says ----

export async function until(condition, words, patience = PATIENCE) {
    const end = Date.now() + patience;
    let last;
    for (;;) {
        try {
            last = undefined;
            const found = await condition();
            if (found) return found;
        } catch (error) {
            last = error;
        }
        if (Date.now() > end) throw new Error(`this never came to be: ${words}${last ? ` (${last.message.split('\n')[0]})` : ''}`);
        await new Promise((later) => setTimeout(later, 50));
    }
}

export function ok(value, words) {
    if (!value) throw new Error(words);
}

export function equal(got, wanted, words = 'not as expected') {
    if (!isDeepStrictEqual(got, wanted)) throw new Error(`${words}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

/** Lines of a diagnosis. */
export const said = (text) => String(text).split('\n').map((l) => `# ${l}`).join('\n');

// ---- the command line and the API ----

function execute(program, args, { input, env, fails } = {}) {
    return new Promise((done, failed) => {
        const child = execFile(program, args, { maxBuffer: 1 << 26, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
            if (error && !fails) failed(new Error(`${program} ${args.join(' ')}: ${stderr || error.message}`));
            else done(fails ? { code: error?.code ?? 0, stdout, stderr } : stdout);
        });
        child.stdin.on('error', () => {}); // it may have ended without reading
        child.stdin.end(input ?? '');
    });
}

/** await ctl('range', 'list', '-o', 'json'): what it prints. */
export const ctl = (...args) => execute(process.env.CALLPARKCTL, ['--socket', socket, ...args]);

/** A line for a shell, as the page shows it: callparkctl and $CALLPARK_TOKEN are there. */
export function shell(line) {
    const env = { CALLPARK_SOCKET: socket, CALLPARK_TOKEN: firstToken() };
    return execute('/bin/sh', ['-euc', `callparkctl() { "$CALLPARKCTL" "$@"; }\n${line}`], { env });
}

/** The token of the file, which may do all. */
export const firstToken = () => readFileSync(process.env.E2E_TOKEN_FILE, 'utf8').trim();

/** The API with the first token: the body of the answer; throws what was refused. */
export async function api(method, path, body, headers = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${server.origin}/api/v1/${path}`, {
        method,
        headers: {
            Authorization: `Bearer ${firstToken()}`,
            ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...(['PATCH', 'PUT', 'DELETE'].includes(method) ? { 'If-Match': '*' } : {}),
            ...headers,
        },
        body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : text;
}

let demo; // callers that are parked for the test that runs

/** Parks so many callers in any range; they call again when they are sent away. With a phone that answers. */
export async function park(calls, { phone = false } = {}) {
    const begun = spawn(process.env.CALLPARKCTL, ['--socket', socket, 'demo', '--calls', String(calls), '--seconds', '600', ...(phone ? ['--with-phone'] : [])], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    demo = begun;
    for (const from of [begun.stdout, begun.stderr]) from.on('data', (piece) => (said += piece));
    const there = async () => {
        if (begun.exitCode !== null) throw new Error(`the demo has ended: ${said}`);
        if (phone && !/^phone \S+$/m.test(said)) return false;
        return (await api('GET', 'parked-calls')).items.filter((c) => c.state === 'parked').length >= calls;
    };
    await until(there, `${calls} calls are parked`);
    return { phone: /^phone (\S+)/m.exec(said)?.[1], said: () => said };
}

/** Ends what park() began. */
export async function endCalls() {
    const begun = demo;
    demo = undefined;
    if (!begun || begun.exitCode !== null) return;
    const ended = new Promise((done) => begun.once('exit', done));
    begun.kill('SIGTERM');
    await ended;
}

/** A second of 440 Hz as a WAV file of 8 kHz. */
export function tone(hertz = 440, seconds = 1) {
    const count = 8000 * seconds;
    const file = Buffer.alloc(44 + 2 * count);
    file.write('RIFF', 0);
    file.writeUInt32LE(36 + 2 * count, 4);
    file.write('WAVEfmt ', 8);
    file.writeUInt32LE(16, 16);
    file.writeUInt16LE(1, 20);
    file.writeUInt16LE(1, 22);
    file.writeUInt32LE(8000, 24);
    file.writeUInt32LE(16000, 28);
    file.writeUInt16LE(2, 32);
    file.writeUInt16LE(16, 34);
    file.write('data', 36);
    file.writeUInt32LE(2 * count, 40);
    for (let i = 0; i < count; i++) file.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * hertz * i) / 8000)), 44 + 2 * i);
    return file;
}
