// What holds on every page: no English is left in German, nothing scrolls sideways on a narrow screen or when all is
// twice as large, axe, and the work that can be done by the keyboard alone.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { admin, api, dialog, gone, ok, park, quiet, reads, run, see, setUp, test, until, visit } from './rig.mjs';

const POOL = 'pool1.example.com';
const PAGES = ['calls', 'ranges', 'settings', 'records', 'activity', 'system', 'users', 'account'];
const locale = resolve(dirname(fileURLToPath(import.meta.url)), '../../web/src/locale');

function words(language) {
    const files = readdirSync(`${locale}/${language}`).filter((f) => f.endsWith('.json'));
    return Object.assign({}, ...files.map((f) => JSON.parse(readFileSync(`${locale}/${language}/${f}`, 'utf8'))));
}

const forms = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry));

/** English texts without placeholders that are no German text, too. */
function englishOnly() {
    const german = new Set(Object.values(words('de')).flatMap(forms));
    return new Set(Object.values(words('en')).flatMap(forms).filter((text) => !text.includes('{') && /\p{L}{3}/u.test(text) && !german.has(text)));
}

/* Runs in the page: each piece of text and each label that is not marked as English. */
function textsShown() {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (element.closest('[lang=en], code, script, style')) continue;
        if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
        else for (const name of ['aria-label', 'title', 'placeholder', 'data-label']) found.push(node.getAttribute(name) ?? '');
    }
    return found.map((text) => text.replace(/\s+/g, ' ').trim()).filter(Boolean);
}

/* Runs in the page: does the document scroll sideways, and by what? */
function tooWide() {
    const most = document.documentElement.clientWidth, has = document.scrollingElement.scrollWidth;
    return has > most ? `${has} of ${most} pixels` : '';
}

for (const name of PAGES) {
    test(`${name}: no English in German, and axe finds nothing`, async () => {
        await park(1);
        const page = await admin.page(`/${name}`, { locale: 'de-DE' });
        await until(async () => (await page.locator('html').getAttribute('lang')) === 'de', 'the page is German');
        await quiet(page);
        const english = englishOnly();
        const left = (await page.evaluate(textsShown)).filter((text) => english.has(text));
        ok(left.length === 0, `English is left: ${[...new Set(left)].join(' | ')}`);
        await see(page, `everywhere-${name}`);
    });

    test(`${name}: nothing scrolls sideways at 320 pixels, and at 200 %`, async () => {
        await park(1);
        for (const [as, options] of [['320', { viewport: { width: 320, height: 640 } }], ['200 %', { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }]])
            for (const language of ['en-GB', 'de-DE']) {
                const page = await admin.page(`/${name}`, { ...options, locale: language });
                const wide = await page.evaluate(tooWide);
                ok(!wide, `${as}, ${language}: ${wide}`);
                await page.context().close();
            }
    });
}

/** Tab until what has the focus fits: nothing else is pressed, and nothing is clicked. */
async function tabTo(page, fits, what, most = 80) {
    for (let i = 0; i < most; i++) {
        if (await fits.evaluateAll((all) => all.includes(document.activeElement))) return;
        await page.keyboard.press('Tab');
    }
    throw new Error(`the key Tab does not lead to ${what}`);
}

test('by the keyboard alone: a range is created', async () => {
    const page = await admin.page('/ranges');
    await tabTo(page, page.getByRole('button', { name: 'New', exact: true }), 'New');
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: /^Range/ }).waitFor();
    await page.keyboard.press('Enter');
    const editor = dialog(page, 'range-editor');
    await editor.waitFor();
    for (const [label, value] of [['Name', 'By keys'], ['Start range', '*8100'], ['End range', '*8109']]) {
        await tabTo(page, editor.getByLabel(label, { exact: true }), label);
        await page.keyboard.press('Control+a');
        await page.keyboard.type(value);
    }
    await reads(page.getByTestId('verdict'), '10 numbers free');
    await tabTo(page, editor.getByRole('button', { name: 'Commit' }), 'Commit');
    await page.keyboard.press('Enter');
    await gone(editor);
    ok((await api('GET', 'number-ranges')).items.some((r) => r.name === 'By keys' && r.end === '*8109'), 'no range was made');
});

test('by the keyboard alone: the menu of a call is opened, and left', async () => {
    await park(1);
    const page = await admin.page('/ranges');
    await visit(page, '/calls');
    const menu = page.getByTestId('call').first().getByRole('button', { name: /^(Pick up|Actions)/ });
    await menu.waitFor();
    await tabTo(page, menu, 'the menu of the call');
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Ring back now' }).waitFor();
    await page.keyboard.press('Escape');
    await gone(page.getByRole('menuitem', { name: 'Ring back now' }));
    ok(await menu.evaluate((e) => e === document.activeElement), 'the focus is lost');
});

await run({
    async begin() {
        await setUp();
        await api('POST', 'number-ranges', { name: 'Front desk', start: '700', end: '719', destination: POOL });
    },
});
