// The board with ten thousand live calls in a real browser, while fifty more a second are parked and hang up again:
// how long until it is drawn, how many elements it has, how long the browser is held up (long tasks, 50 ms and more)
// while nothing is done, while the page is scrolled, sorted and searched, and what it takes of memory.
//   node bench/board.mjs [CALLS]    after ./dev bench api; Chromium at $CHROMIUM or /usr/bin/chromium
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { chromium } = createRequire(resolve(root, 'test/web/rig.mjs'))('playwright-core');
const calls = Number(process.argv[2] ?? 10000);
const PASSWORD = 'correct horse 9 battery';
const rest = (ms) => new Promise((later) => setTimeout(later, ms));

/** A server with so many calls: its folder, and where its page is. */
async function begin() {
    const server = spawn(resolve(root, 'build/fast/bench/bench_api_lists'), ['hold', String(calls)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const piece of server.stdout) {
        said += piece;
        const found = /^(\S+) (127\.0\.0\.1:\d+)$/m.exec(said);
        if (/WRONG/.test(said)) throw new Error(said);
        if (found) return { server, folder: found[1], base: `http://${found[2]}` };
    }
    throw new Error('no server');
}

/** The cookie of an administrator. */
async function signIn({ folder, base }) {
    const link = execFileSync(resolve(root, 'build/fast/callparkctl'), ['--socket', `${folder}/sock`, 'setup', '--quiet'], { encoding: 'utf8' });
    const response = await fetch(`${base}/api/v1/setup`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: base },
        body: JSON.stringify({ token: /#token=(\w+)/.exec(link)[1], name: 'ada', password: PASSWORD }),
    });
    if (response.status !== 201) throw new Error(await response.text());
    return response.headers.get('set-cookie').split(';')[0];
}

/* Runs in the page. */
function noteLongTasks() {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask', buffered: true });
}

async function tasks(page, what, act) {
    await page.evaluate(() => (globalThis.longTasks = []));
    const began = Date.now();
    await act();
    const all = await page.evaluate(() => globalThis.longTasks);
    const sum = all.reduce((a, b) => a + b, 0), span = Date.now() - began;
    console.log(`${what}: ${all.length} long tasks in ${(span / 1000).toFixed(1)} s, the longest ${Math.round(Math.max(0, ...all))} ms, together ${((100 * sum) / span).toFixed(1)} % of the time`);
}

async function shape(page, what) {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const { nodes } = await session.send('Memory.getDOMCounters');
    await session.detach();
    const elements = await page.evaluate(() => document.querySelectorAll('*').length);
    const rows = await page.getByTestId('call').count();
    console.log(`${what}: ${elements} elements, ${rows} of them rows of calls (${nodes} nodes), ${(usedSize / 2 ** 20).toFixed(0)} MiB of heap`);
}

async function picture(page, name) {
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'png' });
    await session.detach();
    mkdirSync(resolve(root, 'build/screens'), { recursive: true });
    writeFileSync(resolve(root, `build/screens/${name}.png`), Buffer.from(data, 'base64'));
}

async function look(page) {
    const began = Date.now();
    await page.goto('/calls');
    await page.getByTestId('call').first().waitFor();
    const first = Date.now() - began;
    // The page's policy forbids what waitForFunction does.
    while (!((await page.evaluate(() => Number(document.querySelector('table.long')?.getAttribute('aria-rowcount')))) > calls)) await rest(20);
    console.log(`first calls drawn after ${first} ms, all ${calls} known after ${Date.now() - began} ms`);
    await rest(2000);
    await shape(page, 'table');
    await picture(page, 'board-10000');
    await tasks(page, 'nothing is done', () => rest(10000));
    await tasks(page, 'scrolled', async () => {
        for (let i = 0; i < 100; i++) {
            await page.mouse.wheel(0, 2000);
            await rest(50);
        }
    });
    await shape(page, 'after that');
    await picture(page, 'board-10000-scrolled');
    await tasks(page, 'sorted by orbit, by caller, by waiting', async () => {
        for (const key of ['Orbit', 'Caller', 'Waiting']) {
            await page.getByRole('columnheader', { name: key }).getByRole('button').click();
            await rest(1000);
        }
    });
    await tasks(page, 'searched', async () => {
        await page.getByRole('searchbox').pressSequentially('493012', { delay: 100 });
        await rest(1000);
        await page.getByRole('searchbox').fill('');
        await rest(1000);
    });
    await page.getByTestId('view-tiles').click();
    await rest(1000);
    await shape(page, 'tiles');
    await picture(page, 'board-10000-tiles');
    await tasks(page, 'tiles, nothing is done', () => rest(5000));
}

const server = await begin();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--disable-dev-shm-usage', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])] });
try {
    const cookie = await signIn(server);
    const context = await browser.newContext({ baseURL: server.base, viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const at = cookie.indexOf('=');
    await context.addCookies([{ name: cookie.slice(0, at), value: cookie.slice(at + 1), url: server.base }]);
    await context.addInitScript(noteLongTasks);
    await look(await context.newPage());
} finally {
    await browser.close();
    server.server.kill();
}
