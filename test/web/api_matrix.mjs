// Who may do what: every route of the description, asked by everybody. What should happen follows from the
// permission that the description names for the route, from what GET auth/me says that somebody has, and
// from where his roles hold. Nothing is changed: what can be is asked as a dry run.
import { description } from './contract.mjs';
import { api, endCalls, park, said, server, tone, until } from './server.mjs';

const POOL = 'pool1.example.com';
const OPEN = null; // x-permission of what everybody may ask

// ---- a deployment, and who is in it ----

const range = (name, start, end) => api('POST', 'number-ranges', { name, start, end, destination: POOL });

async function identity(name, grants, more = {}) {
    await api('POST', 'users', { name, password: 'correct horse 9' });
    for (const [role, scope] of grants) await api('POST', 'role-bindings', { user: name, role, scope });
    return { name, token: (await api('POST', 'tokens', { name: `${name} asks`, user: name, ...more })).token };
}

const here = await range('Ours', '700', '719');
const other = await range('Other', '800', '819');
await api('PATCH', `number-ranges/${other.id}`, { park_number: '899' });
await park(1);
// One that was to be fetched may still be there: whoever asked for it has ended his phone.
const call = (await api('GET', 'parked-calls')).items.find((c) => c.range_id === here.id);
if (!call) throw new Error('the demo parks somewhere else than was thought');

const everyone = [
    await identity('ann-administrator', [['administrator', 'all']]),
    await identity('vic-voice', [['voice-administrator', 'all']]),
    await identity('vi-viewer', [['viewer', 'all']]),
    await identity('att-attendant', [['attendant', 'all']]),
    await identity('ours-attendant', [['attendant', `range:${here.id}`]]),
    { ...(await identity('other-attendant', [['attendant', `range:${other.id}`]])), place: 'other' },
    { ...(await identity('other-voice', [['voice-administrator', `range:${other.id}`]])), place: 'other' },
    { ...(await identity('other-viewer', [['viewer', `range:${other.id}`]])), place: 'other' },
    await identity('narrow-token', [['administrator', 'all']], { permissions: ['calls.read', 'ranges.read'] }),
    await identity('no-roles', []),
    { ...(await identity('was-here', [['administrator', 'all']], { expires_in: 1 })), nobody: true },
    { name: 'nobody', token: null, nobody: true },
    { name: 'a-liar', token: 'f'.repeat(64), nobody: true },
];
const [binding] = (await api('GET', 'role-bindings?user=no-roles')).items.concat((await api('GET', 'role-bindings?user=vi-viewer')).items);
const [made] = (await api('GET', 'audit-events?subject=Ours&action=range.created&limit=1')).items;
const [token] = (await api('GET', 'tokens?user=vi-viewer')).items;

// ---- what is asked ----

const places = {
    '/api/v1/number-ranges/{id}': here.id,
    '/api/v1/parked-calls/{id}': call.id,
    '/api/v1/settings/ranges/{id}': here.id,
    '/api/v1/music/ranges/{id}': here.id,
    '/api/v1/audit-events/{id}': made.id,
    '/api/v1/role-bindings/{id}': binding.id,
    '/api/v1/tokens/{id}': token.id,
    '/api/v1/sessions/{id}': 'ses_0000000000001',
    '{name}': 'Here',
    '{fqdn}': POOL,
    '{number}': '700',
    '{slug}': 'range-overlap',
};

const bodies = {
    createRange: { name: 'New', start: '900', end: '909', destination: POOL },
    validateRange: { start: '900', end: '909', destination: POOL },
    importRanges: [{ name: 'New', start: '900', end: '909', destination: POOL }],
    replaceRange: { name: 'Ours', start: '700', end: '729', destination: POOL },
    changeRange: { name: 'Ours again' },
    parkCall: { uri: 'sip:1@127.0.0.1', range: here.id },
    noteCall: { note: 'x' },
    explain: { from: '105', to: '700' },
    retrieveCall: { to: 'sip:1@127.0.0.1' },
    transferCall: { to: 'sip:1@127.0.0.1' },
    extendCall: { seconds: 60 },
    createUser: { name: 'eve', password: 'correct horse 9' },
    changeUser: { phone: 'sip:1@example.com' },
    grantRole: { user: 'no-roles', role: 'viewer', scope: 'all' },
    createToken: { name: 'x' },
    createDestination: { fqdn: 'pool9.example.com', site: 'Here' },
    replaceDestination: { fqdn: POOL, site: 'Here' },
    changeDestination: { site: 'Here' },
    createSite: { name: 'There' },
    applyDefinitions: { format: 'callpark-definitions', version: 1, ranges: [] },
    backup: { path: '/tmp/x' },
    restore: { path: '/tmp/x' },
    startDemo: { calls: 1 },
};

function pathOf(path, item) {
    if (item.operationId.endsWith('User')) path = path.replace('{name}', 'vi-viewer');
    const known = Object.keys(places).find((p) => path.startsWith(p));
    return (known ? path.replace('{id}', places[known]) : path).replace(/\{\w+\}/g, (p) => places[p]);
}

async function ask(who, method, path, operation) {
    const named = (name) => (operation.parameters ?? []).some((p) => p.name === name);
    const query = new URLSearchParams();
    if (named('dry_run')) query.set('dry_run', 'true');
    if (operation.operationId === 'effectiveSettings') query.set('range', here.id);
    if (operation.operationId === 'endSessions') query.set('user', 'ann-administrator');
    const music = operation.operationId.startsWith('putMusic');
    const body = method === 'GET' || method === 'DELETE' ? undefined : music ? tone() : JSON.stringify(bodies[operation.operationId] ?? {});
    const url = `${server.origin}${pathOf(path, operation)}${query.size ? `?${query}` : ''}`;
    const headers = {
        ...(who.token ? { Authorization: `Bearer ${who.token}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': music ? 'audio/wav' : 'application/json' }),
        ...(/PUT|PATCH|DELETE/.test(method) ? { 'If-Match': '*' } : {}),
    };
    for (;;) {
        const response = await fetch(url, { method, headers, body });
        if ((response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
            await response.body.cancel();
            return { status: response.status, slug: '' };
        }
        const text = await response.text();
        if (response.status === 429 && operation.operationId !== 'login') {
            await until(async () => (await fetch(`${server.origin}/api/v1/auth/me`, { headers })).status !== 429, 'the limit of requests is over');
            continue;
        }
        const problem = response.status >= 400 ? JSON.parse(text || '{}') : {};
        return { status: response.status, slug: (problem.type ?? '').split('/').pop(), required: problem.required, text };
    }
}

// ---- what should happen ----

/* These have no place, so a role that holds at one place gives nothing of it. */
const placeless = /^(audit|users|system|definitions|metrics)\./;
/* With a role for the range Other only: reading what that range lies in, and lists, which show no more than one
 * may see. */
const around = new Set(['listCalls', 'listRecords', 'listRanges', 'exportRanges', 'listDestinations', 'getDestination', 'listSites', 'getSite',
    'listSettingKeys', 'getSettingsGlobal', 'getSettingsSite', 'getSettingsDestination', ...['get', 'preview', 'file'].flatMap((w) => ['Global', 'Site', 'Destination'].map((s) => `${w}Music${s}`))]);
/* What is one's own needs no permission, what is another's does. */
const own = { getToken: 'users.read', revokeToken: 'users.write', endSession: 'users.write', endSessions: 'users.write' };

function wanted(who, operation) {
    const needs = operation['x-permission'];
    // Whoever is on the machine itself reads the metrics without signing in.
    if (needs === OPEN || operation.operationId === 'metrics') return 'allowed';
    if (who.nobody) return 'not-signed-in';
    const may = (permission) => who.permissions.includes(permission) && !(who.scoped && placeless.test(permission));
    if (operation.operationId in own) return 'own';
    // An access token makes no other one, unless it might make them for anybody.
    if (operation.operationId === 'createToken') return may('users.write') ? 'allowed' : 'not-permitted';
    if (needs === '') return 'allowed';
    // What is undone is that a range was made.
    if (operation.operationId === 'undo' && !may('ranges.write')) return 'not-permitted';
    if (!may(needs)) return 'not-permitted';
    return who.place === 'other' && !around.has(operation.operationId) ? 'not-permitted' : 'allowed';
}

function got(answer) {
    if (answer.status === 401 && answer.slug === 'not-signed-in') return 'not-signed-in';
    if (answer.status === 403 && answer.slug === 'not-permitted') return 'not-permitted';
    return 'allowed';
}

await until(async () => (await fetch(`${server.origin}/api/v1/auth/me`, { headers: { Authorization: `Bearer ${everyone.find((e) => e.name === 'was-here').token}` } })).status === 401, 'the token is no longer valid');

const operations = Object.entries(description.paths).flatMap(([path, item]) => Object.entries(item).filter(([, o]) => o.operationId).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })));
let number = 0;
let wrong = 0;
for (const who of everyone) {
    const faults = [];
    const counts = { allowed: 0, 'not-permitted': 0, 'not-signed-in': 0, own: 0 };
    if (!who.nobody) {
        const me = await (await fetch(`${server.origin}/api/v1/auth/me`, { headers: { Authorization: `Bearer ${who.token}` } })).json();
        who.permissions = me.permissions;
        who.scoped = me.grants.length > 0 && me.grants.every((g) => g.scope !== 'all');
    }
    for (const { method, path, operation } of operations) {
        const should = wanted(who, operation);
        const answer = await ask(who, method, path, operation);
        const is = got(answer);
        counts[should]++;
        // Of another's token or session one may not even know whether it is there.
        const fits = should === 'own' ? is !== 'not-signed-in' : is === should;
        if (!fits) faults.push(`${method} ${path}: ${is} (${answer.status} ${answer.slug} ${answer.required ?? ''}), it should be ${should} (${operation['x-permission']})`);
        else if (should === 'not-permitted' && !answer.required) faults.push(`${method} ${path}: the refusal names no permission`);
        if (answer.status >= 500 && answer.status !== 503) faults.push(`${method} ${path}: ${answer.status} ${answer.text}`);
        if (answer.status === 400 && is === 'allowed') faults.push(`${method} ${path}: 400, so it is not known what would have become of it: ${answer.text}`);
    }
    wrong += faults.length ? 1 : 0;
    console.log(`${faults.length ? 'not ok' : 'ok'} ${++number} - ${who.name}: ${counts.allowed} routes allowed, ${counts['not-permitted']} forbidden, ${counts['not-signed-in']} only for those who are signed in`);
    for (const fault of faults) console.log(said(fault));
}
await endCalls();
console.log(`1..${number}`);
process.exitCode = wrong ? 1 : 0;
