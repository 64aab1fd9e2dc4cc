// Puts the page into callparkd:  node web/embed.js OUT.c DEPFILE DIR
//
// Runs build.js into DIR, packs each file once, and writes C that holds the packed bytes with what a
// server has to say about them (src/api/page.h). The assembler takes the bytes in. DEPFILE names all
// that the page is made of, so that ninja builds it again when one of it changes.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const [outC, depFile, dir] = process.argv.slice(2).map((path) => resolve(path));
if (!dir) {
    console.error('usage: node web/embed.js OUT.c DEPFILE DIR');
    process.exit(2);
}

const types = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.ico': 'image/x-icon',
    '.js': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.png': 'image/png',
    '.svg': 'image/svg+xml',
    '.txt': 'text/plain; charset=utf-8',
    '.wav': 'audio/wav',
    '.webmanifest': 'application/manifest+json',
    '.woff2': 'font/woff2',
};

/** All files below a folder, and the folders: one that is new there changes its folder. */
function walk(folder, leaveOut = () => false) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (leaveOut(entry.name)) return [];
        return entry.isDirectory() ? [path, ...walk(path, leaveOut)] : [path];
    });
}

/** The licences of what esbuild put into the page: everything installed that is not for building. */
function licences() {
    const lock = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8'));
    return Object.entries(lock.packages)
        .filter(([path, about]) => path.startsWith('node_modules/') && !about.dev && !about.optional)
        .map(([path]) => {
            const folder = join(here, path);
            const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
            const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
            if (!about.license || !file)
                throw new Error(`${about.name} does not say its licence: it cannot be bundled`);
            return {
                name: about.name,
                version: about.version,
                license: about.license,
                home: about.homepage ?? null,
                part: 'admin page',
                text: readFileSync(join(folder, file), 'utf8'),
            };
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const quoted = (text) => '"' + text.replace(/[\\"]/g, '\\$&') + '"';

function entry(path, number) {
    const name = '/' + relative(dir, path);
    const type = types[extname(path)];
    const plain = readFileSync(path);
    if (!type) throw new Error(`${name}: embed.js knows no content type for it`);
    const packed = join(dir, '.packed', String(number) + '.gz');
    writeFileSync(packed, gzipSync(plain, { level: 9 }));
    return {
        name,
        type,
        packed,
        size: plain.length,
        hash: createHash('sha256').update(plain).digest('hex').slice(0, 20),
        immutable: name.startsWith('/assets/'),
    };
}

execFileSync(process.execPath, [join(here, 'build.js'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
writeFileSync(join(dir, 'licenses.json'), JSON.stringify(licences()));
mkdirSync(join(dir, '.packed'), { recursive: true });

const files = walk(dir, (name) => name === '.packed')
    .filter((path) => statSync(path).isFile())
    .sort()
    .map(entry);

const lines = ['/* Written by web/embed.js. */', '#include "api/page.h"'];
files.forEach((f, n) => {
    // `;` ends a line for the assembler as well.
    lines.push(
        `extern const unsigned char page_${n}_start[], page_${n}_end[];`,
        `__asm__(".pushsection .rodata; .balign 4; .global page_${n}_start, page_${n}_end;"`,
        `        "page_${n}_start: .incbin \\${quoted(f.packed).slice(0, -1)}\\"; page_${n}_end: .byte 0; .popsection");`,
    );
});
lines.push('const struct page_file page_files[] = {');
files.forEach((f, n) =>
    lines.push(
        `    { ${quoted(f.name)}, ${quoted(f.type)}, ${quoted(f.hash)}, page_${n}_start, page_${n}_end, ` +
            `${f.size}, ${f.immutable} },`,
    ),
);
lines.push('    { 0, 0, 0, 0, 0, 0, 0 },', '};', '');
writeFileSync(outC, lines.join('\n'));

const sources = [here, ...walk(here, (name) => name === 'node_modules')];
const installed = join(here, 'node_modules', '.package-lock.json');
if (existsSync(installed)) sources.push(installed);
const escaped = (path) => path.replace(/[ #]/g, '\\$&').replace(/\$/g, '$$$$');
writeFileSync(depFile, `${escaped(outC)}: ${sources.map(escaped).join(' \\\n ')}\n`);
