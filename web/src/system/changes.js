/* What a restore or a document of definitions would change: each thing with its fields before and after. */
import { html, Badge } from '../ui.js';
import { t } from '../i18n.js';
import { DiffTable } from '../activity/diff_table.js';

const looks = { create: ['good', 'plus'], update: ['warn', 'pencil'], delete: ['bad', 'trash'] };

function Change({ change }) {
    const [kind, icon] = looks[change.action] ?? ['quiet', 'circle'];
    return html`<details><summary><${Badge} kind=${kind} icon=${icon}>${t(`system.change.${change.action}`)}<//> ${change.kind} <b dir="auto">${change.name}</b></summary>
        <${DiffTable} before=${change.before} after=${change.after} caption=${`${change.kind} ${change.name}`} /></details>`;
}

export function Changes({ changes }) {
    if (changes.length === 0) return html`<p data-testid="changes">${t('system.changes.none')}</p>`;
    const count = (action) => changes.filter((c) => c.action === action).length;
    return html`<div class="changes" data-testid="changes"><p>${t('system.changes', { created: count('create'), updated: count('update'), deleted: count('delete') })}</p>
        ${changes.map((c, i) => html`<${Change} key=${i} change=${c} />`)}</div>`;
}
