// What the whole page knows: who is signed in and what he may do, and what this browser was told to
// look like. Signals: a component that reads one is drawn again when it changes.
import { computed, effect, signal } from '@preact/signals';
import { setLanguage, preferredLanguage, language } from './i18n.js';

/** GET auth/me; null: nobody is signed in; undefined: not asked yet. */
export const me = signal(undefined);
/** True until the first administrator exists (GET auth/realms). */
export const setupNeeded = signal(false);
/** GET system, if one may read it: node, destination, site, sip … */
export const server = signal(null);

/** May this person do it anywhere at all? can('ranges.write') decides what is offered. */
export function can(permission) {
    return me.value?.permissions?.includes(permission) ?? false;
}

/**
 * May this person do it there? `place`: { range: 'rng_…', destination: 'pool1…', site: 'Berlin' }, as far
 * as known; {} is the deployment as a whole. The server has the last word.
 */
export function canAt(permission, place) {
    const grants = me.value?.grants;
    if (!grants?.length) return can(permission);
    const places = ['all'];
    for (const kind of ['range', 'destination', 'site']) if (place[kind]) places.push(`${kind}:${place[kind]}`);
    return grants.some((g) => g.permissions.includes(permission) && places.includes(g.scope));
}

// ---- kept in this browser ----

function kept(key, fallback) {
    let start = fallback;
    try {
        start = JSON.parse(localStorage.getItem('callpark.' + key)) ?? fallback;
    } catch {
        // Storage may be forbidden, or hold what an older version wrote: then the fallback it is.
    }
    const value = signal(start);
    let first = true;
    effect(() => {
        const now = JSON.stringify(value.value);
        if (!first)
            try {
                localStorage.setItem('callpark.' + key, now);
            } catch {
                // Only this page remembers it then.
            }
        first = false;
    });
    return value;
}

/** A setting of this browser: keptSignal('calls.sound', true). Reads and writes localStorage. */
export const keptSignal = kept;

/** "auto", "light", "dark". */
export const theme = kept('theme', 'auto');
/** Are single letters commands? */
export const lettersOn = kept('letters', true);

const languageKept = kept('language', null);

effect(() => {
    // The style sheet asks for [data-theme]; without it the system decides.
    if (theme.value === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
});

export async function chooseLanguage(tag) {
    languageKept.value = tag;
    await setLanguage(tag);
}

export async function firstLanguage() {
    const asked = new URLSearchParams(location.search).get('lang');
    await setLanguage(asked ?? languageKept.value ?? preferredLanguage());
}

export { language };

/** A name for the place this server is, for the header. */
export const serverName = computed(() => server.value?.node ?? '');
