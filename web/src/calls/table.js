/* The board as a table. Like DataTable of ui/, but it draws only the rows that are seen, and each row
 * is drawn again only when its call changes. */
import { memo } from 'preact/compat';
import { html, Icon } from '../ui.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { setQuery } from '../router.js';
import { Actions, KEYS, perform } from './actions.js';
import { shown, sort } from './board.js';
import { Attempt, Caller, callName, Next, Parker, State, TimeLeft, Waiting } from './parts.js';
import { useKeptFocus, useWindow } from './use_window.js';
import { DRAW_ALL } from './window.js';

const ROW = 56; // pixels, of rows in a long list: the style sheet keeps them at that

const columns = [
    { key: 'orbit', sort: 'orbit' }, { key: 'state' }, { key: 'caller', sort: 'caller' }, { key: 'parker' },
    { key: 'waiting', sort: 'waiting' }, { key: 'left', sort: 'left' }, { key: 'attempt' }, { key: 'next' },
];

function Head({ column }) {
    const label = t(`calls.column.${column.key}`), now = sort.value;
    if (!column.sort) return html`<th scope="col" role="columnheader">${label}</th>`;
    const up = now === column.sort, down = now === `-${column.sort}`;
    return html`<th scope="col" role="columnheader" aria-sort=${up ? 'ascending' : down ? 'descending' : 'none'}>
        <button type="button" class="sort" onClick=${() => setQuery({ sort: up ? `-${column.sort}` : column.sort })}>${label}<${Icon} name=${down ? 'down' : 'up'} /></button></th>`;
}

const openTimeline = (call) => setQuery({ call: call.id }, { push: true });

/* A call is never changed, only replaced: the same object is the same row. */
const Row = memo(function Row({ call, index }) {
    const label = (key) => t(`calls.column.${key}`);
    return html`<tr role="row" data-row=${call.id} data-testid="call" tabindex="-1" aria-rowindex=${index} class=${`state-${call.state}`}>
        <th scope="row" role="rowheader" data-label=${label('orbit')}><button type="button" class="link orbit" aria-label=${`${callName(call)}: ${t('calls.action.timeline')}`}
            onClick=${() => openTimeline(call)}>${call.orbit}</button>${call.range_name && html`<span class="range" dir="auto">${call.range_name}</span>`}</th>
        <td role="cell" data-label=${label('state')}><${State} call=${call} /></td>
        <td role="cell" data-label=${label('caller')}><${Caller} call=${call} /></td>
        <td role="cell" data-label=${label('parker')}><${Parker} call=${call} /></td>
        <td role="cell" class="number" data-label=${label('waiting')}><${Waiting} call=${call} /></td>
        <td role="cell" data-label=${label('left')}><${TimeLeft} call=${call} /></td>
        <td role="cell" class="number" data-label=${label('attempt')}><${Attempt} call=${call} /></td>
        <td role="cell" data-label=${label('next')}><${Next} call=${call} /></td>
        <td role="cell" class="actions"><${Actions} keys call=${call} onTimeline=${() => openTimeline(call)} /></td>
    </tr>`;
});

const Gap = ({ height }) => height > 0 && html`<tr class="gap" aria-hidden="true"><td colspan=${columns.length + 1} style=${{ height: `${height}px` }}></td></tr>`;

function useRowKeys(box) {
    const move = (by) => (event) => {
        const all = [...(box.current?.querySelectorAll('tr[data-row]') ?? [])], at = all.indexOf(document.activeElement?.closest('tr[data-row]'));
        if (at < 0 && event.key.startsWith('Arrow')) return;
        all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]?.focus();
    };
    const press = (test) => () => {
        const row = document.activeElement?.closest('tr[data-row]');
        if (row) row.querySelector(test)?.click();
    };
    const act = (name) => () => {
        const id = document.activeElement?.closest('tr[data-row]')?.dataset.row, call = id && shown.value.find((c) => c.id === id);
        if (call) perform(call, name);
    };
    const deeds = Object.fromEntries(Object.entries(KEYS).map(([name, key]) => [key, act(name)]));
    useKeys({ ...deeds, j: move(1), k: move(-1), ArrowDown: move(1), ArrowUp: move(-1), Enter: press('.actions button'), i: press('button.orbit') });
}

export function Table() {
    const all = shown.value, long = all.length > DRAW_ALL;
    const { ref, first, last, before, after } = useWindow({ count: all.length, rowHeight: ROW });
    const { box, events } = useKeptFocus();
    useRowKeys(box);
    return html`<div class="table-box board" ref=${box} ...${events}><table role="table" class=${long ? 'long' : ''} aria-rowcount=${all.length + 1} data-testid="calls">
        <caption class="hidden">${t('calls.title')}</caption>
        <thead role="rowgroup"><tr role="row">${columns.map((c) => html`<${Head} key=${c.key} column=${c} />`)}
            <th scope="col" role="columnheader"><span class="hidden">${t('actions')}</span></th></tr></thead>
        <tbody role="rowgroup" ref=${ref}>
            <${Gap} key="before" height=${before} />
            ${all.slice(first, last).map((call, i) => html`<${Row} key=${call.id} call=${call} index=${first + i + 2} />`)}
            <${Gap} key="after" height=${after} />
        </tbody></table></div>`;
}
