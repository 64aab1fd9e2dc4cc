// The first run, signing in and out, what each role is shown, users, tokens and sessions.
import { PASSWORD, admin, api, choose, ctl, dialog, equal, gone, nobody, ok, person, quiet, reads, run, see, signIn, test, toast, until } from './rig.mjs';

const press = (where, name) => where.getByRole('button', { name, exact: true }).click();
/* Behind one's own name stands "you". */
const row = (page, name) => page.getByTestId('users').locator('tbody tr').filter({ has: page.getByRole('button', { name: new RegExp(`^${name}( you)?$`) }) });
const at = (page, path) => until(async () => new URL(page.url()).pathname === path, `the page is ${path}`);
const tabs = async (page) => (await page.locator('nav.tabs a').allInnerTexts()).map((w) => w.replace(/\s*\d+.*$/s, '').trim());

async function enter(page, name, password) {
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press(page, 'Sign in');
}

test('the first run: administrator, SIP, first range, phone system, and a demo call on the board', async () => {
    const link = new URL((await ctl('setup', '--quiet')).trim());
    const page = await nobody.page('/setup' + link.hash);
    await reads(page.getByTestId('setup'), 'The link brought the set-up token along.');
    ok(!page.url().includes('token='), 'the token stays in the address');
    await see(page, 'setup-admin');
    await page.getByLabel('Your name').fill(admin.name);
    await page.locator('input[type=password]').nth(0).fill(PASSWORD);
    await page.locator('input[type=password]').nth(1).fill(PASSWORD);
    await press(page, 'Create the administrator');
    const welcome = page.getByTestId('welcome');
    await reads(welcome, /Where phone calls come in.*Listens on/);
    await see(page, 'setup-sip');
    await press(welcome, 'Next');
    await reads(welcome, /The first range/);
    await welcome.getByRole('button', { name: 'Create the range' }).and(page.locator(':enabled:not([aria-disabled=true])')).waitFor();
    await see(page, 'setup-range');
    await press(welcome, 'Create the range');
    await reads(welcome, 'Connect your phone system');
    equal((await api('GET', 'number-ranges')).items.map((r) => r.start), ['*7000']);
    await see(page, 'setup-connect');
    await press(welcome, 'Next');
    await press(welcome, 'Try it');
    await reads(welcome, '2 demo calls are parked');
    await see(page, 'setup-try');
    await welcome.getByRole('link', { name: 'Show parked calls' }).click();
    await until(async () => (await page.getByTestId('call').count()) === 2, 'the board shows the demo calls');
    await see(page, 'setup-board');
    admin.cookie = (await signIn(admin.name)).cookie;
});

test('a wrong password is refused with words, the right one leads to the page asked for; signing out', async () => {
    const page = await nobody.page('/users');
    await at(page, '/signin');
    await enter(page, admin.name, 'wrong horse 9 battery');
    await reads(page.getByTestId('signin').getByRole('alert'), /password/i);
    await see(page, 'signin-wrong');
    await until(async () => page.getByRole('button', { name: 'Sign in', exact: true }).isEnabled(), 'one may try again');
    await enter(page, admin.name, PASSWORD);
    await at(page, '/users');
    await choose(page, /^(Account|ada)/, 'Sign out');
    await at(page, '/signin');
});

test('a link signs in once, and no more', async () => {
    await api('POST', 'users', { name: 'linked', role: 'attendant', scope: 'all' });
    const { link } = await api('POST', 'setup/link', { user: 'linked' });
    const where = '/signin' + new URL(link).hash;
    const one = await nobody.page(where);
    await at(one, '/calls');
    const two = await nobody.page(where);
    await two.getByTestId('signin').getByRole('alert').waitFor();
    await see(two, 'signin-link-used');
    await at(two, '/signin');
});

test('an attendant sees the board and nothing else', async () => {
    const page = await (await person('desk', 'attendant')).page('/calls');
    equal(await tabs(page), ['Parked calls']);
    await until(async () => (await page.getByTestId('call').count()) > 0, 'a call is there');
    await reads(page.locator('main'), '+12025550100');
    await page.goto('/users');
    await reads(page.locator('main'), /You may not see this page.*users.read/);
    await see(page, 'forbidden');
});

test('a viewer sees all pages, numbers masked, without commands', async () => {
    const page = await (await person('eve', 'viewer')).page('/calls');
    await until(async () => (await page.getByTestId('call').count()) > 0, 'a call is there');
    ok(!(await page.locator('main').innerText()).includes('+12025550100'), 'the number is not masked');
    await see(page, 'viewer-calls');
    await page.goto('/users');
    await row(page, 'eve').waitFor();
    equal(await page.getByRole('button', { name: 'New', exact: true }).count(), 0, 'New on the page of users');
});

test('a voice administrator makes ranges, and does not see users', async () => {
    const page = await (await person('vera', 'voice-administrator')).page('/ranges');
    await page.getByRole('button', { name: 'New', exact: true }).waitFor();
    ok(!(await tabs(page)).includes('Users'), 'the tab Users');
});

test('a new user with a role, disabled, then deleted', async () => {
    const page = await admin.page('/users');
    await press(page, 'New');
    const sheet = dialog(page, 'user-new');
    await see(page, 'user-new');
    await sheet.getByLabel('Name', { exact: true }).fill('Nina');
    await sheet.locator('input[type=password]').nth(0).fill(PASSWORD);
    await sheet.locator('input[type=password]').nth(1).fill(PASSWORD);
    await press(sheet, 'Commit');
    await gone(sheet);
    await reads(toast(page), 'User nina was created.');
    await reads(row(page, 'nina'), /Voice administrator: everywhere/);
    await row(page, 'nina').getByRole('checkbox').check();
    await choose(page, 'Edit', 'Disable');
    await reads(row(page, 'nina'), 'disabled');
    await see(page, 'users-disabled');
    await row(page, 'nina').getByRole('checkbox').check();
    await choose(page, 'Edit', 'Delete');
    const question = dialog(page, 'question');
    await question.getByLabel('Type nina to confirm').fill('nina');
    await press(question, 'Delete');
    await gone(row(page, 'nina'));
});

test('a SIP password is set, replaced and taken away, and never shown', async () => {
    await api('POST', 'users', { name: 'phil', password: PASSWORD, role: 'attendant', scope: 'all' });
    const page = await admin.page('/users');
    await row(page, 'phil').getByRole('button', { name: 'phil' }).click();
    const sheet = dialog(page, 'user-editor');
    await reads(sheet, 'No SIP password is set');
    await sheet.getByText('Set a SIP password').click();
    await sheet.getByLabel('SIP password', { exact: true }).fill('phil-phil1');
    await see(page, 'user-sip-password');
    await sheet.getByLabel('SIP password', { exact: true }).fill('a phone of phils 7');
    await press(sheet, 'Set SIP password');
    await reads(toast(page), 'SIP password of phil set.');
    await reads(sheet, 'A SIP password is set.');
    equal((await api('GET', 'users/phil')).has_sip_password, true);
    ok(!(await page.content()).includes('a phone of phils'), 'the password is still in the page');
    await press(sheet, 'Take the SIP password away');
    await reads(sheet, 'No SIP password is set');
    equal((await api('GET', 'users/phil')).has_sip_password, false);
});

test('the last administrator cannot be deleted', async () => {
    const page = await admin.page('/users');
    await row(page, 'ada').getByRole('checkbox').check();
    await choose(page, 'Edit', 'Delete');
    const question = dialog(page, 'question');
    await question.getByLabel('Type ada to confirm').fill('ada');
    await press(question, 'Delete');
    await reads(toast(page), /administrator/i);
    await see(page, 'users-last-administrator');
    await api('GET', 'users/ada');
});

test('a token is shown once', async () => {
    const page = await admin.page('/account');
    await press(page, 'New access token');
    const sheet = dialog(page, 'token-new');
    await sheet.getByLabel('Name', { exact: true }).fill('backup');
    await press(sheet, 'Create');
    const made = dialog(page, 'token-made');
    await reads(made, 'Copy it now: it is shown this once.');
    await see(page, 'token-made');
    const text = /TOKEN=(\S+)/.exec(await made.innerText())[1];
    await press(made, 'I have kept it');
    await gone(made);
    await page.reload();
    await reads(page.getByTestId('tokens'), 'backup');
    ok(!(await page.content()).includes(text), 'the token is still in the page');
});

test('who has his sessions ended is signed out in the other browser', async () => {
    const other = await (await person('otto', 'attendant')).page('/calls');
    const page = await admin.page('/users');
    await row(page, 'otto').getByRole('checkbox').check();
    await choose(page, 'Edit', 'End all sessions');
    await reads(toast(page), 'The sessions have ended.');
    await at(other, '/signin');
    await quiet(other);
});

await run();
