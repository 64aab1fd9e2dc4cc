// Number ranges: the list, and what can be done with it. All that says which part of the list is
// seen (search, filters, order, page) and which range is open stands in the address.
import { useEffect, useRef, useState } from 'preact/hooks';
import { all, fileAddress, get, patch, post } from '../api.js';
import { onEvent } from '../events.js';
import { t, tx } from '../i18n.js';
import { useKeys } from '../keys.js';
import { query, setQuery } from '../router.js';
import { can, canAt, server } from '../state.js';
import { PageHead } from '../shell.js';
import { Badge, Banner, Button, DataTable, EmptyState, Icon, Loading, Menu, Meter, Pager, ProblemBox, announce, ask, fail, html, say, useList, useSelection } from '../ui.js';
import { Editor } from '../ranges/editor.js';
import { Import } from '../ranges/import.js';
import { Remove } from '../ranges/remove.js';
import { Several } from '../ranges/several.js';
import { looksLikeNumber, stepNumber } from '../ranges/model.js';

const LIMIT = 100;
const SUGGESTED = { name: 'Orbits', start: '*7000', end: '*7099' };

// ---- the list follows what happens ----

/** Calls `reload` soon after a range or a call in one has changed, at most every two seconds. */
function useFollow(reload) {
    const latest = useRef();
    latest.current = reload;
    useEffect(() => {
        let timer = 0;
        let last = 0;
        const end = onEvent((name) => {
            if (!/^(range\.|call\.(parked|ended|retrieved|abandoned|forwarded|timed_out|hung_up)$|snapshot)/.test(name) || timer) return;
            timer = setTimeout(() => {
                timer = 0;
                last = Date.now();
                latest.current();
            }, Math.max(150, last + 2000 - Date.now()));
        });
        return () => {
            end();
            clearTimeout(timer);
        };
    }, []);
}

/** Ctrl+A selects the rows, unless a field or a dialog has the focus. */
function useSelectAll(act) {
    const latest = useRef();
    latest.current = act;
    useEffect(() => {
        const pressed = (e) => {
            if (!(e.ctrlKey || e.metaKey) || e.key !== 'a' || e.target.closest?.('input:not([type=checkbox]), textarea, select, dialog')) return;
            e.preventDefault();
            latest.current();
        };
        document.addEventListener('keydown', pressed);
        return () => document.removeEventListener('keydown', pressed);
    }, []);
}

function usePlaces() {
    const [places, setPlaces] = useState([]);
    useEffect(() => {
        all('destinations').then(setPlaces, () => {});
    }, []);
    return places;
}

// ---- search ----

/** "4127" is in range Lobby (free). */
function WhichRange({ number, onOpen }) {
    const [answer, setAnswer] = useState(null);
    useEffect(() => {
        setAnswer(null);
        if (!looksLikeNumber(number)) return undefined;
        const life = new AbortController();
        get('orbits/' + encodeURIComponent(number.trim()), undefined, { signal: life.signal }).then(setAnswer, (error) => error.status === 404 && setAnswer({ none: true }));
        return () => life.abort();
    }, [number]);
    if (!answer) return null;
    if (answer.none) return html`<${Banner} testid="which-range">${t('ranges.number.free', { number: number.trim() })}<//>`;
    const state = answer.call_id && can('calls.read') ? html`<a href=${`/calls?call=${answer.call_id}`}>${t(`ranges.orbit.${answer.state}`)}</a>` : t(`ranges.orbit.${answer.state}`);
    const name = html`<button type="button" class="link" onClick=${() => onOpen(answer.range_id)}><strong>${answer.range_name}</strong></button>`;
    return html`<${Banner} testid="which-range">${tx('ranges.number.in', { number: answer.number, name, state })}<//>`;
}

function Filters({ places, search }) {
    const q = query.value;
    const set = (values) => setQuery({ ...values, cursor: null, from: null });
    const timer = useRef(0);
    const typed = (e) => {
        const value = e.target.value;
        clearTimeout(timer.current);
        timer.current = setTimeout(() => set({ q: value.trim() }), 200);
    };
    const filtered = q.q || q.destination || q.state || q.type;
    const clear = () => {
        search.current.value = '';
        set({ q: null, destination: null, state: null, type: null });
        search.current.focus();
    };
    return html`<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
        <label class="search"><span class="hidden">${t('ranges.search')}</span><${Icon} name="search" />
            <input type="search" ref=${search} defaultValue=${q.q ?? ''} placeholder=${t('ranges.search.hint')} onInput=${typed} spellcheck=${false} autocomplete="off" /></label>
        <label><span>${t('ranges.field.destination')}</span> <select value=${q.destination ?? ''} onChange=${(e) => set({ destination: e.target.value })}>
            <option value="">${t('ranges.all')}</option>${places.map((p) => html`<option value=${p.fqdn} selected=${q.destination === p.fqdn}>${p.fqdn}</option>`)}</select></label>
        <label><span>${t('ranges.field.state')}</span> <select value=${q.state ?? ''} onChange=${(e) => set({ state: e.target.value })}>
            <option value="">${t('ranges.all')}</option>${['active', 'draining'].map((s) => html`<option value=${s} selected=${q.state === s}>${t(`ranges.state.${s}`)}</option>`)}</select></label>
        <label><span>${t('ranges.field.type')}</span> <select value=${q.type ?? ''} onChange=${(e) => set({ type: e.target.value })}>
            <option value="">${t('ranges.all')}</option>${['call_park', 'group_pickup'].map((s) => html`<option value=${s} selected=${q.type === s}>${t(`ranges.type.${s}`)}</option>`)}</select></label>
        ${filtered && html`<${Button} quiet onClick=${clear}>${t('ranges.clear')}<//>`}
    </form>`;
}

// ---- the list ----

function StateBadge({ range }) {
    return range.state === 'draining' ? html`<${Badge} kind="warn" icon="drain">${t('ranges.state.draining')}<//>` : html`<${Badge} kind="good" icon="check">${t('ranges.state.active')}<//>`;
}

const columns = () => [
    { key: 'name', label: t('name'), sort: true, head: true, render: (r) => r.name },
    { key: 'start', label: t('ranges.field.start'), sort: true, class: 'number' },
    { key: 'end', label: t('ranges.field.end'), sort: true, class: 'number' },
    { key: 'destination', label: t('ranges.field.destination'), sort: true },
    { key: 'in_use', label: t('ranges.field.in_use'), sort: true, render: (r) => (r.type === 'group_pickup' ? html`<span class="soft">${t('ranges.type.group_pickup')}</span>` : html`<${Meter} value=${r.in_use} max=${r.size} />`) },
    { key: 'state', label: t('ranges.field.state'), sort: true, render: (r) => html`<${StateBadge} range=${r} />` },
];

/** A block for the first range: what we would take, or the nearest that is free. */
async function suggest(destination) {
    const answer = await post('number-ranges:validate', { start: SUGGESTED.start, end: SUGGESTED.end, destination }, { once: false });
    return { ...SUGGESTED, destination, ...(answer.valid ? {} : answer.problem.suggestion) };
}

function NoRanges({ places, onImport, onCreate }) {
    const mine = server.value?.destination ?? places[0]?.fqdn;
    const actions = can('ranges.write') && html`
        <${Button} primary icon="plus" onClick=${() => onCreate(mine)}>${t('ranges.create.suggested', { start: SUGGESTED.start, end: SUGGESTED.end })}<//>
        <${Button} icon="import" onClick=${onImport}>${t('ranges.import.original')}<//>`;
    return html`<${EmptyState} title=${t('ranges.empty')} actions=${actions} testid="no-ranges">${t('ranges.empty.text')}<//>`;
}

function Summary({ list }) {
    const whole = list.items.length === list.total;
    const numbers = list.items.reduce((sum, r) => sum + r.size, 0);
    const used = list.items.reduce((sum, r) => sum + r.in_use, 0);
    return html`<div class="below"><span data-testid="summary">${t('ranges.count', { n: list.total })}${whole && ` · ${t('ranges.count.numbers', { n: numbers })} · ${t('ranges.count.in.use', { n: used })}`}</span>
        <${Pager} list=${list} limit=${LIMIT} /></div>`;
}

function FullOnes({ rows, onExtend }) {
    const full = rows.filter((r) => r.type === 'call_park' && r.in_use >= r.size);
    return full.slice(0, 3).map((r) => html`<${Banner} kind="warn" key=${r.id} action=${can('ranges.write') && html`<${Button} small onClick=${() => onExtend(r)}>${t('ranges.extend')}<//>`}>${tx('ranges.full', { name: html`<strong>${r.name}</strong>` })}<//>`);
}

// ---- the page ----

export default function Ranges() {
    const q = query.value;
    const sort = q.sort ?? 'name';
    const list = useList('number-ranges', { q: q.q, destination: q.destination, state: q.state, type: q.type, sort, limit: LIMIT, cursor: q.cursor });
    const places = usePlaces();
    const selection = useSelection();
    const search = useRef();
    const [open, setOpen] = useState(null); // { range } or { draft }: in the editor
    const [removing, setRemoving] = useState(null);
    const [sheet, setSheet] = useState(null); // 'import', 'several'
    useFollow(list.reload);

    const items = list.items ?? [];
    const chosen = items.filter((r) => selection.has(r.id));
    const placeOf = (r) => ({ range: r.id, destination: r.destination, site: places.find((p) => p.fqdn === r.destination)?.site });
    const mayWrite = can('ranges.write');
    const writable = chosen.length > 0 && chosen.every((r) => canAt('ranges.write', placeOf(r)));

    // The open range is part of the address, so that a link can lead to it.
    const openId = async (id) => {
        try {
            setOpen({ range: await get('number-ranges/' + id) });
            setQuery({ open: id });
        } catch (error) {
            fail(error);
            setQuery({ open: null });
        }
    };
    useEffect(() => {
        if (q.open && open?.range?.id !== q.open) void openId(q.open);
    }, [q.open]);
    const close = () => {
        setOpen(null);
        setQuery({ open: null });
    };
    const saved = () => {
        close();
        list.reload();
    };
    const refresh = () => {
        list.reload();
        announce(t('ranges.refreshed'));
    };
    const create = (draft) => mayWrite && setOpen({ draft });
    const remove = (ranges) => mayWrite && ranges.length && setRemoving(ranges);
    const setState = async (state) => {
        const n = chosen.length;
        if (state === 'draining' && !(await ask({ title: t('ranges.drain.title', { n }), text: t('ranges.drain.text'), action: t('ranges.drain'), danger: true }))) return;
        for (const r of chosen)
            try {
                if (r.state !== state) await patch('number-ranges/' + r.id, { state }, { version: r.version });
            } catch (error) {
                fail(error);
            }
        say(t(`ranges.now.${state}`, { n }));
        selection.clear();
        list.reload();
    };
    const extend = async (r) => {
        const wish = { ...r, end: stepNumber(r.end, r.size) };
        setOpen({ range: r, draft: wish });
    };

    useKeys({
        '/': () => search.current?.focus(),
        n: mayWrite ? () => create({}) : null,
        r: refresh,
        e: () => chosen.length === 1 && void openId(chosen[0].id),
        Delete: () => remove(chosen),
        Escape: () => (selection.count ? selection.clear() : false),
    });

    const draining = chosen.length > 0 && chosen.every((r) => r.state === 'draining');
    const nothing = chosen.length === 0 ? t('ranges.select.first') : !writable ? t('ranges.not.permitted') : '';
    const editItems = [
        { label: t('ranges.show.details'), key: 'Enter', icon: 'pencil', disabled: chosen.length !== 1, hint: chosen.length > 1 ? t('ranges.select.one') : chosen.length ? '' : nothing, onSelect: () => void openId(chosen[0].id) },
        { label: t('select.all'), key: 'Ctrl+A', disabled: !items.length, onSelect: () => selection.set(items.map((r) => r.id)) },
        mayWrite && 'line',
        mayWrite && (draining
            ? { label: t('ranges.activate'), icon: 'check', disabled: !writable, hint: nothing, onSelect: () => void setState('active') }
            : { label: t('ranges.drain'), icon: 'drain', disabled: !writable, hint: nothing, onSelect: () => void setState('draining') }),
        mayWrite && { label: t('delete'), key: 'Del', icon: 'trash', danger: true, disabled: !writable, hint: nothing, onSelect: () => remove(chosen) },
    ];
    const newItems = [
        { label: t('ranges.new.one'), key: 'N', onSelect: () => create({}) },
        { label: t('ranges.new.several'), onSelect: () => setSheet('several') },
        { label: t('ranges.new.copy'), disabled: chosen.length !== 1, hint: chosen.length === 1 ? '' : t('ranges.select.one'), onSelect: () => create({ ...chosen[0], name: t('ranges.copy.of', { name: chosen[0].name }).slice(0, 64), start: stepNumber(chosen[0].end, 1), end: stepNumber(chosen[0].end, chosen[0].size), park_number: '' }) },
    ];
    const exportItems = [
        { label: t('ranges.export.csv'), href: fileAddress('number-ranges:export', { format: 'csv' }), download: 'ranges.csv' },
        { label: t('ranges.export.original'), hint: t('ranges.export.original.hint'), href: fileAddress('number-ranges:export', { format: 'lync-csv' }), download: 'orbits.csv' },
        { label: t('ranges.export.json'), href: fileAddress('number-ranges:export', { format: 'json' }), download: 'ranges.json' },
    ];
    useSelectAll(() => selection.set(items.map((r) => r.id)));
    const filtered = q.q || q.destination || q.state || q.type;
    const empty = list.items && !list.total && !filtered;
    return html`<div class="page">
        <${PageHead} title=${t('ranges.title')} help="ranges" />
        <${Filters} places=${places} search=${search} />
        <div class="commands bar">
            ${mayWrite && html`<${Menu} primary icon="plus" label=${t('new')} items=${newItems} />`}
            <${Menu} icon="pencil" label=${t('edit')} items=${editItems} />
            <${Button} icon="refresh" onClick=${refresh}>${t('refresh')}<//>
            ${selection.count > 0 && html`<span class="soft" role="status">${t('ranges.selected', { n: chosen.length })}</span>`}
            <span class="push"></span>
            ${mayWrite && html`<${Button} icon="import" onClick=${() => setSheet('import')}>${t('ranges.import')}<//>`}
            <${Menu} end icon="export" label=${t('ranges.export')} items=${exportItems} />
        </div>
        <${ProblemBox} error=${list.error} action=${html`<${Button} small onClick=${list.reload}>${t('refresh')}<//>`} />
        ${q.q && html`<${WhichRange} number=${q.q} onOpen=${openId} />`}
        <${FullOnes} rows=${items} onExtend=${extend} />
        ${!list.items && !list.error && html`<${Loading} />`}
        ${empty && html`<${NoRanges} places=${places} onImport=${() => setSheet('import')} onCreate=${(d) => suggest(d).then(create, fail)} />`}
        ${list.items && list.total === 0 && filtered && html`<${EmptyState} icon="search" title=${t('ranges.none.found')}>${t('ranges.none.found.text')}<//>`}
        ${items.length > 0 && html`<${DataTable} caption=${t('ranges.title')} rows=${items} columns=${columns()} rowKey=${(r) => r.id} rowName=${(r) => r.name} busy=${list.loading}
            sort=${sort} onSort=${(next) => setQuery({ sort: next === 'name' ? null : next, cursor: null, from: null })} selection=${selection} onOpen=${(r) => void openId(r.id)} testid="ranges" />
            <${Summary} list=${list} />`}
        ${open && html`<${Editor} key=${open.range?.id ?? 'new'} range=${open.range} draft=${open.draft} places=${places} onSaved=${saved} onClose=${close} onDelete=${(r) => { close(); remove([r]); }} />`}
        ${removing && html`<${Remove} ranges=${removing} onClose=${() => setRemoving(null)} onDone=${() => { selection.clear(); list.reload(); }} />`}
        ${sheet === 'import' && html`<${Import} places=${places} onClose=${() => setSheet(null)} onDone=${list.reload} />`}
        ${sheet === 'several' && html`<${Several} places=${places} onClose=${() => setSheet(null)} onDone=${list.reload} />`}
    </div>`;
}
