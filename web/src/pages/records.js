/* The page /records: what became of calls that are parked no more, as a table and as figures. Filters
 * and the open timeline are in the address. */
import { useState } from 'preact/hooks';
import { html, Badge, Button, DataTable, EmptyState, fail, Loading, Menu, Pager, ProblemBox, say, When } from '../ui.js';
import { dateTime, span } from '../format.js';
import { language, t } from '../i18n.js';
import { dated, saveFile, wholeList } from '../download.js';
import { query, setQuery } from '../router.js';
import { PageHead } from '../shell.js';
import { bareUri } from '../calls/select.js';
import { Timeline } from '../calls/timeline.js';
import { Figures } from '../records/figures_view.js';
import { Filters } from '../records/filters.js';
import { PAGE, useFigures, useRecords } from '../records/load.js';

const looks = { retrieved: ['good', 'check'], ringback_answered: ['good', 'check'], forwarded: ['good', 'right'], abandoned: ['warn', 'close'],
    timed_out: ['bad', 'clock'], hung_up: ['quiet', 'close'], failed: ['bad', 'warn'], interrupted: ['bad', 'warn'] };

function Outcome({ record }) {
    const [kind, icon] = looks[record.outcome] ?? ['quiet', 'circle'];
    return html`<${Badge} kind=${kind} icon=${icon}>${t(`records.outcome.${record.outcome}`)}<//>`;
}

/* Without the host that a name or number is at: that is the same for all, and long. */
function Party({ of }) {
    const name = of?.name || of?.number || bareUri(of?.uri);
    return html`<span dir="auto" title=${of?.uri}>${name === 'anonymous' ? t('calls.anonymous') : name || t('calls.unknown')}</span>`;
}

const columns = () => [
    { key: 'ended_at', label: t('records.ended'), render: (r) => html`<${When} at=${r.ended_at} long />` },
    { key: 'orbit', label: t('records.orbit'), head: true, render: (r) => r.orbit ?? '–' },
    { key: 'range_name', label: t('records.range'), render: (r) => r.range_name ?? '–' },
    { key: 'caller', label: t('records.caller'), render: (r) => html`<${Party} of=${r.caller} />` },
    { key: 'parker', label: t('records.parker'), render: (r) => html`<${Party} of=${r.parker} />` },
    { key: 'waited', label: t('records.waited'), class: 'right', render: (r) => span(r.waited) },
    { key: 'outcome', label: t('records.outcome'), render: (r) => html`<${Outcome} record=${r} />` },
    { key: 'by', label: t('records.by'), render: (r) => (r.by ? html`<${Party} of=${r.by} />` : '–') },
    { key: 'reason', label: t('records.reason'), wide: true, render: (r) => html`<span lang=${language.value === 'en' ? undefined : 'en'}>${r.reason}</span>` },
];

function useExport(list) {
    const [busy, setBusy] = useState(0);
    const run = async (form) => {
        setBusy(1);
        try {
            const parts = await wholeList('call-records', list.query, form, setBusy);
            saveFile(dated('call-records', form), form === 'csv' ? 'text/csv' : 'application/json', parts);
            say(t('records.exported'));
        } catch (error) {
            fail(error);
        }
        setBusy(0);
    };
    return { busy, run };
}

export default function Page() {
    const [round, setRound] = useState(0);
    const list = useRecords(query.value, round), records = useFigures(list.query, query.value.q), file = useExport(list);
    const open = (r) => setQuery({ call: r.id }, { push: true });
    return html`<div class="page records"><${PageHead} title=${t('records.title')} help="records">
            <${Button} icon="refresh" onClick=${() => setRound(round + 1)}>${t('refresh')}<//>
            <${Menu} icon="export" end label=${file.busy ? t('records.exporting', { n: file.busy }) : t('records.export')} disabled=${file.busy > 0} data-testid="export"
                items=${['csv', 'json', 'ndjson'].map((form) => ({ label: t(`records.export.${form}`), onSelect: () => void file.run(form) }))} /><//>
        <${Filters} /><${ProblemBox} error=${list.error} />
        <${Figures} records=${records} />
        ${!list.items && !list.error && html`<${Loading} />`}
        ${list.items?.length === 0 && html`<${EmptyState} icon="clock" title=${t('records.none')} testid="records-none"><p>${t('records.none.text')}</p><//>`}
        ${list.items?.length > 0 && html`<${DataTable} caption=${t('records.title')} columns=${columns()} rows=${list.items} rowKey=${(r) => r.id}
            rowName=${(r) => `${r.orbit} ${dateTime(r.ended_at)}`} onOpen=${open} busy=${list.loading} testid="records" />
            <${Pager} list=${list} limit=${PAGE} />`}
        ${query.value.call && html`<${Timeline} key=${query.value.call} id=${query.value.call} />`}
    </div>`;
}
