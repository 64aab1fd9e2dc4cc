// Every operation of the API once, with success, against a real server; each answer is held against the
// description. An operation of the description that is not asked here is a failure.
import { description, faultOf, operationOf } from './contract.mjs';
import { api, endCalls, firstToken, park, said, server, tone, until } from './server.mjs';

const POOL = 'pool1.example.com';
const faults = [];
const done = new Set();

/** Asks, and holds the answer against the description. Gives { status, body, headers }. */
async function ask(method, path, body, { type, as = firstToken(), wanted, headers = {} } = {}) {
    const raw = body instanceof Uint8Array || typeof body === 'string';
    const response = await fetch(server.origin + path, {
        method,
        headers: {
            ...(as ? { Authorization: `Bearer ${as}` } : {}),
            ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }),
            ...(/PUT|PATCH|DELETE/.test(method) ? { 'If-Match': '*' } : {}),
            ...headers,
        },
        body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
    const kind = response.headers.get('content-type') ?? '';
    const stream = kind.startsWith('text/event-stream');
    if (stream) await response.body.cancel();
    const text = stream ? '' : await response.text();
    const fault = faultOf({ method, path, status: response.status, type: kind, body: text });
    if (fault) faults.push(fault);
    if (wanted ? response.status !== wanted : !response.ok) faults.push(`${method} ${path}: ${response.status}${wanted ? `, wanted ${wanted}` : ''} ${text.slice(0, 300)}`);
    else if (response.ok) done.add(operationOf(method, new URL(path, server).pathname)?.operation.operationId);
    return { status: response.status, headers: response.headers, body: kind.includes('json') && !kind.includes('ndjson') && text ? JSON.parse(text) : text };
}

const v1 = (method, path, body, options) => ask(method, `/api/v1/${path}`, body, options);

async function people() {
    await v1('GET', 'setup', undefined, { as: null });
    await v1('GET', 'auth/realms', undefined, { as: null });
    const { link } = (await v1('POST', 'setup/link', {})).body;
    await v1('POST', 'setup', { token: /token=(\w+)/.exec(link)[1], name: 'ada', password: 'correct horse 9' }, { as: null });
    const login = await v1('POST', 'auth/login', { name: 'ada', password: 'correct horse 9' }, { as: null, headers: { Origin: server.origin } });
    const cookie = { as: null, headers: { Cookie: login.headers.get('set-cookie').split(';')[0], Origin: server.origin } };
    await v1('GET', 'auth/me', undefined, cookie);
    await v1('PATCH', 'auth/me', { phone: 'sip:ada@example.com' }, cookie);
    await v1('POST', 'users', { name: 'bert', password: 'correct horse 9', role: 'viewer', scope: 'site:Here' });
    await v1('GET', 'users?q=b&sort=name');
    await v1('GET', 'users/bert');
    await v1('PATCH', 'users/bert', { phone: 'sip:106@example.com', disabled: false });
    await v1('PUT', 'users/bert/sip-password', { password: 'correct horse 9' });
    await v1('DELETE', 'users/bert/sip-password');
    const { id } = (await v1('POST', 'role-bindings', { user: 'bert', role: 'attendant', scope: 'all' })).body;
    await v1('GET', 'role-bindings?user=bert');
    await v1('DELETE', `role-bindings/${id}`);
    const token = (await v1('POST', 'tokens', { name: 'board', user: 'ada', permissions: ['calls.read'], expires_in: 600, networks: ['127.0.0.0/8'] })).body;
    await v1('GET', 'tokens');
    await v1('GET', `tokens/${token.id}`);
    await v1('DELETE', `tokens/${token.id}`);
    const sessions = (await v1('GET', 'sessions')).body.items;
    const current = (await v1('GET', 'auth/me', undefined, cookie)).body.session.id;
    await v1('POST', 'auth/logout', {}, cookie);
    await v1('DELETE', `sessions/${sessions.find((s) => s.user === 'ada' && s.id !== current).id}`);
    await v1('DELETE', 'sessions?user=ada');
    await v1('DELETE', 'users/bert');
}

async function places() {
    await v1('POST', 'sites', { name: 'Berlin' });
    await v1('GET', 'sites');
    await v1('GET', 'sites/Berlin');
    await v1('POST', 'destinations', { fqdn: 'pool2.example.com', site: 'Berlin' });
    await v1('GET', 'destinations?site=Berlin');
    await v1('GET', 'destinations/pool2.example.com');
    await v1('PUT', 'destinations/pool2.example.com', { fqdn: 'pool2.example.com', site: 'Berlin' });
    await v1('PATCH', 'destinations/pool2.example.com', { site: 'Here' });
}

async function ranges() {
    const { id } = (await v1('POST', 'number-ranges', { name: 'Two', start: '7100', end: '7199', destination: 'pool2.example.com' })).body;
    await v1('POST', 'number-ranges:validate', { start: '7150', end: '7250', destination: POOL });
    await v1('GET', 'number-ranges?q=two&sort=-start&limit=10');
    await v1('GET', `number-ranges/${id}`);
    await v1('PUT', `number-ranges/${id}`, { name: 'Two', start: '7100', end: '7189', destination: 'pool2.example.com' });
    await v1('PATCH', `number-ranges/${id}`, { end: '7179' });
    await v1('GET', `number-ranges/${id}/orbits?limit=5`);
    await v1('GET', 'orbits/7105');
    await v1('POST', 'explain', { from: '105', to: '7105', referred_by: '106' });
    await v1('POST', 'number-ranges:import?mode=upsert', [{ name: 'Three', start: '7200', end: '7209', destination: POOL }]);
    await v1('POST', 'number-ranges:import?mode=upsert&dry_run=true', `name,start,end,destination\nFour,7300,7309,${POOL}\n`, { type: 'text/csv' });
    for (const format of ['csv', 'lync-csv', 'json', 'ps1']) await v1('GET', `number-ranges:export?format=${format}`);
    return id;
}

async function settings(range) {
    await v1('GET', 'settings');
    await v1('GET', `settings/effective?range=${range}`);
    for (const scope of ['global', 'sites/Berlin', 'destinations/pool2.example.com', `ranges/${range}`]) {
        await v1('PUT', `settings/${scope}`, { pickup_timeout: 60 });
        await v1('PATCH', `settings/${scope}`, { pickup_timeout: '90s', timeout_uri: 'sip:reception@example.com' });
        await v1('GET', `settings/${scope}`);
        await v1('PUT', `music/${scope}?name=hold.wav`, tone(), { type: 'audio/wav' });
        await v1('GET', `music/${scope}`);
        await v1('GET', `music/${scope}/preview`);
        await v1('GET', `music/${scope}/file`);
        await v1('DELETE', `music/${scope}`);
        await v1('DELETE', `settings/${scope}`);
    }
}

async function calls() {
    await v1('POST', 'number-ranges', { name: 'Front desk', start: '700', end: '719', destination: POOL });
    const { phone } = await park(4, { phone: true });
    const [a, b, c, d] = (await v1('GET', 'parked-calls?state=parked&sort=ringback_at')).body.items.map((p) => p.id);
    const told = (id, step) => until(async () => (await v1('GET', `parked-calls/${id}/timeline`)).body.items.some((s) => s.step === step), `${step} of ${id}`);
    await v1('GET', `parked-calls/${a}`);
    await v1('PATCH', `parked-calls/${a}`, { note: 'waits for the doctor' });
    await v1('POST', `parked-calls/${a}/extend`, { seconds: 60 });
    await v1('POST', `parked-calls/${a}/hangup`, {});
    await told(a, 'call.hung_up');
    await v1('POST', `parked-calls/${b}/ringback`, {});
    await told(b, 'call.ringback_started');
    await v1('POST', `parked-calls/${c}/retrieve`, { to: phone });
    await told(c, 'call.retrieved');
    await v1('POST', `parked-calls/${d}/transfer`, { to: phone });
    await told(d, 'call.forwarded');
    await v1('POST', 'parked-calls', { uri: phone, orbit: '715' });
    await endCalls();
    await until(async () => (await api('GET', 'call-records')).total >= 4, 'four records');
    await v1('GET', 'call-records?limit=2&outcome=retrieved');
    for (const format of ['csv', 'ndjson']) await v1('GET', `call-records?format=${format}`);
    await v1('GET', 'events?topics=calls,ranges');
    await v1('GET', 'events/history?after=0&limit=1000');
    await v1('GET', `parked-calls/${a}`, undefined, { wanted: 410 }).catch(() => {});
}

async function activity() {
    const range = (await v1('POST', 'number-ranges', { name: 'Undone', start: '9100', end: '9109', destination: POOL })).body;
    const entry = (await v1('GET', 'audit-events?subject=Undone&action=range.&limit=10')).body.items[0];
    await v1('GET', 'audit-events?format=ndjson');
    await v1('GET', 'audit-events:head');
    await v1('GET', `audit-events/${entry.id}`);
    await v1('POST', `audit-events/${entry.id}/undo?dry_run=true`, {});
    await v1('POST', `audit-events/${entry.id}/undo`, {});
    await v1('GET', `number-ranges/${range.id}`, undefined, { wanted: 404 });
}

async function system() {
    await v1('GET', 'system');
    for (const what of ['nodes', 'hops', 'peers', 'certificates']) await v1('GET', `system/${what}`);
    await v1('POST', 'system/drain', {});
    await v1('POST', 'system/undrain', {});
    await v1('POST', 'system/reload', {});
    const path = `${process.env.E2E_DIR}/backup.db`;
    await v1('POST', 'system/backup', { path });
    await v1('POST', 'system/restore?dry_run=true', { path });
    await v1('POST', 'system/restore', { path });
    await v1('POST', 'system/support-bundle', {});
    const whole = (await v1('GET', 'definitions?secrets=true')).body;
    await v1('GET', 'definitions');
    await v1('PUT', 'definitions?dry_run=true&prune=true', whole);
    await v1('PUT', 'definitions', whole);
    await v1('POST', 'system/demo', { calls: 1 });
    await v1('GET', 'system/demo');
    await v1('DELETE', 'system/demo');
    for (const path of ['/livez', '/livez?verbose', '/readyz?verbose', '/version']) await ask('GET', path, undefined, { as: null });
    for (const path of ['/metrics', '/api/openapi.json', '/api/licenses', '/api/problems/range-overlap']) await ask('GET', path);
    await ask('GET', '/api/problems/range-overlap', undefined, { headers: { Accept: 'text/html' } });
}

async function clearing() {
    for (const r of (await api('GET', 'number-ranges?limit=100')).items) await v1('DELETE', `number-ranges/${r.id}?mode=force`);
    await v1('DELETE', 'destinations/pool2.example.com');
    await v1('DELETE', 'sites/Berlin');
}

/* What is refused has a form, too. */
async function refusals() {
    await v1('GET', 'number-ranges', undefined, { as: null, wanted: 401 });
    await v1('GET', 'number-ranges/rng_0000000000zzz', undefined, { wanted: 404 });
    await v1('POST', 'number-ranges', { name: 'x', start: '4100', end: '4099', destination: POOL }, { wanted: 422 });
    await v1('POST', 'number-ranges', '{', { wanted: 400 });
    await v1('PATCH', 'settings/global', { pickup_timeout: 5 }, { wanted: 422 });
    await v1('PATCH', 'settings/global', { pickup_timeout: 50 }, { wanted: 412, headers: { 'If-Match': '"99999"' } });
    await v1('POST', 'auth/login', { name: 'nobody', password: 'wrong' }, { as: null, wanted: 401, headers: { Origin: server.origin } });
    await v1('POST', 'setup', { token: 'x', name: 'eve', password: 'correct horse 9' }, { as: null, wanted: 409 });
}

let number = 0;
let good = true;
for (const part of [people, places, ranges, settings, calls, activity, system, clearing, refusals]) {
    const before = faults.length;
    let error;
    try {
        if (part === ranges) part.result = await part();
        else await part(ranges.result);
    } catch (e) {
        error = e;
    }
    const fine = !error && faults.length === before;
    good &&= fine;
    console.log(`${fine ? 'ok' : 'not ok'} ${++number} - ${part.name}: every answer is as described`);
    for (const fault of faults.slice(before)) console.log(said(fault));
    if (error) console.log(said(error.stack));
}
await endCalls();
const all = Object.values(description.paths).flatMap((item) => Object.values(item).map((o) => o.operationId).filter(Boolean));
const left = all.filter((id) => !done.has(id));
console.log(`${left.length ? 'not ok' : 'ok'} ${++number} - all ${all.length} operations of the description were carried out`);
if (left.length) console.log(said(`not: ${left.join(', ')}`));
console.log(`1..${number}`);
process.exitCode = good && !left.length ? 0 : 1;
