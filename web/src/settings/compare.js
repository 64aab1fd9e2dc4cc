/* Where narrower scopes differ: what they say themselves, and so do not inherit. */
import { useEffect, useState } from 'preact/hooks';
import { html, Loading, ProblemBox, Sheet } from '../ui.js';
import { t } from '../i18n.js';
import { href } from '../router.js';
import { below } from './load.js';
import { writeScope } from './scopes.js';
import { keyName, scopeName, valueName } from './words.js';

export function Compare({ scope, places, keys, onClose }) {
    const [rows, setRows] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => {
        below(scope, places).then(setRows, setError);
    }, []);
    const lines = (said) => keys.filter((k) => k.name in said);
    return html`<${Sheet} title=${t('settings.compare.title')} subtitle=${scopeName(scope, places)} onClose=${onClose} testid="compare">
        <${ProblemBox} error=${error} />${!rows && !error && html`<${Loading} />`}
        ${rows?.length === 0 && html`<p>${t('settings.compare.none')}</p>`}
        ${rows?.map((row) => html`<section key=${writeScope(row.scope)}><h3><a href=${href('/settings', { scope: writeScope(row.scope) })} onClick=${onClose}>${scopeName(row.scope, places)}</a></h3>
            <dl class="fact-list">${lines(row.said).map((k) => html`<div><dt>${keyName(k)}</dt><dd>${k.name === 'music' ? t('settings.music.own') : valueName(k, row.said[k.name])}</dd></div>`)}</dl></section>`)}
    <//>`;
}
