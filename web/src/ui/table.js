// Lists. A native table with a caption, sort buttons with aria-sort, and boxes to select rows; on a
// narrow screen each row becomes a card (the style sheet does it, the roles stay).
//
//   const selection = useSelection();
//   <${DataTable} caption=${t('ranges.title')} rows=${items} rowKey=${(r) => r.id} rowName=${(r) => r.name}
//       columns=${[{ key: 'name', label: t('name'), sort: true, head: true, render: (r) => r.name, class: 'number' }]}
//       sort=${query.value.sort ?? 'name'} onSort=${(sort) => setQuery({ sort })}
//       selection=${selection} onOpen=${(r) => …} actions=${(r) => html`…`} busy=${list.loading} />
//
// `head` marks the column that names the row (scope=row). With `onOpen`, Enter on a row and a click on its
// name open it. Keys: j and k (arrows within the table) move, Space selects, Ctrl+A selects all.
//
//   const list = useList('number-ranges', { q, sort, limit: 100, cursor });
//   list.items, list.total, list.next (cursor), list.loading, list.error, list.reload()
//
// The list is loaded anew when the query changes; what is shown stays until the answer is there.
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { query as address, setQuery } from '../router.js';
import { Button, Icon } from './button.js';

export function useList(path, query) {
    const [state, setState] = useState({ items: null, total: 0, next: null, loading: true, error: null });
    const [round, setRound] = useState(0);
    const key = path + JSON.stringify(query);
    useEffect(() => {
        if (!path) return undefined;
        const life = new AbortController();
        setState((now) => ({ ...now, loading: true }));
        get(path, query, { signal: life.signal }).then(
            (body) => setState({ items: body.items, total: body.total ?? body.items.length, next: body.next_cursor, loading: false, error: null, body }),
            (error) => life.signal.aborted || setState((now) => ({ ...now, loading: false, error })),
        );
        return () => life.abort();
    }, [key, round]);
    return { ...state, reload: () => setRound((n) => n + 1) };
}

/** Which rows are selected, by key. */
export function useSelection() {
    const [keys, setKeys] = useState(() => new Set());
    return {
        keys,
        count: keys.size,
        has: (key) => keys.has(key),
        toggle: (key) =>
            setKeys((now) => {
                const next = new Set(now);
                if (!next.delete(key)) next.add(key);
                return next;
            }),
        set: (some) => setKeys(new Set(some)),
        clear: () => setKeys((now) => (now.size ? new Set() : now)),
    };
}

function Heading({ column, sort, onSort }) {
    const cls = column.class;
    if (!column.sort) return html`<th scope="col" role="columnheader" class=${cls}>${column.label}</th>`;
    const key = column.sort === true ? column.key : column.sort;
    const up = sort === key;
    const down = sort === '-' + key;
    return html`<th scope="col" role="columnheader" class=${cls} aria-sort=${up ? 'ascending' : down ? 'descending' : 'none'}>
        <button type="button" class="sort" onClick=${() => onSort(up ? '-' + key : key)}>${column.label}<${Icon} name=${down ? 'down' : 'up'} /></button>
    </th>`;
}

function Cell({ column, row, onOpen }) {
    const inside = column.render ? column.render(row) : row[column.key];
    const attributes = { class: [column.class, column.wide && 'wide'].filter(Boolean).join(' '), 'data-label': column.label };
    if (!column.head) return html`<td role="cell" ...${attributes}>${inside}</td>`;
    return html`<th scope="row" role="rowheader" ...${attributes}>${onOpen ? html`<button type="button" class="link" onClick=${() => onOpen(row)}>${inside}</button>` : inside}</th>`;
}

/** On a narrow screen the headings are gone, and this says the order. */
function NarrowSort({ columns, sort, onSort }) {
    const keys = columns.filter((c) => c.sort).map((c) => ({ label: c.label, key: c.sort === true ? c.key : c.sort }));
    if (!keys.length || !onSort) return null;
    return html`<div class="narrow-sort"><span aria-hidden="true">${t('sort.by')}</span> <select aria-label=${t('sort.by')} value=${sort} onChange=${(e) => onSort(e.target.value)}>
        ${keys.map(({ key, label }) => html`<option value=${key} selected=${sort === key}>${t('sort.up', { name: label })}</option><option value=${'-' + key} selected=${sort === '-' + key}>${t('sort.down', { name: label })}</option>`)}
    </select></div>`;
}

const rowOf = (el) => el?.closest?.('tr[data-row]');

export function DataTable({ caption, columns, rows, rowKey, rowName, sort, onSort, selection, onOpen, actions, busy, rowClass, keys = true, testid }) {
    const body = useRef();
    const move = (by) => (event) => {
        const all = [...(body.current?.querySelectorAll('tr[data-row]') ?? [])];
        const at = all.indexOf(rowOf(document.activeElement));
        if (at < 0 && event.key.startsWith('Arrow')) return false;
        all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))]?.focus();
        return true;
    };
    const here = (act) => () => {
        const key = rowOf(document.activeElement)?.dataset.row;
        const row = key !== undefined && body.current?.contains(document.activeElement) && rows.find((r) => String(rowKey(r)) === key);
        return row ? act(row) : false;
    };
    useKeys(
        keys
            ? {
                  j: move(1),
                  k: move(-1),
                  ArrowDown: move(1),
                  ArrowUp: move(-1),
                  ' ': selection ? here((r) => selection.toggle(rowKey(r))) : null,
                  Enter: onOpen ? here(onOpen) : null,
              }
            : {},
    );
    const selected = selection ? rows.filter((r) => selection.has(rowKey(r))).length : 0;
    const every = selected > 0 && selected === rows.length;
    const everyBox = useRef();
    useEffect(() => {
        if (everyBox.current) everyBox.current.indeterminate = selected > 0 && !every;
    });
    return html`<${NarrowSort} columns=${columns} sort=${sort} onSort=${onSort} /><div class="table-box" tabindex="-1"><table role="table" aria-busy=${busy ? 'true' : undefined} data-testid=${testid}>
        <caption class="hidden">${caption}</caption>
        <thead role="rowgroup"><tr role="row">
            ${selection && html`<th scope="col" role="columnheader" class="select"><input type="checkbox" ref=${everyBox} checked=${every}
                aria-label=${t('select.all')} onChange=${() => (every ? selection.clear() : selection.set(rows.map(rowKey)))} /></th>`}
            ${columns.map((c) => html`<${Heading} key=${c.key} column=${c} sort=${sort} onSort=${onSort} />`)}
            ${actions && html`<th scope="col" role="columnheader"><span class="hidden">${t('actions')}</span></th>`}
        </tr></thead>
        <tbody role="rowgroup" ref=${body}>
            ${rows.map((row) => {
                const key = rowKey(row);
                const on = selection?.has(key);
                return html`<tr role="row" key=${key} data-row=${key} tabindex="-1" class=${[on && 'selected', rowClass?.(row)].filter(Boolean).join(' ')}>
                    ${selection && html`<td role="cell" class="select"><input type="checkbox" checked=${on} aria-label=${t('select.row', { name: rowName(row) })}
                        onChange=${() => selection.toggle(key)} /></td>`}
                    ${columns.map((c) => html`<${Cell} key=${c.key} column=${c} row=${row} onOpen=${onOpen} />`)}
                    ${actions && html`<td role="cell" class="actions">${actions(row)}</td>`}
                </tr>`;
            })}
        </tbody>
    </table></div>`;
}

/**
 * Pages of a list with cursors. The place is in the address (cursor, from), so the back button leads to the
 * page before; `limit` is the size of a page.
 */
export function Pager({ list, limit }) {
    const from = Number(address.value.from ?? 0);
    if (!list.items || (list.total <= limit && from === 0)) return null;
    const last = from + list.items.length;
    return html`<nav class="pager" aria-label=${t('pages')}>
        <span>${t('pages.shown', { from: list.items.length ? from + 1 : 0, to: last, n: list.total })}</span>
        <${Button} small icon="left" disabled=${from === 0} onClick=${() => setQuery({ cursor: null, from: null }, { push: true })}>${t('pages.first')}<//>
        <${Button} small icon="right" disabled=${!list.next} onClick=${() => setQuery({ cursor: list.next, from: last }, { push: true })}>${t('pages.next')}<//>
    </nav>`;
}
