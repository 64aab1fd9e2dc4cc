// Checks the words and the rules of the page:  node web/check.mjs
//
// - all languages have the same keys, with the same placeholders and the plural forms they need;
// - the keys of locale/LANG/PAGE.json begin with "PAGE." (common.json is free);
// - each key that the code asks for is there, and none is there that nobody asks for. A key with a
//   part put in, t(`theme.${x}`), stands for all that fit;
// - none of the words that docs/WORDS.md forbids;
// - nothing that the Content-Security-Policy forbids: innerHTML, eval, style="…", another host.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const faults = [];
const fault = (text) => faults.push(text);

const files = (dir) =>
    readdirSync(dir).flatMap((name) => {
        const path = join(dir, name);
        return statSync(path).isDirectory() ? files(path) : [path];
    });

// ---- catalogues ----

const NEEDED_FORMS = { en: ['one', 'other'], de: ['one', 'other'] };
const NEVER = /\b(lots?|slots?|spots?|recalls?|comebacks?|parkees?)\b/i;
const placeholders = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort().join(',');
const texts = (value) => (typeof value === 'string' ? [value] : Object.values(value));

function catalogue(lang) {
    const words = new Map();
    for (const path of files(join(here, 'src/locale', lang))) {
        const page = path.split('/').pop().replace('.json', '');
        for (const [key, value] of Object.entries(JSON.parse(readFileSync(path, 'utf8')))) {
            const where = `${lang}/${page}.json: ${key}`;
            if (page !== 'common' && !key.startsWith(page + '.')) fault(`${where} does not begin with "${page}."`);
            if (words.has(key)) fault(`${where} is there twice`);
            words.set(key, value);
            if (typeof value === 'object')
                for (const form of NEEDED_FORMS[lang]) if (!(form in value)) fault(`${where} has no form "${form}"`);
            for (const text of texts(value)) {
                if (!text.trim()) fault(`${where} is empty`);
                if (lang === 'en' && NEVER.test(text)) fault(`${where}: "${text.match(NEVER)[0]}" is a word that docs/WORDS.md forbids`);
            }
        }
    }
    return words;
}

const en = catalogue('en');
for (const lang of Object.keys(NEEDED_FORMS).filter((l) => l !== 'en')) {
    const other = catalogue(lang);
    for (const [key, value] of en) {
        if (!other.has(key)) fault(`${lang}: ${key} is missing`);
        else {
            const theirs = other.get(key);
            const ours = placeholders(texts(value).join(' '));
            if (placeholders(texts(theirs).join(' ')) !== ours) fault(`${lang}: ${key} has other placeholders than English ({${ours}})`);
            if (typeof value !== typeof theirs) fault(`${lang}: ${key} has plural forms in one language only`);
        }
    }
    for (const key of other.keys()) if (!en.has(key)) fault(`${lang}: ${key} is not in English`);
}

// ---- code ----

const used = new Set();
const patterns = [];
for (const path of files(join(here, 'src')).filter((p) => p.endsWith('.js'))) {
    const text = readFileSync(path, 'utf8');
    const name = relative(here, path);
    if (path.includes('/locale/')) continue;
    const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    // A key stands in quotes wherever it is handed on: t('a'), { words: 'a' }, on ? t('a') : t('b').
    for (const m of code.matchAll(/['"]([a-z][\w-]*(?:\.[\w-]+)*)['"]/gi)) if (en.has(m[1])) used.add(m[1]);
    for (const m of code.matchAll(/\b(?:t|tx|has)\(\s*['"]([^'"]+)['"]/g)) if (!en.has(m[1])) fault(`${name}: t('${m[1]}') is in no catalogue`);
    for (const m of code.matchAll(/`([a-z]\w*\.[^`\s]*\$\{[^`\s]*)`/gi)) {
        const pattern = new RegExp('^' + m[1].split(/\$\{[^}]*\}/).map((p) => p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\w.-]+') + '$');
        const fits = [...en.keys()].filter((key) => pattern.test(key));
        if (!fits.length && /\b(?:t|tx|has)\($/.test(code.slice(0, m.index))) fault(`${name}: no key fits \`${m[1]}\``);
        patterns.push(pattern);
    }
    for (const [what, why] of [
        [/innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet/, 'makes HTML from text'],
        [/\beval\(|new Function\(/, 'makes code from text'],
        [/<[a-z]+[^>`]*\sstyle="/, 'sets a style as text'],
        [/['"`]https?:\/\/(?!HOST|\$\{)/, 'names another host'],
    ])
        if (what.test(code)) fault(`${name} ${why}: the Content-Security-Policy forbids it (${code.match(what)[0]})`);
    const lines = text.split('\n').length;
    if (lines > 520) fault(`${name} has ${lines} lines: more than 500, take something out`);
}
for (const key of en.keys()) if (!used.has(key) && !patterns.some((p) => p.test(key))) fault(`en: nothing uses ${key}`);

for (const text of faults) console.log(text);
if (faults.length) process.exit(1);
