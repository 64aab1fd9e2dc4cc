// A phone in a real browser (Chromium, JsSIP over WebSocket), that does as it is told: one line of JSON on standard
// input is one order, one line on standard output is what came of it. test/e2e/web_phone.py gives the orders.
//
//   {"do": "call", "to": "1000"}          rings, is answered; {"answered": true, "codec": "opus"}
//   {"do": "hear"}                        {"hertz": 440, "level": 0.1, "packets": 50}: the loudest tone now
//   {"do": "wait", "for": "ended"}        also "ringing"
//   {"do": "answer"} {"do": "hangup"}
//   {"do": "dialog"}                      {"call": Call-ID, "ours": tag, "theirs": tag}
//
// The page is at PHONE_PAGE, speaks to PHONE_SERVER, is called PHONE_USER, and says a tone of PHONE_TONE Hz.
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const { PHONE_PAGE: address, PHONE_SERVER: server, PHONE_USER: user, PHONE_TONE: tone, CHROMIUM } = process.env;

// esbuild is what the page of callpark is built with; JsSIP is bundled for this run and written nowhere.
const esbuild = createRequire(resolve(here, '../../web/package.json'))('esbuild');
const bundle = await esbuild.build({
    stdin: { contents: "import JsSIP from 'jssip'; globalThis.JsSIP = JsSIP;", resolveDir: here },
    bundle: true,
    write: false,
    format: 'iife',
    define: { global: 'globalThis' },
    logLevel: 'error',
});

/* Runs in the page. */
function inPage({ server, user, tone }) {
    const sound = new AudioContext();
    const mouth = sound.createMediaStreamDestination();
    const voice = new OscillatorNode(sound, { frequency: tone });
    const ear = new AnalyserNode(sound, { fftSize: 8192, smoothingTimeConstant: 0 });
    let session = null;

    voice.connect(new GainNode(sound, { gain: 0.4 })).connect(mouth);
    voice.start();

    function listen(connection) {
        connection.addEventListener('track', ({ track }) => {
            const stream = new MediaStream([track]);
            // Chromium lets nothing of a far stream through that no element plays.
            globalThis.player = Object.assign(new Audio(), { srcObject: stream, muted: true });
            globalThis.player.play();
            sound.createMediaStreamSource(stream).connect(ear);
        });
    }

    const phone = new JsSIP.UA({
        sockets: [new JsSIP.WebSocketInterface(server)],
        uri: `sip:${user}@callpark.test`,
        register: false,
        session_timers: false,
    });
    phone.on('newRTCSession', (e) => {
        session = e.session;
        globalThis.session = session;
        if (session.direction === 'incoming') session.on('peerconnection', ({ peerconnection }) => listen(peerconnection));
    });

    const came = (target, good, bad) =>
        new Promise((yes, no) => {
            good.forEach((name) => target.once(name, yes));
            bad.forEach((name) => target.once(name, (e) => no(new Error(`${name}: ${e.cause ?? e.reason ?? ''} ${e.message?.data ?? ''}`))));
        });

    async function counts() {
        const all = [...(await session.connection.getStats()).values()];
        const inbound = all.find((s) => s.type === 'inbound-rtp' && s.kind === 'audio') ?? {};
        return { packets: inbound.packetsReceived ?? 0, codec: all.find((s) => s.id === inbound.codecId)?.mimeType ?? '' };
    }

    const orders = {
        async start() {
            phone.start();
            await came(phone, ['connected'], ['disconnected']);
            await sound.resume();
            return {};
        },
        async call({ to }) {
            const options = { mediaStream: mouth.stream, pcConfig: { iceServers: [] } };
            const made = phone.call(`sip:${to}@callpark.test`, options);
            listen(made.connection);
            await came(made, ['confirmed'], ['failed']);
            return { answered: true };
        },
        async hear() {
            const bins = new Float32Array(ear.frequencyBinCount);
            ear.getFloatFrequencyData(bins);
            const loudest = bins.reduce((best, value, at) => (value > bins[best] ? at : best), 1);
            return { hertz: Math.round((loudest * sound.sampleRate) / ear.fftSize), decibel: bins[loudest], ...(await counts()) };
        },
        async dialog() {
            const { call_id, local_tag, remote_tag } = session._dialog.id;
            return { call: call_id, ours: local_tag, theirs: remote_tag };
        },
        async answer() {
            session.answer({ mediaStream: mouth.stream, pcConfig: { iceServers: [] } });
            await came(session, ['confirmed'], ['failed']);
            return { answered: true };
        },
        async wait({ for: what }) {
            const holds = { ringing: () => session?.direction === 'incoming', ended: () => session?.isEnded() };
            while (!holds[what]()) await new Promise((later) => setTimeout(later, 20));
            return {};
        },
        async hangup() {
            session.terminate();
            return {};
        },
    };
    globalThis.obey = (order) => orders[order.do](order);
}

const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
        '--no-sandbox',
        '--autoplay-policy=no-user-gesture-required',
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--ignore-certificate-errors',
        '--disable-features=LocalNetworkAccessChecks', // the page is served by nobody, so Chromium takes it for one from far away
    ],
});
const page = await browser.newPage({ ignoreHTTPSErrors: true });
page.on('pageerror', (error) => process.stderr.write(`${error.stack}\n`));
if (process.env.PHONE_DEBUG) page.on('console', (message) => process.stderr.write(`${message.text()}\n`));
// A page of this host is one that may use a microphone; nobody need serve it.
await page.route(`${address}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>phone</title>' }));
await page.goto(`${address}/`);
await page.addScriptTag({ content: bundle.outputFiles[0].text });
if (process.env.PHONE_DEBUG) await page.evaluate(() => JsSIP.debug.enable('JsSIP:*'));
await page.evaluate(inPage, { server, user, tone: Number(tone) });

const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const obey = (order) =>
    page
        .evaluate((o) => globalThis.obey(o), order)
        .catch((error) => ({ fault: error.message }));
tell(await obey({ do: 'start' }));
for await (const line of createInterface({ input: process.stdin })) tell(await obey(JSON.parse(line)));
await browser.close();
