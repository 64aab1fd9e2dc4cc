// A store that cannot be written: the page says so in red, on every page, and no more once it is over.
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { admin, api, gone, ok, run, see, setUp, test, until } from './rig.mjs';

const filler = `${process.env.E2E_DISK}/filler`;

function fill() {
    const file = openSync(filler, 'w'), page = Buffer.alloc(4096, 'x');
    try {
        for (;;) writeSync(file, page);
    } catch {
        closeSync(file);
    }
}

const state = async () => (await api('GET', 'system')).store;

test('a full disk is said in red, with what it means and what to do; with room again it is gone', async () => {
    const page = await admin.page('/calls');
    const banner = page.getByTestId('store-banner');
    fill();
    await until(async () => {
        await api('POST', 'system/drain').catch(() => {});
        await api('POST', 'system/undrain').catch(() => {});
        return !(await state()).ok;
    }, 'a full disk is no trouble');
    await banner.waitFor();
    const text = await banner.textContent();
    for (const words of ['disk is full', 'Since', 'keep their music', 'New calls are not parked', 'Make room']) ok(text.includes(words), `the banner does not say '${words}': ${text}`);
    await see(page, 'store-trouble');
    unlinkSync(filler);
    await gone(banner);
});

await run({ begin: setUp });
