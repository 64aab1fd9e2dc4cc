// Words. t('ranges.title') gives the text of the language that is shown; a component that calls it is
// drawn again when the language changes. One language is one chunk of the build (locale/en.js), so
// a browser loads what it shows and no more.
//
//   t('ranges.count', { n: 3 })            "3 ranges": an entry { "one": …, "other": … } picks by n
//   tx('ranges.holds', { name: html`<b>…</b>` })   the same with nodes in it, as a list for htm
//
// Placeholders are {name}. Numbers among them are written as the language writes them. The keys of
// a file locale/LANG/PAGE.json begin with "PAGE."; `node check.mjs` compares languages and code.
import { signal } from '@preact/signals';

/** Languages that are offered, in their own words. A test's pseudo language comes on top. */
export const languages = { en: 'English', de: 'Deutsch' };

const load = {
    en: () => import('./locale/en.js'),
    de: () => import('./locale/de.js'),
};

/** The language that is shown: "en", "de" or "en-XA". */
export const language = signal('en');
const catalogue = signal({});
let plural = new Intl.PluralRules('en');
let numbers = new Intl.NumberFormat('en');

/** What the browser asks for, as far as we have it. */
export function preferredLanguage() {
    for (const wanted of navigator.languages ?? [navigator.language]) {
        const base = wanted.toLowerCase().split('-')[0];
        if (base in languages) return base;
    }
    return 'en';
}

/** Every text longer and with accents, so that what is not in a catalogue shows. */
function pseudo(text) {
    const accents = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', I: 'Í', O: 'Ó', U: 'Ú' };
    return '[' + text.replace(/\{\w+\}|[aeiouAEIOU]/g, (c) => accents[c] ?? c) + ' ··]';
}

function pseudoAll(words) {
    const map = (v) => (typeof v === 'string' ? pseudo(v) : Object.fromEntries(Object.entries(v).map(([k, w]) => [k, pseudo(w)])));
    return Object.fromEntries(Object.entries(words).map(([key, value]) => [key, map(value)]));
}

/** Shows another language once its words are here. */
export async function setLanguage(tag) {
    const base = tag === 'en-XA' ? 'en' : tag in languages ? tag : 'en';
    const words = (await load[base]()).default;
    plural = new Intl.PluralRules(base);
    numbers = new Intl.NumberFormat(base);
    catalogue.value = tag === 'en-XA' ? pseudoAll(words) : words;
    language.value = tag;
    document.documentElement.lang = tag;
}

/** For Intl: the language with the region that the browser asks for, so that Britain reads 14:05. "en-XA" is English. */
export function locale() {
    const base = language.value.split('-')[0];
    return navigator.languages?.find((l) => l.toLowerCase().split('-')[0] === base) ?? base;
}

function entry(key, values) {
    let text = catalogue.value[key];
    if (text === undefined) return key; // check.mjs does not let this happen
    if (typeof text === 'object') text = text[plural.select(Number(values?.n ?? 0))] ?? text.other;
    return text;
}

const shown = (value) => (typeof value === 'number' ? numbers.format(value) : value);

export function t(key, values) {
    const text = entry(key, values);
    return values ? text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? shown(values[name]) : all)) : text;
}

export function tx(key, values) {
    return entry(key, values)
        .split(/(\{\w+\})/)
        .map((piece) => {
            const name = piece.startsWith('{') && piece.slice(1, -1);
            return name && name in values ? shown(values[name]) : piece;
        });
}

/** Is there such an entry? For words that the server chose, e.g. a state of a newer version. */
export const has = (key) => key in catalogue.value;
