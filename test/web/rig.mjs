// What the tests of the page have in common: a real Chromium, people who are signed in, TAP, and what is a
// fault on any page whatever the test is about. One file here is one callparkd, which e2e_web of
// test/e2e/lib.sh has started.
//
//   import { test, run, admin, … } from './rig.mjs';
//   test('an overlap is named', async () => {
//       const page = await admin.page('/ranges');
//       …
//       await see(page, 'ranges-overlap');
//   });
//   await run();
//
// A page fails its test by an error on the console, an exception, a violation of the Content-Security-Policy,
// a request to another host, a request that the API's description does not know, and an answer that is not
// as described. `see` also holds what is shown against WCAG (axe), in light, dark and at 320 pixels.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { faultOf, operationOf } from './contract.mjs';
import { PATIENCE, api, ctl, endCalls, said, server, until } from './server.mjs';

export { api, ctl, equal, ok, park, shell, until } from './server.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const screens = resolve(root, 'build/screens');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// ---- the line between browser and server, which can be cut ----

const joined = new Set();

const line = createServer((browserEnd) => {
    const serverEnd = connect(Number(server.port), server.hostname);
    const both = [browserEnd, serverEnd];
    for (const end of both) {
        joined.add(end);
        end.on('error', () => {});
        end.on('close', () => both.forEach((e) => joined.delete(e) && e.destroy()));
    }
    browserEnd.pipe(serverEnd);
    serverEnd.pipe(browserEnd);
});

const listen = (port) => new Promise((done) => line.listen(port, server.hostname, done));
await listen(0);
const { port } = line.address();

/** What browsers are given as the address of the server. */
export const base = `http://${server.hostname}:${port}`;
const origin = base;

/** Ends all connections of browsers and takes no new ones, until mend(). */
export function cut() {
    line.close();
    for (const end of joined) end.destroy();
}

export const mend = () => listen(port);

// ---- what is wrong, whatever the test is about ----

let faults = [];
const bodies = new Map(); // answers whose bodies are on their way: by which page, and what was asked

function fault(page, text) {
    const line = `${page ? new URL(page.url()).pathname + ': ' : ''}${text}`;
    if (!page?.expected?.some((e) => e.test(text)) && !faults.includes(line)) faults.push(line);
}

/* Chromium reports each answer of 400 and above as an error. The page asked for it and shows it; what the
 * server may not answer is held against the description below. */
const refusal = (text) => /^Failed to load resource: the server responded with a status of 4\d\d/.test(text);

async function holdAgainst(page, response) {
    const request = response.request();
    const url = new URL(response.url());
    const type = response.headers()['content-type'] ?? '';
    let body = '';
    if (type.includes('json'))
        try {
            body = await response.text();
        } catch {
            return; // the page was left before all of it was there
        }
    const wrong = faultOf({ method: request.method(), path: url.pathname + url.search, status: response.status(), type, body });
    if (wrong) fault(page, wrong);
    if (response.status() >= 500 && response.status() !== 503) fault(page, `${request.method()} ${url.pathname}: ${response.status()} ${body}`);
}

function watch(page) {
    page.expected = [];
    page.asked = [];
    // Another document: what the last one had not read, nobody reads any more, and nobody is told so.
    page.on('domcontentloaded', () => {
        for (const [wait, answer] of bodies) if (answer.page === page) bodies.delete(wait);
    });
    page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type()) && !refusal(message.text())) fault(page, `console: ${message.text()}`);
    });
    page.on('pageerror', (error) => fault(page, `exception: ${error.stack ?? error}`));
    page.on('request', (request) => {
        const url = new URL(request.url());
        if (['data:', 'blob:'].includes(url.protocol)) return;
        if (url.origin !== origin) return fault(page, `asks another host: ${url}`);
        page.asked.push(`${request.method()} ${url.pathname}${url.search}`);
        if (/^\/(api|livez|readyz|version|metrics)\b/.test(url.pathname) && !operationOf(request.method(), url.pathname))
            fault(page, `asks what the API's description does not know: ${request.method()} ${url.pathname}`);
    });
    page.on('response', (response) => {
        const path = new URL(response.url()).pathname;
        if (response.url().startsWith(origin) && path.startsWith('/assets/') && response.status() >= 400) fault(page, `${path}: ${response.status()}`);
        if (!response.url().startsWith(origin) || !path.startsWith('/api/') || operationOf(response.request().method(), path) === undefined) return;
        const wait = holdAgainst(page, response).finally(() => bodies.delete(wait));
        bodies.set(wait, { page, what: `${response.request().method()} ${path} (${response.status()})` });
    });
}

/* Runs in the page: reports what the Content-Security-Policy stopped. */
const reportViolations = () =>
    addEventListener('securitypolicyviolation', (e) => globalThis.reportViolation(`${e.effectiveDirective} stopped ${e.blockedURI} ${e.sourceFile ?? ''}:${e.lineNumber} ${e.sample}`));

// ---- people ----

let browser;

/** Somebody with a browser of his own: cookies, storage, tabs. */
export class Person {
    constructor(name, cookie) {
        this.name = name;
        this.cookie = cookie;
    }

    async context(options = {}) {
        const context = await browser.newContext({
            baseURL: base,
            viewport: { width: 1280, height: 800 },
            colorScheme: 'light',
            reducedMotion: 'reduce',
            locale: 'en-GB',
            acceptDownloads: true,
            ...options,
        });
        context.setDefaultTimeout(PATIENCE);
        await context.exposeBinding('reportViolation', ({ page }, text) => fault(page, `Content-Security-Policy: ${text}`));
        await context.addInitScript(reportViolations);
        context.on('page', watch);
        if (this.cookie) {
            const at = this.cookie.indexOf('=');
            await context.addCookies([{ name: this.cookie.slice(0, at), value: this.cookie.slice(at + 1), url: base, httpOnly: true, sameSite: 'Strict' }]);
        }
        open.push(context);
        return context;
    }

    /** A tab at `path`, in a browser of its own unless `context` is given. */
    async page(path, options = {}) {
        const context = options.context ?? (await this.context(options));
        const page = await context.newPage();
        if (path) await visit(page, path);
        return page;
    }
}

export const nobody = new Person('nobody');
export const admin = new Person('ada');
export const PASSWORD = 'correct horse 9 battery';
let open = []; // contexts of the test that runs

const cookieOf = (response) => (response.headers.get('set-cookie') ?? '').split(';')[0];

/** Makes the first administrator, as the page /setup would. */
export async function setUp() {
    const link = (await ctl('setup', '--quiet')).trim();
    const token = /#token=(\w+)/.exec(link)[1];
    const response = await fetch(`${server.origin}/api/v1/setup`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: server.origin },
        body: JSON.stringify({ token, name: admin.name, password: PASSWORD }),
    });
    if (response.status !== 201) throw new Error(`setup: ${response.status} ${await response.text()}`);
    admin.cookie = cookieOf(response);
}

export async function signIn(name, password = PASSWORD) {
    for (;;) {
        const response = await fetch(`${server.origin}/api/v1/auth/login`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', Origin: server.origin },
            body: JSON.stringify({ name, password }),
        });
        if (response.ok) return new Person(name, cookieOf(response));
        const words = await response.text();
        // Tests of wrong passwords come from the same address.
        if (response.status !== 429) throw new Error(`login of ${name}: ${response.status} ${words}`);
        await new Promise((later) => setTimeout(later, 1000 * Number(response.headers.get('retry-after'))));
    }
}

/** A user with a role, signed in. */
export async function person(name, role, scope = 'all', more = {}) {
    await api('POST', 'users', { name, password: PASSWORD, role, scope, ...more });
    return signIn(name);
}

// ---- looking at a page ----

/** Goes there and waits until what is there has been loaded. */
export async function visit(page, path) {
    await page.goto(path);
    await page.locator('h1').first().waitFor();
    await quiet(page);
}

/** No request is on its way any more (but for the stream of events), and nothing is loading. */
export async function quiet(page) {
    await until(async () => (await page.locator('[aria-busy=true], .loading').count()) === 0, 'nothing loads any more');
}

/** Waits until the text of something fits. */
export async function reads(locator, pattern) {
    let text = '';
    const fits = (t) => (pattern instanceof RegExp ? pattern.test(t) : t.includes(pattern));
    try {
        await until(async () => fits((text = (await locator.innerText({ timeout: PATIENCE })).replace(/\s+/g, ' '))), String(pattern));
    } catch {
        throw new Error(`expected ${pattern}, it reads: ${text.slice(0, 400)}`);
    }
}

export async function gone(locator) {
    await locator.waitFor({ state: 'detached' });
}

/** Toasts and whatever else says what was done. */
export const toast = (page) => page.getByTestId('toasts');
export const dialog = (page, id) => page.getByTestId(id);

/** Opens the menu called `menu` and chooses `item`. */
export async function choose(page, menu, item) {
    await page.getByRole('button', { name: menu, exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
}

// ---- pictures and axe ----

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/* In the dark nothing but the colours differs, and on a narrow screen all but the colours, which cost axe the most. */
const LOOKS = {
    light: { runOnly: { type: 'tag', values: TAGS } },
    dark: { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } },
    320: { runOnly: { type: 'tag', values: TAGS }, rules: { 'color-contrast': { enabled: false } } },
};

const violations = (page, look) => page.evaluate(async (options) => {
    const result = await globalThis.axe.run(document, { ...options, resultTypes: ['violations'], preload: false });
    return result.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} (${n.any.concat(n.all, n.none).map((c) => c.message).slice(0, 1)})`).join(' | ')}`);
}, LOOKS[look]);

/* What axe finds is looked at once more when the page has settled again: once, on a busy machine, two elements still
 * had the letters of the dark theme on the ground of the light one, a frame after the theme was changed. */
async function axe(page, name, look) {
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
    const first = await violations(page, look);
    if (!first.length) return;
    await settled(page);
    const still = await violations(page, look);
    for (const violation of still) fault(page, `axe, ${name} ${look}: ${violation}`);
}

/** Drawn, and with no animation under way. */
async function settled(page) {
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.effect.getTiming().iterations !== Infinity && a.finished.catch(() => {}))));
}

/** The page itself never scrolls sideways; tables may, in a box of their own. */
async function fitsWidth(page, as) {
    const wide = await page.evaluate(() => {
        const most = document.documentElement.clientWidth;
        if (document.scrollingElement.scrollWidth <= most) return '';
        return `${document.scrollingElement.scrollWidth} of ${most} pixels: ` + [...document.querySelectorAll('body *')]
            .filter((e) => e.getBoundingClientRect().right > most + 0.5).slice(0, 4).map((e) => `${e.tagName.toLowerCase()}.${e.className}`).join(', ');
    });
    if (wide) fault(page, `${as}: scrolls sideways: ${wide}`);
}

/* Not page.screenshot: that puts a style into the page, which the Content-Security-Policy stops. */
async function picture(page, file) {
    const session = await page.context().newCDPSession(page);
    const clip = await page.evaluate(() => ({ x: 0, y: scrollY, width: innerWidth, height: innerHeight, scale: 1 }));
    const { data } = await session.send('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
    await session.detach();
    writeFileSync(resolve(screens, `${file}.png`), Buffer.from(data, 'base64'));
}

/** Pictures of this state, and axe on each: light, dark, 320 pixels. */
export async function see(page, name) {
    mkdirSync(screens, { recursive: true });
    const before = page.viewportSize();
    for (const [as, width, height, colorScheme] of [['light', 1280, 800, 'light'], ['dark', 1280, 800, 'dark'], ['320', 320, 640, 'light']]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height });
        await settled(page);
        await axe(page, name, as);
        await fitsWidth(page, `${name} ${as}`);
        await picture(page, `${name}-${as}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(before);
}

// ---- TAP ----

const tests = [];

export function test(name, body) {
    tests.push({ name, body });
}

async function one({ name, body }, number) {
    const began = Date.now();
    let error;
    faults = [];
    open = [];
    bodies.clear();
    try {
        await body();
        await until(() => !bodies.size, 'all answers are there').catch(() => bodies.forEach(({ page, what }) => fault(page, `the answer to ${what} is never read to its end, which keeps a connection`)));
    } catch (e) {
        error = e;
    }
    if (error)
        for (const [i, page] of open.flatMap((c) => c.pages()).entries()) {
            await picture(page, `failed-${number}-${i}`).catch(() => {});
            console.log(said(`a picture of ${page.url()}: build/screens/failed-${number}-${i}.png`));
        }
    for (const context of open) await context.close();
    await endCalls();
    const good = !error && !faults.length;
    console.log(`${good ? 'ok' : 'not ok'} ${number} - ${name}${process.env.WEB_TIMES ? ` (${Date.now() - began} ms)` : ''}`);
    if (error) console.log(said(error.stack ?? error));
    for (const line of faults) console.log(said(line));
    return good;
}

/** WEB_ONLY=EXPRESSION runs those whose name fits. */
export async function run({ begin } = {}) {
    const only = process.env.WEB_ONLY && new RegExp(process.env.WEB_ONLY);
    const wanted = tests.filter((t) => !only || only.test(t.name));
    const args = ['--disable-dev-shm-usage', '--autoplay-policy=no-user-gesture-required'];
    if (process.getuid() === 0) args.push('--no-sandbox');
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
    let good = true;
    try {
        await begin?.();
        for (const [i, t] of wanted.entries()) good = (await one(t, i + 1)) && good;
        console.log(`1..${wanted.length}`);
    } catch (error) {
        console.log(`Bail out! ${String(error.message).split('\n')[0]}`);
        good = false;
    } finally {
        await browser.close();
        cut();
    }
    process.exitCode = good ? 0 : 1;
}
