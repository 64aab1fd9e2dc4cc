// Builds the page:  node web/build.js OUTDIR
//
// OUTDIR gets index.html and assets/*. Every asset carries a hash of its content in its name, so the
// server may tell browsers to keep it for ever; index.html alone is asked for again. What is loaded
// before the first page is seen must stay below 100 kB gzipped: the build fails when it does not.
import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIRST_VIEW_LIMIT = 100 * 1000;

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] && resolve(process.argv[2]);
if (!out) {
    console.error('usage: node web/build.js OUTDIR');
    process.exit(2);
}

rmSync(join(out, 'assets'), { recursive: true, force: true });
mkdirSync(join(out, 'assets'), { recursive: true });

const result = await build({
    absWorkingDir: here,
    entryPoints: [
        { in: 'src/main.js', out: 'app' },
        { in: 'style/main.css', out: 'app' },
    ],
    outdir: join(out, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.svg': 'file' },
    publicPath: '/assets/',
    bundle: true,
    splitting: true, // a page is loaded when it is first opened; uPlot with the records
    format: 'esm',
    target: ['es2022', 'chrome119', 'firefox121', 'safari17.5'], // light-dark() stays as it is
    minify: true,
    legalComments: 'none', // licences: GET /api/licenses
    metafile: true,
    logLevel: 'warning',
});

/** What esbuild wrote, by path relative to OUTDIR. */
const outputs = new Map(
    Object.entries(result.metafile.outputs).map(([path, about]) => [
        relative(out, resolve(here, path)),
        about,
    ]),
);

function find(test) {
    for (const [path, about] of outputs) if (about.entryPoint && test(about.entryPoint)) return path;
    throw new Error('an entry point is missing from the output');
}

const app = find((entry) => entry === 'src/main.js');
const style = find((entry) => entry === 'style/main.css');
const icon = [...outputs.keys()].find((path) => /\/icon-[A-Z0-9]+\.svg$/.test(path));
const page = readFileSync(join(here, 'index.html'), 'utf8')
    .replace('icon.svg', '/' + icon)
    .replace('src/main.js', '/' + app)
    .replace('style/main.css', '/' + style);
writeFileSync(join(out, 'index.html'), page);

/** A file and all that it imports at once: what the browser fetches before it can go on. */
function closure(path, seen = new Set()) {
    if (seen.has(path)) return seen;
    seen.add(path);
    for (const used of outputs.get(path)?.imports ?? [])
        if (used.kind === 'import-statement') closure(relative(out, resolve(here, used.path)), seen);
    return seen;
}

const packed = (path) => gzipSync(readFileSync(join(out, path)), { level: 9 }).length;
const kilobytes = (bytes) => (bytes / 1000).toFixed(1).padStart(6) + ' kB';

for (const name of readdirSync(join(out, 'assets')).sort())
    console.log(kilobytes(packed(join('assets', name))), name);

const first = closure(app);
closure(find((entry) => entry === 'src/locale/en.js'), first);
closure(find((entry) => entry === 'src/pages/ranges.js'), first);
first.add(style).add('index.html');
const total = [...first].reduce((sum, path) => sum + packed(path), 0);
console.log(kilobytes(total), `first view, gzipped (${[...first].map((p) => basename(p)).join(', ')})`);
if (total > FIRST_VIEW_LIMIT) {
    console.error(`the first view is larger than ${FIRST_VIEW_LIMIT / 1000} kB`);
    process.exit(1);
}
