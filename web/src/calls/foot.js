/* What stands below the board: what just happened, and how full the ranges are that calls wait in. */
import { useEffect, useState } from 'preact/hooks';
import { html, Meter } from '../ui.js';
import { all, get } from '../api.js';
import { calls, onEvent } from '../events.js';
import { time } from '../format.js';
import { t } from '../i18n.js';
import { setQuery } from '../router.js';
import { can } from '../state.js';
import { recent, takeHistory } from './board.js';
import { stepName } from './timeline.js';

const SHOWN = 8, RANGES = 8, PAST = 300;
const GATHER = 2000; // ms: an import tells of thousands of ranges at once

/* The latest events of before this page was opened. */
async function loadPast() {
    const { last } = await get('events/history', { topics: 'calls', limit: 1 });
    const { items } = await get('events/history', { topics: 'calls', after: Math.max(0, last - PAST), limit: PAST });
    takeHistory(items);
}

export function RecentEvents() {
    useEffect(() => {
        loadPast().catch(() => {}); // It is only a look back.
    }, []);
    const items = recent.value.slice(0, SHOWN);
    if (items.length === 0) return null;
    return html`<section class="recent" aria-labelledby="recent-title"><h2 id="recent-title">${t('calls.recent')}</h2>
        <ol data-testid="recent">${items.map((item) => html`<li key=${item.id}><time datetime=${item.at}>${time(item.at)}</time>
            <button type="button" class="link" onClick=${() => setQuery({ call: item.call_id }, { push: true })}>${[item.orbit, item.caller].filter(Boolean).join(' ') || item.call_id}</button>
            <span>${stepName(item.event)}</span></li>`)}</ol></section>`;
}

function useRanges() {
    const [ranges, setRanges] = useState([]);
    useEffect(() => {
        if (!can('ranges.read')) return undefined;
        let wanted = true, timer = 0;
        const load = () => {
            timer = 0;
            all('number-ranges', { type: 'call_park' }).then((items) => wanted && setRanges(items), () => {});
        };
        load();
        const stop = onEvent((name) => name.startsWith('range.') && (timer ||= setTimeout(load, GATHER)));
        return () => {
            wanted = false;
            clearTimeout(timer);
            stop();
        };
    }, []);
    return ranges;
}

export function RangeUse() {
    const used = new Map();
    for (const call of calls.value) used.set(call.range_id, (used.get(call.range_id) ?? 0) + 1);
    const rows = useRanges().filter((r) => used.has(r.id)).sort((a, b) => used.get(b.id) / b.size - used.get(a.id) / a.size).slice(0, RANGES);
    if (rows.length === 0) return null;
    return html`<section class="range-use" aria-labelledby="range-use-title"><h2 id="range-use-title">${t('calls.ranges')}</h2>
        <ul>${rows.map((r) => html`<li key=${r.id}><span dir="auto">${r.name}</span> <${Meter} value=${used.get(r.id)} max=${r.size} label=${t('calls.in_use')} /></li>`)}</ul></section>`;
}
