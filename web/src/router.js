// Where we are: the path chooses the page, the query holds the state of its list, so that an address
// can be sent to a colleague and the back button does what it says.
//
//   query.value.q                      the state, as text
//   setQuery({ q: 'lobby', sort: '' })    empty or null takes a key out; replaces the entry of history
//   go('/calls', { call: id })         another page
//   <a href="/calls">                  plain links work: clicks within the site are caught here
import { signal } from '@preact/signals';

export const path = signal(location.pathname);
export const query = signal(read());

function read() {
    return Object.fromEntries(new URLSearchParams(location.search));
}

function address(to, values) {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(values ?? {}))
        if (value !== '' && value !== null && value !== undefined && value !== false) search.set(key, value);
    return to + (search.size ? '?' + search : '');
}

function moved() {
    path.value = location.pathname;
    query.value = read();
}

/** Another page. With { replace: true } the back button leads past the present one. */
export function go(to, values, { replace = false } = {}) {
    history[replace ? 'replaceState' : 'pushState'](null, '', address(to, values));
    moved();
}

/** Changes some keys of the query. `push`: as a step of its own for the back button. */
export function setQuery(values, { push = false } = {}) {
    const next = address(location.pathname, { ...query.value, ...values });
    if (next === location.pathname + location.search) return;
    history[push ? 'pushState' : 'replaceState'](null, '', next);
    moved();
}

/** The address of a page, for href. */
export const href = address;

/** What stands behind the # as "token=…": read once and taken out of the address and the history. */
export function takeFragment(key) {
    const value = new URLSearchParams(location.hash.slice(1)).get(key);
    if (value) history.replaceState(null, '', location.pathname + location.search);
    return value;
}

function caught(event) {
    const a = event.target.closest?.('a[href]');
    if (!a || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
    if (a.pathname.startsWith('/api/') || (a.hash && a.pathname === location.pathname)) return;
    event.preventDefault();
    history.pushState(null, '', a.href);
    moved();
    window.scrollTo(0, 0);
}

export function startRouter() {
    window.addEventListener('popstate', moved);
    document.addEventListener('click', caught);
}
