// What an import would do, row by row, with what is now beside what would be. The server says it: a dry
// run goes through all checks and changes nothing.
import { all, post } from '../api.js';
import { t } from '../i18n.js';
import { Badge, html } from '../ui.js';

const SHOWN = ['start', 'end', 'destination'];
const MOST = 500;

/** Asks; gives { result, before: name → range } or throws the Problem. */
export async function dryRun(ranges, mode) {
    const [result, now] = await Promise.all([
        post('number-ranges:import', ranges, { query: { mode, dry_run: true }, once: false }),
        all('number-ranges', { sort: 'name' }),
    ]);
    return { result, before: new Map(now.map((r) => [r.name.toLowerCase(), r])) };
}

export const apply = (ranges, mode) => post('number-ranges:import', ranges, { query: { mode } });

/** +12 ~3 −0 */
export function Counts({ result }) {
    return html`<p class="counts" data-testid="import-counts">
        <${Badge} kind=${result.created ? 'good' : 'quiet'} icon="plus">${t('ranges.import.created', { n: result.created })}<//>
        <${Badge} kind=${result.updated ? 'warn' : 'quiet'} icon="pencil">${t('ranges.import.updated', { n: result.updated })}<//>
        <${Badge} kind=${result.deleted ? 'bad' : 'quiet'} icon="trash">${t('ranges.import.deleted', { n: result.deleted })}<//>
        <${Badge}>${t('ranges.import.unchanged', { n: result.unchanged })}<//>
    </p>`;
}

function Changed({ before, after, field }) {
    if (!before || before[field] === after[field]) return after[field];
    return html`<span class="was">${before[field]}</span> → <strong>${after[field]}</strong>`;
}

export function Rows({ result, before }) {
    const rows = result.items.filter((i) => i.action !== 'unchanged');
    const kinds = { created: 'good', updated: 'warn', deleted: 'bad' };
    if (!rows.length) return html`<p>${t('ranges.import.nothing')}</p>`;
    return html`<div class="table-box"><table role="table"><caption class="hidden">${t('ranges.import.step.check')}</caption>
        <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t('name')}</th>${SHOWN.map((f) => html`<th role="columnheader" scope="col">${t(`ranges.field.${f}`)}</th>`)}<th role="columnheader" scope="col">${t('ranges.import.action')}</th></tr></thead>
        <tbody role="rowgroup">${rows.slice(0, MOST).map((row) => html`<tr role="row"><th role="rowheader" scope="row">${row.name}</th>
            ${SHOWN.map((f) => html`<td role="cell" data-label=${t(`ranges.field.${f}`)} class=${f === 'destination' ? '' : 'number'}><${Changed} before=${row.action === 'updated' && before.get(row.name.toLowerCase())} after=${row} field=${f} /></td>`)}
            <td role="cell" data-label=${t('ranges.import.action')}><${Badge} kind=${kinds[row.action]}>${t(`ranges.import.action.${row.action}`)}<//></td></tr>`)}</tbody>
    </table></div>${rows.length > MOST && html`<p>${t('ranges.more', { n: rows.length - MOST })}</p>`}
    ${result.notes?.map((note) => html`<p class="help">${note}</p>`)}`;
}
