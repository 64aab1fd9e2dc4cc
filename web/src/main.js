// The start of the page: words, who is signed in, then the shell around the page that the address
// names. Pages are loaded when they are first opened.
import { render } from 'preact';
import { html } from 'htm/preact';
import { effect } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { get } from './api.js';
import { startEvents, stopEvents } from './events.js';
import { t } from './i18n.js';
import { startKeys } from './keys.js';
import { go, path, startRouter } from './router.js';
import { whoAmI } from './session.js';
import { Shell } from './shell.js';
import { can, firstLanguage, me, server, setupNeeded } from './state.js';
import { Hosts } from './ui/dialog.js';
import { Status, clearMessages } from './ui/status.js';
import { Banner, Loading } from './ui/bits.js';

/** Which module shows a path, and what one must be allowed for it to be offered. */
const pages = {
    '/calls': { load: () => import('./pages/calls.js'), needs: 'calls.read' },
    '/ranges': { load: () => import('./pages/ranges.js'), needs: 'ranges.read' },
    '/settings': { load: () => import('./pages/settings.js'), needs: 'settings.read' },
    '/records': { load: () => import('./pages/records.js'), needs: 'records.read' },
    '/activity': { load: () => import('./pages/activity.js'), needs: 'audit.read' },
    '/system': { load: () => import('./pages/system.js'), needs: 'system.read' },
    '/users': { load: () => import('./pages/users.js'), needs: 'users.read' },
    '/account': { load: () => import('./pages/account.js') },
    '/welcome': { load: () => import('./pages/setup.js') },
    '/setup': { load: () => import('./pages/setup.js'), open: true, bare: true },
    '/signin': { load: () => import('./pages/signin.js'), open: true, bare: true },
};

/** The first page for somebody: ranges for those who make them, else the first that is allowed. */
function home() {
    if (can('ranges.write')) return '/ranges';
    return Object.keys(pages).find((p) => pages[p].needs && can(pages[p].needs)) ?? '/account';
}

/** Where the address may not lead now, and where to go instead. */
function redirect() {
    const here = path.value;
    if (me.value === undefined) return null;
    if (!me.value) {
        if (setupNeeded.value && here !== '/setup' && here !== '/signin') return ['/setup'];
        if (pages[here]?.open) return null;
        const next = here === '/' ? '' : here + location.search;
        return ['/signin', { next }];
    }
    if (here === '/' || (here === '/setup' && !setupNeeded.value)) return [home()];
    return null;
}

function Page() {
    const about = pages[path.value];
    const [loaded, setLoaded] = useState({});
    useEffect(() => {
        if (!about) return undefined;
        let wanted = true;
        about.load().then(
            (module) => wanted && setLoaded({ of: about, page: module.default }),
            () => wanted && setLoaded({ of: about, failed: true }),
        );
        return () => {
            wanted = false;
        };
    }, [about]);
    if (!about) return html`<div class="page"><h1>${t('page.none')}</h1><p><a href="/">${t('page.none.home')}</a></p></div>`;
    if (about.needs && !can(about.needs))
        return html`<div class="page"><${Banner} kind="warn">${t('page.forbidden', { permission: about.needs })}<//></div>`;
    // A new version of the server has other file names: then only loading anew helps.
    if (loaded.of === about && loaded.failed)
        return html`<div class="page"><${Banner} kind="warn">${t('page.outdated')} <a href=${path.value} target="_self">${t('page.reload')}</a><//></div>`;
    return loaded.of === about ? html`<${loaded.page} />` : html`<div class="page"><${Loading} /></div>`;
}

function App() {
    const away = redirect();
    useEffect(() => {
        if (away) go(away[0], away[1], { replace: true });
    });
    if (me.value === undefined || away) return html`<div class="page"><${Loading} /></div>`;
    const bare = pages[path.value]?.bare || !me.value;
    return html`${bare ? html`<main id="main" tabindex="-1" class="bare"><${Page} /></main>` : html`<${Shell}><${Page} /><//>`}
        <${Hosts} /><${Status} />`;
}

effect(() => {
    if (me.value) {
        startEvents();
        if (can('system.read')) get('system').then((s) => (server.value = s), () => {});
    } else {
        stopEvents();
        clearMessages(); // what was done before is no business of whoever comes next
        server.value = null;
    }
});

await firstLanguage();
startRouter();
startKeys();
render(html`<${App} />`, document.getElementById('app'));
void whoAmI();
