/* Which scope is looked at: the way down to it as links, and a list of all. */
import { html, Icon, SelectField } from '../ui.js';
import { t } from '../i18n.js';
import { href, setQuery } from '../router.js';
import { childrenOf, GLOBAL, readScope, sameScope, writeScope } from './scopes.js';
import { scopeName } from './words.js';

function every(places) {
    const list = [], walk = (scope, depth) => {
        list.push({ scope, depth });
        childrenOf(scope, places).forEach((child) => walk(child, depth + 1));
    };
    walk(GLOBAL, 0);
    return list;
}

/** `leave`: asks whether something typed may be lost; false keeps the scope. */
export function ScopeBar({ scope, chain, places, leave }) {
    const choose = async (text) => {
        if (await leave()) setQuery({ scope: text === 'global' ? null : text }, { push: true });
    };
    const follow = (event, target) => {
        event.preventDefault();
        void choose(writeScope(target));
    };
    return html`<div class="scope-bar">
        <nav aria-label=${t('settings.scope')}><ol class="crumbs">${(chain ?? [GLOBAL]).map((s) => html`<li key=${writeScope(s)}>
            <a href=${href('/settings', { scope: writeScope(s) })} aria-current=${sameScope(s, scope) ? 'page' : undefined} onClick=${(e) => follow(e, s)}>${scopeName(s, places)}</a>
            ${!sameScope(s, scope) && html`<${Icon} name="right" />`}</li>`)}</ol></nav>
        <${SelectField} label=${t('settings.scope.choose')} value=${writeScope(scope)} onChange=${(v) => void choose(writeScope(readScope(v)))}
            options=${every(places).map(({ scope: s, depth }) => ({ value: writeScope(s), label: '\u2003'.repeat(depth) + scopeName(s, places) }))} />
    </div>`;
}
