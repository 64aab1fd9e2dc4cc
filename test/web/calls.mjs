// The live board: calls that come and go, what can be done to them, views, a lost connection, several tabs.
import { admin, api, ctl, cut, dialog, equal, gone, mend, ok, park, reads, run, see, setUp, test, toast, until, visit } from './rig.mjs';

const calls = (page) => page.getByTestId('call');
const call = (page, name) => calls(page).filter({ hasText: name });
const ALICE = 'Alice Example';

const first = async () => (await api('GET', 'parked-calls')).items[0];

/** Waits until the timeline of a call has the step. */
const told = (id, step) => until(async () => (await api('GET', `parked-calls/${id}/timeline`)).items.some((s) => s.step === step), `${step} is in the timeline`);

/** Chooses `item` of the menu of a call. */
async function act(page, name, item) {
    await call(page, name).getByRole('button', { name: /^(Pick up|Actions)/ }).click();
    await page.getByRole('menuitem', { name: item }).click();
}

const seconds = async (locator) => {
    const m = /(\d+):(\d\d)/.exec(await locator.innerText());
    return Number(m[1]) * 60 + Number(m[2]);
};

test('nobody is parked; then a caller appears by himself, and the title counts', async () => {
    const page = await admin.page('/calls');
    await page.getByTestId('calls-empty').waitFor();
    await see(page, 'calls-empty');
    await park(2);
    await until(async () => (await calls(page).count()) === 2, 'two calls are on the board');
    await reads(call(page, ALICE), /70\d.*parked.*Alice Example.*\+12025550100 demo-reception/);
    await until(async () => /^\(2\)/.test(await page.title()), 'the title counts two calls');
    await reads(page.locator('nav.tabs'), /Parked calls 2/);
    await see(page, 'calls-table');
});

test('waiting grows and time left shrinks, without a word from the server', async () => {
    await park(1);
    const page = await admin.page('/calls');
    const [waiting, left] = [call(page, ALICE).locator('td.number .clock'), call(page, ALICE).locator('.left .clock')];
    const [began, first] = [await seconds(waiting), await seconds(left)];
    await until(async () => (await seconds(waiting)) >= began + 2 && (await seconds(left)) <= first - 2, 'two seconds have passed on both clocks');
});

test('retrieved to the demo phone, which answers; the timeline tells it', async () => {
    const { phone } = await park(1, { phone: true });
    ok(phone, 'the demo has no phone');
    const page = await admin.page('/calls');
    const { id } = await first();
    await act(page, ALICE, 'To…');
    const question = dialog(page, 'call-retrieve');
    await question.getByLabel('Number or address').fill('');
    await question.getByRole('button', { name: 'Pick up' }).click();
    await reads(question, 'Say which phone is to ring.');
    await question.getByLabel('Number or address').fill('no such address at all');
    await question.getByRole('button', { name: 'Pick up' }).click();
    await until(async () => (await question.locator('.error, [role=alert]').count()) > 0, 'an address that is none is refused');
    await see(page, 'call-retrieve');
    await question.getByLabel('Number or address').fill(phone);
    await question.getByRole('button', { name: 'Pick up' }).click();
    await gone(question);
    await reads(toast(page), /is rung and then connected/);
    await told(id, 'call.retrieved');
    await until(async () => (await calls(page).count()) === 0, 'the board is empty');
    await visit(page, `/calls?call=${id}`);
    await reads(dialog(page, 'timeline'), /parked.*being retrieved.*retrieved/);
    await see(page, 'call-timeline');
});

test('ring back now, with the state and the next step', async () => {
    await park(1);
    const page = await admin.page('/calls');
    await act(page, ALICE, 'Ring back now');
    await reads(toast(page), /the parker is rung back/);
    await until(async () => (await api('GET', `parked-calls`)).items.every((c) => c.attempt > 0 || c.state === 'ringing_back'), 'the parker was rung');
    await page.locator('.foot').getByText(/ring back/i).first().waitFor();
});

test('extend by a minute, note, and the note is kept', async () => {
    await park(1);
    const page = await admin.page('/calls');
    const left = call(page, ALICE).locator('.left .clock');
    const before = await seconds(left);
    await act(page, ALICE, /^Extend by/);
    await reads(toast(page), /60 s more/);
    await until(async () => (await seconds(left)) > before, 'more time is left than before');
    await act(page, ALICE, 'Note…');
    const question = dialog(page, 'call-note');
    await question.getByLabel('Note', { exact: true }).fill('waits for <b>Dr. Ruiz</b>');
    await see(page, 'call-note');
    await question.getByRole('button', { name: 'Commit' }).click();
    await gone(question);
    await reads(call(page, ALICE), 'waits for <b>Dr. Ruiz</b>');
    equal((await first()).note, 'waits for <b>Dr. Ruiz</b>');
    await see(page, 'calls-note');
});

test('two notes at once: the second sees the first', async () => {
    await park(1);
    const page = await admin.page('/calls');
    await act(page, ALICE, 'Note…');
    const question = dialog(page, 'call-note');
    await question.getByLabel('Note', { exact: true }).fill('mine');
    const { id } = await first();
    await api('PATCH', `parked-calls/${id}`, { note: 'theirs' });
    await question.getByRole('button', { name: 'Commit' }).click();
    await reads(question, /Meanwhile somebody wrote: theirs/);
    await question.getByRole('button', { name: 'Commit mine' }).click();
    await gone(question);
    await reads(call(page, ALICE), 'mine');
});

test('transfer to a phone that answers', async () => {
    const { phone } = await park(1, { phone: true });
    const page = await admin.page('/calls');
    const { id } = await first();
    await act(page, ALICE, 'Transfer…');
    const question = dialog(page, 'call-transfer');
    await question.getByLabel('Number or address').fill(phone);
    await see(page, 'call-transfer');
    await question.getByRole('button', { name: 'Transfer' }).click();
    await gone(question);
    await told(id, 'call.forwarded');
});

test('hang up asks first, and says what the caller hears', async () => {
    await park(1);
    const page = await admin.page('/calls');
    const { id } = await first();
    const question = dialog(page, 'question');
    await act(page, ALICE, 'Hang up');
    await reads(question, /the caller hears/);
    await see(page, 'call-hangup');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await act(page, ALICE, 'Hang up');
    await question.getByRole('button', { name: 'Hang up' }).click();
    await until(async () => (await api('GET', `call-records?call=${id}`)).items[0]?.outcome === 'hung_up', 'the record says hung_up');
});

test('an action that comes too late is told in words', async () => {
    await park(1);
    const page = await admin.page('/calls');
    const { id } = await first();
    await act(page, ALICE, 'Transfer…');
    await ctl('call', 'hangup', id, '--yes').catch(() => ctl('call', 'hangup', id));
    const question = dialog(page, 'call-transfer');
    await until(async () => !(await api('GET', 'parked-calls')).items.some((c) => c.id === id), 'the call has gone');
    await question.getByLabel('Number or address').fill('sip:x@127.0.0.1');
    await question.getByRole('button', { name: 'Transfer' }).click();
    await reads(question.getByRole('alert'), /call|gone|ended|left/i);
});

test('tiles, wallboard, order and filters are in the address', async () => {
    await park(3);
    const page = await admin.page('/calls');
    await page.getByTestId('view-tiles').click();
    await until(async () => page.url().includes('view=tiles') && (await calls(page).count()) === 3, 'three tiles');
    await see(page, 'calls-tiles');
    await page.getByPlaceholder('Caller, number, parker, note').fill('bruno');
    await until(async () => (await calls(page).count()) === 1, 'one tile fits');
    await page.getByPlaceholder('Caller, number, parker, note').fill('zebra');
    await page.getByTestId('calls-none').waitFor();
    await page.getByTestId('calls-none').getByRole('button').click();
    await page.getByTestId('view-wall').click();
    await page.getByTestId('wallboard').waitFor();
    await reads(page.getByTestId('wallboard'), /3 parked calls/);
    await see(page, 'calls-wall');
    await page.keyboard.press('Escape');
    await page.getByTestId('calls').waitFor();
    await page.getByRole('button', { name: 'Caller' }).click();
    await until(async () => page.url().includes('sort=caller'), 'the order is in the address');
});

test('keys: j to a row, its menu by Enter, the note by n', async () => {
    await park(2);
    const page = await admin.page('/calls?sort=caller');
    await calls(page).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Ring back now' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('n');
    await reads(dialog(page, 'call-note'), /Alice Example|Bruno Example/);
});

test('a lost connection: says since when, is grey, acts no more; comes back by itself', async () => {
    await park(1);
    const page = await admin.page('/calls');
    await call(page, ALICE).waitFor();
    page.expected = [/net::ERR_/];
    cut();
    await page.getByTestId('stale').waitFor();
    await reads(page.getByTestId('stale'), /Showing data from \d.*reconnecting/);
    await reads(page.getByTestId('link'), 'no connection');
    await reads(call(page, ALICE), /stopped/);
    ok(await call(page, ALICE).getByRole('button', { name: /^(Pick up|Actions)/ }).isDisabled(), 'actions can be tried without a connection');
    ok((await page.locator('.not-live').count()) === 1, 'the board is not grey');
    await see(page, 'calls-stale');
    const { id } = await first();
    await api('PATCH', `parked-calls/${id}`, { note: 'while you were away' });
    await mend();
    await gone(page.getByTestId('stale'));
    await reads(call(page, ALICE), 'while you were away');
    await reads(page.getByTestId('link'), 'live');
});

test('several tabs of one browser share one stream; when the one that holds it goes, another takes over', async () => {
    await park(1);
    const context = await admin.context();
    const [one, two, three] = [await admin.page('/calls', { context }), await admin.page('/calls', { context }), await admin.page('/ranges', { context })];
    const streams = () => [one, two, three].map((p) => p.asked.filter((a) => /^GET \/api\/v1\/events(\?|$)/.test(a)).length);
    for (const page of [one, two]) await call(page, ALICE).waitFor();
    await until(async () => /^\(1\)/.test(await three.title()), 'the tab with another page counts, too');
    equal(streams(), [1, 0, 0], 'streams asked for');
    await one.close();
    await until(async () => streams()[1] + streams()[2] === 1, 'another tab holds the stream');
    const { id } = await first();
    await api('PATCH', `parked-calls/${id}`, { note: 'told by another tab' });
    await reads(call(two, ALICE), 'told by another tab');
});

await run({
    async begin() {
        await setUp();
        await api('POST', 'number-ranges', { name: 'Front desk', start: '700', end: '719', destination: 'pool1.example.com' });
    },
});
