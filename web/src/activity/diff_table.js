/* Two versions of something side by side, field by field; what is the same is folded away. */
import { useState } from 'preact/hooks';
import { html, Button } from '../ui.js';
import { t } from '../i18n.js';
import { diff } from './diff.js';
import { valueShown } from './words.js';

export function DiffTable({ before, after, caption, heads }) {
    const rows = diff(before, after);
    const [all, setAll] = useState(false);
    const shown = rows.filter((r) => all || r.kind !== 'same'), same = rows.length - rows.filter((r) => r.kind !== 'same').length;
    return html`<div class="table-box"><table class="diff keep" data-testid="diff"><caption class="hidden">${caption}</caption>
        <thead><tr><th scope="col">${t('activity.field')}</th><th scope="col">${heads?.[0] ?? t('activity.before')}</th><th scope="col">${heads?.[1] ?? t('activity.after')}</th></tr></thead>
        <tbody>${shown.map((r) => html`<tr key=${r.field} class=${r.kind}><th scope="row">${r.field}</th><td>${r.kind === 'added' ? html`<span class="absent">–</span>` : r.kind === 'same' ? valueShown(r.before) : html`<del>${valueShown(r.before)}</del>`}</td>
            <td>${r.kind === 'removed' ? html`<span class="absent">–</span>` : r.kind === 'same' ? valueShown(r.after) : html`<ins>${valueShown(r.after)}</ins>`}</td></tr>`)}</tbody></table></div>
        ${same > 0 && html`<p><${Button} small quiet onClick=${() => setAll(!all)} aria-expanded=${String(all)}>${all ? t('activity.same.hide') : t('activity.same.show', { n: same })}<//></p>`}`;
}
