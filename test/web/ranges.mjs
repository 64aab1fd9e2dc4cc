// The page of number ranges: the commands of the original, each refusal, two people at once, import, export.
import { readFileSync } from 'node:fs';
import { admin, api, choose, ctl, dialog, equal, gone, ok, park, quiet, reads, run, see, setUp, shell, test, toast, until } from './rig.mjs';

const POOL = 'pool1.example.com';
const rows = (page) => page.getByTestId('ranges').locator('tbody tr');
const row = (page, name) => rows(page).filter({ has: page.getByRole('button', { name, exact: true }) });
const editor = (page) => dialog(page, 'range-editor');
const verdict = (page) => page.getByTestId('verdict');
const field = (page, label) => editor(page).getByLabel(label, { exact: true });
const commit = (page) => editor(page).getByRole('button', { name: 'Commit' });

async function names(page) {
    await quiet(page);
    return rows(page).getByRole('rowheader').allInnerTexts();
}

async function find(name) {
    return (await api('GET', 'number-ranges?limit=500')).items.find((r) => r.name === name);
}

async function fill(page, values) {
    for (const [label, value] of Object.entries(values)) await field(page, label).fill(value);
}

/** These ranges and no others. */
async function only(...ranges) {
    for (const r of (await api('GET', 'number-ranges?limit=500')).items) await api('DELETE', `number-ranges/${r.id}?mode=force`);
    for (const [name, start, end] of ranges) await api('POST', 'number-ranges', { name, start, end, destination: POOL });
}

test('the first range is suggested, and *7000 to *7099 is made with one commit', async () => {
    await only();
    const page = await admin.page('/ranges');
    await page.getByTestId('no-ranges').waitFor();
    await see(page, 'ranges-empty');
    await page.getByRole('button', { name: 'Create the suggested range' }).click();
    equal(await field(page, 'Start range').inputValue(), '*7000');
    await reads(verdict(page), '= 100 numbers free');
    await see(page, 'ranges-new');
    await commit(page).click();
    await gone(editor(page));
    await reads(toast(page), 'Range Orbits (*7000-*7099) was created.');
    equal(await names(page), ['Orbits']);
});

test('New, and each refusal while it is typed', async () => {
    await only(['Orbits', '*7000', '*7099']);
    const page = await admin.page('/ranges');
    await choose(page, 'New', /^Range/);
    equal(await field(page, 'Destination').inputValue(), POOL, 'the destination of this node is chosen');
    for (const [start, end, words] of [
        ['4100', '4099', /start|end/i],
        ['4100', '41990', /(length|digits)/i],
        ['*50', '*60', /100/],
        ['|100', '|199', /digits/i],
        ['0100', '0199', /0|digit/i],
        ['*4100', '#4199', /prefix|same|begin/i],
        ['10000', '20000', /10,?000/],
    ]) {
        await fill(page, { 'Start range': start, 'End range': end });
        await until(async () => words.test(await editor(page).locator('.error').allInnerTexts().then((t) => t.join(' '))), `${start} to ${end} is refused with ${words}; it says ${await editor(page).locator('.error').allInnerTexts()}`);
        ok((await commit(page).getAttribute('aria-disabled')) === 'true', `${start} to ${end} can be committed`);
    }
    await see(page, 'ranges-refused');
    await fill(page, { Name: 'orbits', 'Start range': '5000', 'End range': '5009' });
    await reads(editor(page), /name/i);
    await until(async () => (await editor(page).locator('.error').count()) > 0, 'a name that is taken is refused');
});

test('an overlap is named with what it overlaps, and the free block is used', async () => {
    await only(['Orbits', '*7000', '*7099']);
    const page = await admin.page('/ranges');
    await choose(page, 'New', /^Range/);
    await fill(page, { Name: 'Second', 'Start range': '*7050', 'End range': '*7059' });
    await reads(verdict(page), /Orbits, \*7000-\*7099 of pool1.example.com/);
    await reads(verdict(page), /nearest free block of this size is \*7100-\*7109/);
    await see(page, 'ranges-overlap');
    await verdict(page).getByRole('button', { name: 'Use' }).click();
    equal(await field(page, 'Start range').inputValue(), '*7100');
    equal(await field(page, 'End range').inputValue(), '*7109');
    await reads(verdict(page), '= 10 numbers free');
    await commit(page).click();
    await gone(editor(page));
    const made = await find('Second');
    equal([made.start, made.end], ['*7100', '*7109']);
});

test('80XX becomes 8000 to 8099', async () => {
    await only();
    const page = await admin.page('/ranges');
    await choose(page, 'New', /^Range/);
    await fill(page, { Name: 'Pattern', 'Start range': '80XX' });
    await reads(verdict(page), /8000-8099/);
    await field(page, 'Start range').blur();
    equal(await field(page, 'End range').inputValue(), '8099');
});

test('Edit: Show details shows what will change; Cancel asks before it is lost', async () => {
    await only(['Lobby', '4000', '4009']);
    const page = await admin.page('/ranges');
    await row(page, 'Lobby').getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await see(page, 'ranges-edit-menu');
    await page.getByRole('menuitem', { name: 'Show details' }).click();
    await fill(page, { 'End range': '4019', Name: 'Front lobby' });
    await reads(page.getByTestId('pending'), /Name: Lobby → Front lobby End range: 4009 → 4019 10 numbers more/);
    await see(page, 'ranges-edit');
    await page.keyboard.press('Escape');
    await dialog(page, 'question').waitFor();
    await dialog(page, 'question').getByRole('button', { name: 'Cancel' }).click();
    await commit(page).click();
    await gone(editor(page));
    await reads(toast(page), 'Range Front lobby (4000-4019) was changed.');
    equal((await find('Front lobby')).end, '4019');
});

test('the callparkctl and the curl line that are shown do the same', async () => {
    await only(['Lobby', '4000', '4009']);
    const page = await admin.page('/ranges');
    const line = async (what) => {
        const shown = editor(page).locator('details', { hasText: 'The same as a command' });
        if ((await shown.getAttribute('open')) === null) await shown.locator('summary').click();
        return (await shown.locator('code').allInnerTexts()).find((l) => l.startsWith(what));
    };
    await choose(page, 'New', /^Range/);
    await fill(page, { Name: "Dr. O'Hara", 'Start range': '*7100', 'End range': '*7109' });
    await shell(await line('callparkctl'));
    ok(await find("Dr. O'Hara"), 'the callparkctl line made no range');
    await fill(page, { Name: 'By curl', 'Start range': '#7100', 'End range': '#7109' });
    await shell(await line('curl'));
    ok(await find('By curl'), 'the curl line made no range');
    const changed = await admin.page(`/ranges?open=${(await find('Lobby')).id}`);
    const fieldThere = (label) => editor(changed).getByLabel(label, { exact: true });
    await fieldThere('End range').fill('4019');
    const details = editor(changed).locator('details', { hasText: 'The same as a command' });
    await details.locator('summary').click();
    const lines = await details.locator('code').allInnerTexts();
    await shell(lines.find((l) => l.startsWith('curl')));
    equal((await find('Lobby')).end, '4019', 'the curl line changed nothing');
    await shell(lines.find((l) => l.startsWith('callparkctl')));
});

test('Select all, Delete: all of it with one word, nothing with Cancel', async () => {
    await only(['One', '4000', '4009'], ['Two', '4010', '4019'], ['Three', '4020', '4029']);
    const page = await admin.page('/ranges');
    const question = dialog(page, 'range-delete');
    await choose(page, 'Edit', 'Select all');
    await reads(page.locator('.commands'), '3 selected');
    await choose(page, 'Edit', 'Delete');
    await reads(question, /Delete 3 ranges\?.*No call is parked there/);
    await question.getByRole('button', { name: 'Cancel' }).click();
    await gone(question);
    equal(await rows(page).count(), 3, 'rows after Cancel');
    await row(page, 'Two').getByRole('checkbox').uncheck();
    await choose(page, 'Edit', 'Delete');
    await reads(question, /Delete 2 ranges\?/);
    await see(page, 'ranges-delete');
    await question.getByRole('button', { name: 'Delete' }).click();
    await gone(question);
    await until(async () => (await names(page)).join() === 'Two', 'one row is left');
});

test('Drain says that an empty range goes at once; one with a call stays, and can be stopped', async () => {
    await only(['Busy', '4010', '4019']);
    await park(1);
    await api('POST', 'number-ranges', { name: 'Empty', start: '4000', end: '4009', destination: POOL });
    const page = await admin.page('/ranges');
    const question = dialog(page, 'question');
    await choose(page, 'Edit', 'Select all');
    await choose(page, 'Edit', 'Drain');
    await reads(question, /an empty one is deleted at once/);
    await see(page, 'ranges-drain');
    await question.getByRole('button', { name: 'Drain' }).click();
    await reads(toast(page), '2 ranges are draining.');
    await until(async () => (await names(page)).join() === 'Busy', 'the empty one has gone');
    await reads(row(page, 'Busy'), /1\/10 draining/);
    await see(page, 'ranges-draining');
    await row(page, 'Busy').getByRole('checkbox').check();
    await choose(page, 'Edit', 'Stop draining');
    await reads(row(page, 'Busy'), /active/);
});

test('deleting a range in use: refuse lists its calls, drain and force do as they say', async () => {
    await only(['Busy', '4010', '4019']);
    await park(2);
    const page = await admin.page('/ranges');
    const question = dialog(page, 'range-delete');
    const remove = async () => {
        await row(page, 'Busy').getByRole('checkbox').check();
        await page.keyboard.press('Delete');
        await reads(question, /2 calls are parked here.*401\d Alice Example/);
    };
    await remove();
    await see(page, 'ranges-delete-in-use');
    await question.getByRole('button', { name: 'Delete' }).click();
    await reads(question.getByRole('alert'), /Busy/);
    await see(page, 'ranges-delete-refused');
    await question.getByLabel('Ring them back now').check();
    ok(await question.getByRole('button', { name: 'Delete' }).isDisabled(), 'force asks for no word');
    await question.getByLabel('Type Busy to confirm').fill('Busy');
    await see(page, 'ranges-delete-force');
    await question.getByLabel('Drain', { exact: true }).check();
    await question.getByRole('button', { name: 'Drain' }).click();
    await reads(toast(page), 'Busy is draining and goes when the last call has left.');
    equal((await find('Busy')).state, 'draining');
    await page.keyboard.press('Escape');
    await until(async () => /draining/.test(await row(page, 'Busy').innerText()), 'the row says draining');
    await remove();
    await question.getByLabel('Ring them back now').check();
    await question.getByLabel('Type Busy to confirm').fill('Busy');
    await question.getByRole('button', { name: 'Delete' }).click();
    await until(async () => (await rows(page).count()) === 0, 'the range has gone');
});

test('shrinking a range in use asks the same', async () => {
    await only(['Busy', '4010', '4019']);
    await park(1);
    const busy = (await api('GET', 'parked-calls')).items[0].orbit;
    const page = await admin.page(`/ranges?open=${(await find('Busy')).id}`);
    await fill(page, busy === '4010' ? { 'Start range': '4011' } : { 'End range': '4010' });
    await commit(page).click();
    await reads(page.getByTestId('range-in-use'), /1 call would lose its place/);
    await see(page, 'ranges-shrink-in-use');
    await editor(page).getByLabel('Drain', { exact: true }).check();
    await commit(page).click();
    await gone(editor(page));
    ok((await find('Busy')).size < 10, 'the range was not made smaller');
});

test('Refresh shows what somebody else made; so does waiting', async () => {
    await only(['One', '4000', '4009']);
    const page = await admin.page('/ranges');
    await ctl('range', 'create', 'Elsewhere', '4100', '4109', '--destination', POOL);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await until(async () => (await rows(page).count()) === 2, 'Refresh shows the new range');
    await ctl('range', 'create', 'Later', '4200', '4209', '--destination', POOL);
    await until(async () => (await rows(page).count()) === 3, 'the list follows the events');
});

test('search by a piece of the name, by destination, by number; the address keeps it', async () => {
    await only(['Lobby', '4000', '4099'], ['Sales', '4100', '4199'], ['Star', '*8000', '*8019']);
    const page = await admin.page('/ranges');
    const search = page.getByPlaceholder('Name, destination or number');
    const shows = (wanted) => until(async () => (await names(page)).join() === wanted, `the list shows ${wanted}`);
    await search.fill('ale');
    await shows('Sales');
    await search.fill('4127');
    await shows('Sales');
    await reads(page.getByTestId('which-range'), '4127 is in range Sales (free)');
    await see(page, 'ranges-number');
    await search.fill('9999');
    await reads(page.getByTestId('which-range'), '9999 is in no range');
    await see(page, 'ranges-none-found');
    await search.fill('POOL1');
    await shows('Lobby,Sales,Star');
    await search.fill('*8003');
    await shows('Star');
    ok(page.url().includes('q='), 'the search is not in the address');
    await page.reload();
    await shows('Star');
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('button', { name: 'Start range' }).click();
    await until(async () => page.url().includes('sort=start'), 'the order is in the address');
    await page.getByRole('button', { name: 'Start range' }).click();
    await until(async () => page.url().includes('sort=-start'), 'the order is turned');
});

test('two people at once: the second sees both versions, and may keep his', async () => {
    await only(['Lobby', '4000', '4009']);
    const { id } = await find('Lobby');
    const [one, two] = await Promise.all([admin.page(`/ranges?open=${id}`), admin.page(`/ranges?open=${id}`)]);
    await field(one, 'Name').fill('Lobby of one');
    await field(two, 'End range').fill('4019');
    await commit(one).click();
    await gone(editor(one));
    await commit(two).click();
    const conflict = dialog(two, 'conflict');
    await reads(conflict, /ada changed it/);
    await reads(conflict, /End range 4009 4019 4009/);
    await see(two, 'ranges-conflict');
    await conflict.getByRole('button', { name: 'Edit merged' }).click();
    equal(await field(two, 'Name').inputValue(), 'Lobby of one', 'what the first one wrote is in the merged version');
    await commit(two).click();
    await gone(editor(two));
    const now = await find('Lobby of one');
    equal(now.end, '4019');
});

test('keep mine and take theirs', async () => {
    await only(['Lobby', '4000', '4009']);
    const { id } = await find('Lobby');
    const page = await admin.page(`/ranges?open=${id}`);
    await field(page, 'Name').fill('Mine');
    await api('PATCH', `number-ranges/${id}`, { name: 'Theirs' });
    await commit(page).click();
    await dialog(page, 'conflict').getByRole('button', { name: 'Take theirs' }).click();
    await until(async () => (await field(page, 'Name').inputValue()) === 'Theirs', 'their name is in the field');
    await field(page, 'Name').fill('Mine');
    await api('PATCH', `number-ranges/${id}`, { end: '4005' });
    await commit(page).click();
    await dialog(page, 'conflict').getByRole('button', { name: 'Keep mine' }).click();
    await gone(editor(page));
    equal((await find('Mine')).end, '4009');
});

const ORIGINAL = `#TYPE Microsoft.Rtc.Management.Internal.CallPark.CallParkOrbit
"Identity","NumberRangeStart","NumberRangeEnd","CallParkServiceId","CallParkServerFqdn","Type"
"Lobby","4000","4019","ApplicationServer:pool1.example.com","pool1.example.com","CallPark"
"Redmond","#6000","#6009","ApplicationServer:pool1.example.com","pool1.example.com","CallPark"
`;

test('a file of Get-CsCallParkOrbit is imported: dry run with what changes, then all of it', async () => {
    await only(['Lobby', '4000', '4009']);
    const page = await admin.page('/ranges');
    await page.getByRole('button', { name: 'Import' }).click();
    const sheet = dialog(page, 'import');
    await see(page, 'import-file');
    await sheet.getByLabel('File', { exact: true }).setInputFiles({ name: 'orbits.csv', mimeType: 'text/csv', buffer: Buffer.from(ORIGINAL) });
    await reads(sheet, '2 rows were read');
    await see(page, 'import-columns');
    await sheet.getByRole('button', { name: 'Dry run' }).click();
    await reads(sheet.getByTestId('import-counts'), /1 new 1 changed 0 deleted/);
    await reads(sheet, /4009 → 4019/);
    equal((await api('GET', 'number-ranges')).total, 1, 'a dry run changed something');
    await see(page, 'import-dry-run');
    await sheet.getByRole('button', { name: 'Apply 2 changes' }).click();
    await reads(sheet, 'The import is done.');
    await see(page, 'import-done');
    equal((await find('Redmond')).start, '#6000');
    equal((await find('Lobby')).end, '4019');
});

test('an import with faults names the line, and nothing of it is done', async () => {
    await only(['Lobby', '4000', '4009']);
    const page = await admin.page('/ranges');
    await page.getByRole('button', { name: 'Import' }).click();
    const sheet = dialog(page, 'import');
    await sheet.getByLabel('or paste it').fill(`name;start;end;destination\nGood;5000;5009;${POOL}\nBad;4005;4012;${POOL}\n`);
    await sheet.getByRole('button', { name: 'Take what was pasted' }).click();
    await sheet.getByRole('button', { name: 'Dry run' }).click();
    await reads(sheet, /line 3/i);
    await reads(sheet, /Lobby/);
    await see(page, 'import-refused');
    equal((await api('GET', 'number-ranges')).total, 1);
});

test('export: CSV, CSV of the original, JSON; and it can be imported again', async () => {
    await only(['Star', '*8000', '*8019'], ['=cmd', '4000', '4009']);
    const page = await admin.page('/ranges');
    const download = async (item) => {
        const [file] = await Promise.all([page.waitForEvent('download'), choose(page, 'Export', item)]);
        return readFileSync(await file.path(), 'utf8');
    };
    const csv = await download(/^CSV$/);
    ok(/Star,\S*\*8000/.test(csv), csv);
    ok(!/^=cmd/m.test(csv), 'a name that a spreadsheet would compute is not guarded');
    const original = await download(/^CSV of the original/);
    ok(/Identity/.test(original) && /NumberRangeStart/.test(original), original);
    equal(JSON.parse(await download('JSON')).items?.length ?? 2, 2);
    const again = await api('POST', 'number-ranges:import?dry_run=true&mode=replace', csv, { 'Content-Type': 'text/csv' });
    equal([again.created, again.updated, again.deleted, again.unchanged], [0, 0, 0, 2]);
});

test('several ranges at once, and a copy', async () => {
    await only();
    const page = await admin.page('/ranges');
    await choose(page, 'New', 'Several ranges');
    const sheet = dialog(page, 'several');
    await sheet.getByLabel('Name').fill('Doctor');
    await sheet.getByLabel('First number').fill('720');
    await reads(sheet, /3 new/);
    await see(page, 'ranges-several');
    await sheet.getByRole('button', { name: 'Commit' }).click();
    await gone(sheet);
    await until(async () => (await names(page)).join() === 'Doctor 1,Doctor 2,Doctor 3', 'three ranges are there');
    await row(page, 'Doctor 3').getByRole('checkbox').check();
    await choose(page, 'New', 'Copy of the selected range');
    equal(await field(page, 'Start range').inputValue(), '750');
});

await run({ begin: setUp });
