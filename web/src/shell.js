// What is around every page: where we are, the pages one may see, the state of the connection,
// language, colours, and the account. Also the keys that lead from page to page.
import { html } from 'htm/preact';
import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { calls, draining, link, store } from './events.js';
import { helpOpen, HelpSheet } from './help.js';
import { language, languages, t } from './i18n.js';
import { useKeys } from './keys.js';
import { go, path } from './router.js';
import { signOut } from './session.js';
import { can, chooseLanguage, lettersOn, me, server, theme } from './state.js';
import { dateTime, time } from './format.js';
import icon from '../icon.svg';
import iconCalls from '../icon-calls.svg';
import { Icon, IconButton, Menu } from './ui/button.js';
import { Banner } from './ui/bits.js';
import { fail } from './ui/status.js';

/** In the order of the tabs; `key` follows g. */
const tabs = [
    { path: '/calls', words: 'nav.calls', needs: 'calls.read', key: 'p' },
    { path: '/ranges', words: 'nav.ranges', needs: 'ranges.read', key: 'r' },
    { path: '/settings', words: 'nav.settings', needs: 'settings.read', key: 's' },
    { path: '/records', words: 'nav.records', needs: 'records.read', key: 'c' },
    { path: '/activity', words: 'nav.activity', needs: 'audit.read', key: 'a' },
    { path: '/system', words: 'nav.system', needs: 'system.read', key: 'y' },
    { path: '/users', words: 'nav.users', needs: 'users.read', key: 'u' },
];

export const shownTabs = () => tabs.filter((tab) => can(tab.needs));

// ---- the title of the window, and its icon ----

const titleOf = signal('');

/** A page says its name here; the number of parked calls stands in front of it on every page. */
export function useTitle(title) {
    useEffect(() => {
        titleOf.value = title;
    }, [title]);
}

effect(() => {
    const n = calls.value.length;
    const name = titleOf.value ? `${titleOf.value} - callpark` : 'callpark';
    document.title = n && me.value ? `(${n}) ${name}` : name;
    document.querySelector('link[rel=icon]').href = n ? iconCalls : icon;
});

function Live() {
    const { state, since } = link.value;
    const words = { live: t('link.live'), stale: t('link.stale'), connecting: t('link.connecting') }[state];
    return html`<span class=${'live ' + state} title=${state === 'stale' ? t('link.since', { time: time(since) }) : words} data-testid="link">
        <span class="dot" aria-hidden="true"></span><span class="words">${words}</span></span>`;
}

export function ThemeMenu() {
    const icons = { auto: 'auto', light: 'sun', dark: 'moon' };
    return html`<${Menu} quiet end iconOnly icon=${icons[theme.value]} label=${t('theme')} items=${['auto', 'light', 'dark'].map((value) => ({
        label: t(`theme.${value}`),
        icon: icons[value],
        checked: theme.value === value,
        onSelect: () => (theme.value = value),
    }))} />`;
}

export function LanguageMenu() {
    const now = language.value;
    return html`<${Menu} quiet end label=${t('language')} face=${html`<span class="hidden">${t('language')}: </span>${now.slice(0, 2).toUpperCase()}`}
        items=${Object.entries(languages).map(([tag, label]) => ({ label, checked: now === tag, onSelect: () => void chooseLanguage(tag) }))} />`;
}

function AccountMenu() {
    const who = me.value;
    const items = [
        { label: t('account.menu'), onSelect: () => go('/account'), icon: 'user' },
        { label: t('keys.menu'), key: '?', onSelect: () => (helpOpen.value = 'keys') },
        { label: lettersOn.value ? t('keys.off') : t('keys.on'), onSelect: () => (lettersOn.value = !lettersOn.value) },
        who.session && 'line',
        who.session && { label: t('signout'), onSelect: () => signOut().catch(fail) },
    ];
    return html`<${Menu} quiet end icon="user" class="account" label=${t('account')} face=${who.name} items=${items} data-testid="account-menu" />`;
}

/* What is wrong, since when, what that means for calls, and what is to be done. The server's own
 * sentence, which names file and cause, is English. */
function StoreBanner() {
    const s = store.value;
    if (!s || s.ok) return null;
    return html`<${Banner} kind="bad" testid="store-banner"><p><b>${t(`store.trouble.${s.trouble}`)}</b> ${s.since && t('store.since', { time: dateTime(s.since) })}</p>
        <p>${t(`store.means.${s.new_parks}`)}</p><p>${t(`store.todo.${s.trouble}`)} ${s.detail && html`<small lang="en">${s.detail}</small>`}</p><//>`;
}

export function Shell({ children }) {
    const shown = shownTabs();
    const jumps = Object.fromEntries(shown.map((tab) => [`g ${tab.key}`, () => go(tab.path)]));
    useKeys({ ...jumps, '?': () => (helpOpen.value = 'keys') });
    const here = path.value;
    useEffect(() => document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [here]);
    const count = calls.value.length;
    return html`<a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.getElementById('main').focus(); }}>${t('skip')}</a>
        <header class="top">
            <a class="brand" href="/"><span class="mark" aria-hidden="true"></span>callpark</a>
            <span class="where">${server.value && html`<span title=${server.value.destination}>${[server.value.site, server.value.node].filter(Boolean).join(' · ')}</span>`}</span>
            <${Live} />
            <${LanguageMenu} /><${ThemeMenu} /><${AccountMenu} />
        </header>
        <nav class="tabs" aria-label=${t('nav')}><ul>
            ${shown.map((tab) => html`<li key=${tab.path}><a href=${tab.path} aria-current=${here === tab.path ? 'page' : undefined}>${t(tab.words)}
                ${tab.path === '/calls' && count > 0 && html`<span class="count"><span aria-hidden="true">${count}</span><span class="hidden">${t('nav.calls.count', { n: count })}</span></span>`}</a></li>`)}
        </ul><${IconButton} icon="help" label=${t('help')} onClick=${() => (helpOpen.value = here.slice(1))} /></nav>
        <${StoreBanner} />
        ${draining.value && html`<${Banner} kind="warn">${t('draining.banner')}<//>`}
        <main id="main" tabindex="-1">${children}</main>
        ${helpOpen.value && html`<${HelpSheet} />`}`;
}

/** The heading of a page with what stands beside it. Sets the title of the window. */
export function PageHead({ title, children, help }) {
    useTitle(title);
    return html`<div class="head"><h1>${title}</h1>${help && html`<button type="button" class="link" onClick=${() => (helpOpen.value = help)}><${Icon} name="help" />${t(`help.${help}.title`)}</button>`}
        <div class="beside">${children}</div></div>`;
}
