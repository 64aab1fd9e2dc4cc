// The pages of settings, call records, activity and the system: what is changed there holds, and what others do shows.
import { readFileSync, statSync } from 'node:fs';
import { admin, api, base, choose, ctl, dialog, equal, gone, ok, park, quiet, reads, run, see as seeHere, setUp, toast, test, until } from './rig.mjs';

const POOL = 'pool1.example.com';
const folder = process.env.E2E_TOKEN_FILE.replace(/\/[^/]*$/, '');

/** From the top: what has scrolled half under the bar of tabs is no small target. */
async function see(page, name) {
    await page.evaluate(() => scrollTo(0, 0));
    await seeHere(page, name);
}

// ---- settings ----

const DESTINATION = `/settings?scope=destination:${POOL}`;
const setting = (page, key) => page.getByTestId(`setting-${key}`);
const field = (page, key) => setting(page, key).locator('input, select');
const commit = (page) => page.locator('.commit-bar').getByRole('button', { name: 'Commit' });

/** Nothing is set anywhere. */
async function unset(...keys) {
    const nothing = Object.fromEntries(keys.map((k) => [k, null]));
    await api('PATCH', 'settings/global', nothing);
    await api('PATCH', `settings/destinations/${POOL}`, nothing);
}

/** A second of a tone as a WAV file, 8 kHz and one channel. */
function tone() {
    const rate = 8000, wav = Buffer.alloc(44 + 2 * rate);
    wav.write('RIFF', 0);
    wav.writeUInt32LE(wav.length - 8, 4);
    wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(16, 16);
    wav.writeUInt16LE(1, 20);
    wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(rate, 24);
    wav.writeUInt32LE(2 * rate, 28);
    wav.writeUInt16LE(2, 32);
    wav.writeUInt16LE(16, 34);
    wav.write('data', 36);
    wav.writeUInt32LE(2 * rate, 40);
    for (let i = 0; i < rate; i++) wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / rate)), 44 + 2 * i);
    return wav;
}

test('settings: the picture follows what is typed; a commit holds, is inherited below, and is reset', async () => {
    await unset('pickup_timeout', 'timeout_uri');
    const page = await admin.page('/settings');
    await reads(setting(page, 'pickup_timeout'), 'default');
    await field(page, 'pickup_timeout').fill('75');
    await field(page, 'timeout_uri').fill('sip:reception@example.com');
    await reads(page.getByTestId('story'), /after 75 s.*Rings the parker back.*Goes to reception/);
    await reads(page.locator('.commit-bar'), '2 settings changed');
    await commit(page).click();
    await reads(toast(page), 'Global: settings committed');
    await reads(setting(page, 'pickup_timeout'), 'set here');
    await see(page, 'settings-committed');
    const now = await api('GET', 'settings/global');
    equal([now.pickup_timeout, now.timeout_uri], [75, 'sip:reception@example.com']);

    const below = await admin.page(DESTINATION);
    await reads(setting(below, 'pickup_timeout'), 'inherited: Global');
    equal(await field(below, 'pickup_timeout').inputValue(), '00:01:15');
    await field(below, 'pickup_timeout').fill('2 min');
    await commit(below).click();
    await reads(setting(below, 'pickup_timeout'), 'set here');
    await reads(below.getByTestId('story'), 'after 2 min');
    await see(below, 'settings-destination');
    await setting(below, 'pickup_timeout').getByRole('button', { name: /^Inherit: / }).click();
    await reads(setting(below, 'pickup_timeout'), 'will be inherited');
    await commit(below).click();
    await reads(setting(below, 'pickup_timeout'), 'inherited: Global');
    ok(!('pickup_timeout' in (await api('GET', `settings/destinations/${POOL}`))), 'the destination still says it itself');
});

test('settings: what cannot be is said at its row, and is not sent', async () => {
    const page = await admin.page('/settings');
    await field(page, 'pickup_timeout').fill('soon');
    await reads(setting(page, 'pickup_timeout').locator('.error'), 'Write seconds (90)');
    await field(page, 'timeout_uri').fill('reception');
    await reads(setting(page, 'timeout_uri').locator('.error'), 'Begin with sip:');
    await see(page, 'settings-refused');
    await commit(page).click();
    ok(!page.asked.some((a) => a.startsWith('PATCH')), 'it was sent all the same');
});

test('settings: two people at once: the second sees both versions, and may keep his', async () => {
    await unset('pickup_timeout', 'ring_time');
    const [one, two] = await Promise.all([admin.page('/settings'), admin.page('/settings')]);
    await field(one, 'pickup_timeout').fill('80');
    await field(two, 'pickup_timeout').fill('95');
    await commit(one).click();
    await reads(toast(one), 'settings committed');
    await commit(two).click();
    await reads(dialog(two, 'conflict'), /Time before ring back 95 s 80 s/);
    await see(two, 'settings-conflict');
    await dialog(two, 'conflict').getByRole('button', { name: 'Keep mine' }).click();
    await gone(dialog(two, 'conflict'));
    await until(async () => (await api('GET', 'settings/global')).pickup_timeout === 95, 'the second one has kept his');
});

test('settings: music of a scope is uploaded, can be heard, and the default is restored', async () => {
    const page = await admin.page(DESTINATION);
    const music = page.getByTestId('music');
    await page.getByTestId('music-file').setInputFiles({ name: 'tone.wav', mimeType: 'audio/wav', buffer: tone() });
    await reads(toast(page), 'Callers now hear tone.wav');
    await reads(music, /set here.*tone\.wav.*0:01/);
    await see(page, 'settings-music');
    await music.getByTestId('music-play').click();
    const address = await music.getByTestId('music-audio').getAttribute('src');
    const heard = await page.context().request.get(new URL(address, base).href);
    equal([heard.status(), (await heard.body()).subarray(0, 4).toString()], [200, 'RIFF'], 'the preview');
    await music.getByRole('button', { name: 'Restore default' }).click();
    await dialog(page, 'question').getByRole('button', { name: 'Restore default' }).click();
    await reads(toast(page), 'Music is inherited again');
    await gone(music.getByRole('button', { name: 'Restore default' }));
});

// ---- records ----

test('records: what became of calls, filtered, as charts with their tables, and as CSV', async () => {
    await park(2);
    for (const call of (await api('GET', 'parked-calls')).items) await api('POST', `parked-calls/${call.id}/hangup`);
    await until(async () => (await api('GET', 'call-records?outcome=hung_up')).items.length >= 2, 'two records of calls that were hung up on');
    const page = await admin.page('/records');
    const rows = page.getByTestId('records').locator('tbody tr');
    await until(async () => (await rows.count()) >= 2, 'both are listed');
    await page.getByTestId('chart-waits').locator('svg, canvas').first().waitFor();
    await page.getByTestId('chart-outcomes').locator('svg, canvas').first().waitFor();
    await page.getByText('The same as tables').click();
    await reads(page.locator('.as-table'), /Waiting times.*Outcomes.*hung up on [2-9]/);
    await see(page, 'records');
    await page.getByPlaceholder('Caller, parker, note or reason').fill('zebra');
    await page.getByTestId('records-none').waitFor();
    await page.getByPlaceholder('Caller, parker, note or reason').fill('alice');
    await until(async () => (await rows.count()) >= 1 && (await rows.allInnerTexts()).every((r) => /Alice/.test(r)), 'only calls of Alice');
    await page.getByLabel('Outcome', { exact: true }).selectOption('retrieved');
    await page.getByTestId('records-none').waitFor();
    ok(/q=alice/.test(page.url()) && /outcome=retrieved/.test(page.url()), 'the filters are not in the address');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await until(async () => (await rows.count()) >= 2, 'all are listed again');
    const [file] = await Promise.all([page.waitForEvent('download'), choose(page, 'Export', /^CSV/)]);
    const csv = readFileSync(await file.path(), 'utf8');
    ok(/Alice Example/.test(csv) && /hung_up/.test(csv), csv);
});

// ---- activity ----

test('activity: a change by callparkctl shows by itself, with before and after, and is undone', async () => {
    const { id } = await api('POST', 'number-ranges', { name: 'Annex', start: '4000', end: '4009', destination: POOL });
    const page = await admin.page('/activity');
    const rows = page.getByTestId('activity').locator('tbody tr');
    await rows.first().waitFor();
    await ctl('range', 'update', 'Annex', '--end', '4019');
    await reads(rows.first(), /changed the range.*Annex.*4009.*→.*4019/);
    await rows.first().getByRole('rowheader').getByRole('button').click();
    await reads(page.getByTestId('entry'), /end 4009 4019/i);
    await see(page, 'activity-entry');
    await page.getByTestId('undo').click();
    await reads(dialog(page, 'undo-dialog'), /4019 4009/);
    await see(page, 'activity-undo');
    await dialog(page, 'undo-dialog').getByRole('button', { name: 'Undo' }).click();
    await gone(page.getByTestId('undo-dialog'));
    equal((await api('GET', `number-ranges/${id}`)).end, '4009', 'the change was not undone');
    await reads(rows.first(), /4019.*→.*4009/);
    await page.getByLabel('Search').fill('actor:nobody');
    await page.getByTestId('activity-none').waitFor();
    await api('DELETE', `number-ranges/${id}`);
});

// ---- system ----

test('system: drained and taken back', async () => {
    const page = await admin.page('/system');
    await reads(page.getByTestId('card-node'), 'ready');
    await page.getByTestId('drain').click();
    await reads(dialog(page, 'question'), 'takes no new calls');
    await dialog(page, 'question').getByRole('button', { name: 'Drain' }).click();
    await reads(page.getByTestId('card-node'), 'draining');
    equal((await api('GET', 'system')).draining, true);
    await see(page, 'system-draining');
    await page.getByTestId('drain').click();
    await reads(page.getByTestId('card-node'), 'ready');
    equal((await api('GET', 'system')).draining, false);
});

test('system: what would happen to a call is told, and nobody is parked by asking', async () => {
    const page = await admin.page('/system');
    const card = page.getByTestId('card-explain');
    const fill = async (values) => {
        for (const [label, value] of Object.entries(values)) await card.getByLabel(label).fill(value);
        await card.getByRole('button', { name: 'Show', exact: true }).click();
    };
    const before = (await api('GET', 'parked-calls')).items.length;
    await fill({ 'Who calls': '105', 'What is dialled': '705', 'Transferred by': '106' });
    await reads(card.getByTestId('explain-answer'), /^Parked in orbit 705, range Front desk \(200\)/);
    await card.locator('summary').click();
    await see(page, 'system-explain');
    await fill({ 'What is dialled': '4999', 'Transferred by': '' });
    await reads(card.getByTestId('explain-answer'), /^Refused with 404/);
    equal((await api('GET', 'parked-calls')).items.length, before, 'a question has parked somebody');
});

test('system: a backup is written where one says', async () => {
    const page = await admin.page('/system');
    const path = `${folder}/backup-of-the-page.db`;
    await page.getByTestId('backup').click();
    await dialog(page, 'backup-dialog').getByLabel('File on the server').fill('relative.db');
    await reads(dialog(page, 'backup-dialog'), 'Begin with /');
    await see(page, 'system-backup');
    await dialog(page, 'backup-dialog').getByLabel('File on the server').fill(path);
    await dialog(page, 'backup-dialog').getByRole('button', { name: 'Make a backup' }).click();
    await reads(toast(page), `Backup written: ${path}`);
    ok(statSync(path).size > 0, 'the backup is empty');
});

test('system: definitions are exported, and applied after a look at what would change', async () => {
    const page = await admin.page('/system');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('definitions.export').click()]);
    const text = readFileSync(await file.path(), 'utf8');
    ok(text.includes('Front desk'), text);
    const sheet = dialog(page, 'definitions-dialog');
    await page.getByTestId('definitions.apply').click();
    await sheet.getByLabel('Document (JSON)').setInputFiles({ name: 'new.json', mimeType: 'application/json', buffer: Buffer.from(text.replaceAll('"719"', '"729"')) });
    await sheet.getByRole('button', { name: 'See what would change' }).click();
    await reads(page.getByTestId('changes'), /changed 1, deleted 0.*Front desk/);
    await page.getByTestId('changes').locator('summary').first().click();
    await reads(page.getByTestId('changes'), /end 719 729/i);
    await see(page, 'system-definitions');
    const end = async () => (await api('GET', 'number-ranges')).items.find((r) => r.name === 'Front desk').end;
    equal(await end(), '719', 'a look has changed something');
    await sheet.getByRole('button', { name: 'Apply' }).click();
    await reads(toast(page), 'The definitions hold now');
    equal(await end(), '729', 'nothing was changed');
});

test('system: a demo parks callers, and is stopped', async () => {
    const page = await admin.page('/system');
    const demo = page.getByTestId('card-demo');
    await demo.getByLabel('Callers').selectOption('2');
    await demo.getByRole('button', { name: 'Start the demo' }).click();
    await reads(demo, '2 demo callers wait until');
    await until(async () => (await api('GET', 'parked-calls')).items.length >= 2, 'two calls are parked');
    await reads(page.locator('nav.tabs'), /Parked calls 2/);
    await see(page, 'system-demo');
    await demo.getByRole('button', { name: 'Stop the demo' }).click();
    await demo.getByRole('button', { name: 'Start the demo' }).waitFor();
    await until(async () => (await api('GET', 'parked-calls')).items.length === 0, 'nobody is parked');
    await quiet(page);
});

await run({
    async begin() {
        await setUp();
        await api('POST', 'number-ranges', { name: 'Front desk', start: '700', end: '719', destination: POOL });
    },
});
