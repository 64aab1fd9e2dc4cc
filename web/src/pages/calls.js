/* The page /calls: the live board of parked calls. The address holds view, filters, order and the call
 * whose timeline is open. */
import { useEffect, useState } from 'preact/hooks';
import { html, Button, EmptyState, Loading } from '../ui.js';
import { get } from '../api.js';
import { second } from '../events.js';
import { ago } from '../format.js';
import { t } from '../i18n.js';
import { query, setQuery } from '../router.js';
import { PageHead } from '../shell.js';
import { can } from '../state.js';
import { demoPhone } from '../calls/actions.js';
import { isFiltered, known, lastEnded, live, recent, shown } from '../calls/board.js';
import { CallDialogs } from '../calls/dialogs.js';
import { RangeUse, RecentEvents } from '../calls/foot.js';
import { StaleBanner } from '../calls/stale.js';
import { Table } from '../calls/table.js';
import { Tiles } from '../calls/tiles.js';
import { Timeline } from '../calls/timeline.js';
import { Attention, Filters, Views } from '../calls/toolbar.js';
import { Wall } from '../calls/wall.js';
import { startWatch } from '../calls/watch.js';

/* The last call that was here: of the events if there was one, else of the records. */
function LastCall() {
    const [record, setRecord] = useState(null);
    useEffect(() => {
        if (can('records.read')) get('call-records', { limit: 1 }).then((body) => setRecord(body.items[0] ?? null), () => {});
    }, [recent.value]);
    const event = lastEnded(), ended = event && { orbit: event.orbit, at: event.at }, kept = record && { orbit: record.orbit, at: record.ended_at };
    const last = ended && kept ? (ended.at > kept.at ? ended : kept) : ended ?? kept;
    return last ? html`<p>${t('calls.none.last', { orbit: last.orbit ?? '–', ago: ago(last.at, second.value) })}</p>` : html`<p>${t('calls.none.ever')}</p>`;
}

function Empty() {
    if (isFiltered.value)
        return html`<${EmptyState} title=${t('calls.none.filtered')} icon="search" testid="calls-none"
            actions=${html`<${Button} onClick=${() => setQuery({ q: null, range: null, site: null })}>${t('calls.clear')}<//>`} />`;
    return html`<${EmptyState} title=${t('calls.none')} icon="phone" testid="calls-empty"><${LastCall} /><//>`;
}

/* The table needs this much; on less (a telephone, or 200 % zoom) the same calls are shown as tiles. */
const NARROW = '(max-width: 64rem)';

function useNarrow() {
    const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
    useEffect(() => {
        const media = matchMedia(NARROW), changed = () => setNarrow(media.matches);
        media.addEventListener('change', changed);
        return () => media.removeEventListener('change', changed);
    }, []);
    return narrow;
}

function Board({ view }) {
    const narrow = useNarrow();
    if (!known.value) return html`<${Loading} />`;
    if (shown.value.length === 0) return html`<${Empty} />`;
    return html`<div class=${live.value ? '' : 'not-live'}>${view === 'tiles' || narrow ? html`<${Tiles} />` : html`<${Table} />`}</div>`;
}

export default function Page() {
    const { view, call } = query.value;
    useEffect(startWatch, []);
    useEffect(() => {
        if (can('system.read')) get('system/demo').then((demo) => (demoPhone.value = demo.running ? demo.phone : null), () => {});
    }, [shown.value.length]);
    if (view === 'wall') return html`<${Wall} />`;
    return html`<div class="page calls"><${PageHead} title=${t('calls.title')} help="calls"><${Views} /><//>
        <${StaleBanner} /><${Filters} /><${Board} view=${view} /><${Attention} />
        <div class="foot"><${RecentEvents} /><${RangeUse} /></div>
        ${call && html`<${Timeline} key=${call} id=${call} />`}<${CallDialogs} /></div>`;
}
