// A board that is full: two thousand callers who are really parked, and as many ranges. What is drawn is what is seen,
// and the keyboard, a screen reader, the search and the order know of all of it.
import { createSocket } from 'node:dgram';
import { admin, api, equal, ok, quiet, reads, run, setUp, test, until, visit } from './rig.mjs';

const CALLS = 2000, AT_ONCE = 40, FIRST = 10000;
const POOL = 'pool1.example.com';
/* Much less than two thousand rows would be; how much it is hangs on the height of the window. */
const ROWS_MOST = 80, ELEMENTS_MOST = 4000;

// ---- callers who want no audio, so that so many cost no packets ----

/* Each has an address of his own, as telephones do, or the server would take a pair of ports for each. */
const phones = [];
const line = (text, name) => new RegExp(`^${name}:.*$`, 'im').exec(text)?.[0];
const waiting = new Map(); // number of a call -> when its INVITE was sent
let answered = 0;

async function phone(n) {
    if (phones[n]) return phones[n];
    const socket = createSocket('udp4'), host = `127.1.${n >> 7}.${1 + (n & 127)}`;
    const one = (phones[n] = { socket, host, send: (text) => socket.send(text, Number(process.env.E2E_SIP), '127.0.0.1') });
    socket.on('message', (message) => take(one, n, message.toString()));
    await new Promise((bound) => socket.bind(0, host, bound));
    one.port = socket.address().port;
    return one;
}

function request(one, method, n, cseq, to, body = '') {
    const { host, port } = one;
    one.send([`${method} sip:park@127.0.0.1:${process.env.E2E_SIP} SIP/2.0`, `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${method}${n}`, 'Max-Forwards: 70',
        `From: <sip:+4930${n}@provider.example>;tag=c${n}`, to, `Call-ID: crowd${n}`, `CSeq: ${cseq} ${method}`, `Contact: <sip:c@${host}:${port}>`,
        ...(method === 'INVITE' ? [`Referred-By: <sip:105@${host}:${port}>`, 'Content-Type: application/sdp'] : []), `Content-Length: ${body.length}`, '', body].join('\r\n'));
}

async function invite(n) {
    waiting.set(n, Date.now());
    const one = await phone(n), { host } = one;
    request(one, 'INVITE', n, 1, 'To: <sip:park@127.0.0.1>', `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=inactive\r\n`);
}

function take(one, n, text) {
    const status = Number(/^SIP\/2.0 (\d+)/.exec(text)?.[1]);
    if (!status) {
        if (!text.startsWith('ACK')) one.send(['SIP/2.0 200 OK', ...['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((h) => line(text, h)), 'Content-Length: 0', '', ''].join('\r\n'));
        return;
    }
    if (status < 200 || !/^CSeq: 1 INVITE/im.test(text)) return;
    request(one, 'ACK', n, 1, line(text, 'To'));
    if (waiting.delete(n) && status === 200) answered++;
}

/** The callers from number `from` on; each sends again what is not answered. */
async function call(from, count) {
    let next = from;
    const before = answered;
    while (answered - before < count) {
        while (next < from + count && waiting.size < AT_ONCE) await invite(next++);
        for (const [n, sent] of waiting) if (Date.now() - sent > 2000) await invite(n);
        ok(next < from + count || waiting.size || answered - before === count, `only ${answered - before} of ${count} calls were answered`);
        await new Promise((later) => setTimeout(later, 10));
    }
}

// ---- what is drawn ----

const rows = (page) => page.getByTestId('call');
const indexOf = (locator) => locator.getAttribute('aria-rowindex').then(Number);
const rowCount = (page) => page.getByTestId('calls').getAttribute('aria-rowcount').then(Number);

async function drawn(page, what) {
    const [calls, elements] = [await rows(page).count(), await page.evaluate(() => document.querySelectorAll('*').length)];
    ok(calls > 5 && calls < ROWS_MOST, `${what}: ${calls} calls are drawn`);
    ok(elements < ELEMENTS_MOST, `${what}: the page has ${elements} elements`);
}

async function board() {
    const page = await admin.page('/calls?sort=orbit');
    await until(async () => (await rowCount(page)) > CALLS, 'all calls are known');
    return page;
}

test('the table draws what is seen, and says where that is', async () => {
    const page = await board();
    const all = await rowCount(page);
    await drawn(page, 'at the top');
    equal(await indexOf(rows(page).first()), 2, 'the row behind the headings');
    await reads(rows(page).first(), String(FIRST));
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
    await until(async () => (await indexOf(rows(page).first())) > all / 4, 'the middle is drawn');
    await drawn(page, 'in the middle');
    const numbers = await rows(page).evaluateAll((drawn) => drawn.map((row) => Number(row.ariaRowIndex ?? row.getAttribute('aria-rowindex'))));
    ok(numbers.every((n, i) => n === numbers[0] + i), `the rows are numbered ${numbers}`);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await until(async () => (await indexOf(rows(page).last())) === all, 'the last row is drawn');
    await drawn(page, 'at the end');
});

test('the key j goes through more rows than are drawn', async () => {
    const page = await board();
    const here = () => page.evaluate(() => Number(document.activeElement?.getAttribute('aria-rowindex')));
    for (let n = 2; n < 2 + ROWS_MOST; n++) {
        await until(async () => {
            if ((await here()) < n) await page.keyboard.press('j');
            return (await here()) === n;
        }, `row ${n} has the focus`);
    }
    await drawn(page, 'far below');
    await until(async () => {
        await page.keyboard.press('k');
        return (await here()) === ROWS_MOST - 20;
    }, 'and back');
});

test('search, order and tiles know of all calls; who comes and goes shows', async () => {
    const page = await board();
    await page.getByRole('columnheader', { name: 'Orbit' }).getByRole('button').click();
    await reads(rows(page).first(), String(FIRST + CALLS - 1));
    await page.getByPlaceholder('Caller, number, parker, note').fill('+4930-1777');
    await until(async () => (await rows(page).count()) === 1, 'one call is found');
    await page.getByPlaceholder('Caller, number, parker, note').fill('');
    await until(async () => (await rowCount(page)) > CALLS, 'all are there again');
    await call(9000, 1);
    await until(async () => (await rowCount(page)) === CALLS + 2, 'one more');
    await reads(rows(page).first(), '+49309000');
    await api('POST', `parked-calls/${(await api('GET', 'parked-calls?q=%2B49309000')).items[0].id}/hangup`);
    await until(async () => (await rowCount(page)) === CALLS + 1, 'he is gone');
    await page.getByTestId('view-tiles').click();
    await until(async () => page.url().includes('view=tiles'), 'tiles');
    await drawn(page, 'tiles');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await rows(page).filter({ hasText: new RegExp(`^${FIRST}`) }).waitFor();
    await drawn(page, 'tiles at the end');
});

test('two thousand ranges: a page of them, and the board asks for them once', async () => {
    const page = await admin.page('/calls');
    await until(async () => (await rowCount(page)) > CALLS, 'all calls are known');
    const asked = () => page.asked.filter((a) => a.startsWith('GET /api/v1/number-ranges')).length;
    const before = asked();
    const table = Array.from({ length: 2000 }, (_, i) => `Office ${i},${600000 + 10 * i},${600001 + 10 * i},${POOL}`).join('\n');
    await api('POST', 'number-ranges:import', `name,start,end,destination\n${table}\n`, { 'Content-Type': 'text/csv' });
    await until(async () => asked() > before, 'the board asks anew');
    await visit(page, '/ranges');
    await quiet(page);
    ok(asked() - before < 30, `the board has asked ${asked() - before} times for two thousand ranges that came at once`);
    const shown = await page.getByTestId('ranges').locator('tr[data-row]').count();
    equal(shown, 100, 'ranges drawn');
    ok((await page.evaluate(() => document.querySelectorAll('*').length)) < ELEMENTS_MOST, 'the page of ranges is too large');
    await page.getByRole('searchbox').fill('Office 1777');
    await until(async () => (await page.getByTestId('ranges').locator('tr[data-row]').count()) === 1, 'one range is found');
});

await run({
    async begin() {
        await setUp();
        await api('PUT', 'settings/global', { pickup_timeout: 3600 });
        await api('POST', 'number-ranges', { name: 'Hall', start: String(FIRST), end: String(FIRST + 4999), destination: POOL });
        await call(0, CALLS);
    },
});
for (const one of phones) one?.socket.close();
