// Users, their roles, and all tokens and sessions. Who may only read sees the same without commands.
import { useEffect, useRef, useState } from 'preact/hooks';
import { del, patch } from '../api.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { query, setQuery } from '../router.js';
import { can, me } from '../state.js';
import { PageHead } from '../shell.js';
import { EditUser, NewUser } from '../people/editor.js';
import { scopeWords, usePlaces } from '../people/scope.js';
import { Sessions } from '../people/sessions.js';
import { Tokens } from '../people/tokens.js';
import { Badge, Button, DataTable, EmptyState, Icon, Loading, Menu, Pager, ProblemBox, announce, ask, fail, html, say, useList, useSelection } from '../ui.js';

const LIMIT = 100;
const VIEWS = ['users', 'tokens', 'sessions'];

function Views({ view }) {
    return html`<div class="bar segments" role="group" aria-label=${t('users.view')}>${VIEWS.map((v) => html`<${Button} key=${v} small quiet=${v !== view} aria-pressed=${String(v === view)} onClick=${() => setQuery({ view: v === 'users' ? null : v, q: null, cursor: null, from: null })}>${t(`users.view.${v}`)}<//>`)}</div>`;
}

function columns(places) {
    return [
        { key: 'name', label: t('name'), head: true, sort: true, render: (u) => html`${u.name}${u.name === me.value.name && html` <${Badge}>${t('users.you')}<//>`}` },
        { key: 'roles', label: t('users.roles'), render: (u) => (u.roles.length ? html`<span class="badges">${u.roles.map((b) => html`<${Badge}>${t(`users.role.${b.role}`)}: ${scopeWords(b.scope, places)}<//>`)}</span>` : t('users.roles.no')) },
        { key: 'phone', label: t('users.phone'), class: 'number', render: (u) => u.phone ?? '' },
        { key: 'signin', label: t('users.signing.in'), render: (u) => (u.disabled ? html`<${Badge} kind="bad" icon="stop">${t('users.state.disabled')}<//>` : u.has_password ? html`<${Badge} kind="good" icon="check">${t('users.state.password')}<//>` : html`<${Badge} kind="warn" icon="key">${t('users.state.none')}<//>`) },
    ];
}

function People() {
    const q = query.value;
    const sort = q.sort ?? 'name';
    const list = useList('users', { q: q.q, sort, limit: LIMIT, cursor: q.cursor });
    const places = usePlaces();
    const selection = useSelection();
    const search = useRef();
    const [open, setOpen] = useState(null);
    const mayWrite = can('users.write');
    const items = list.items ?? [];
    const chosen = items.filter((u) => selection.has(u.name));
    useEffect(() => {
        const named = q.open && items.find((u) => u.name === q.open);
        if (named && !open) setOpen(named);
    }, [q.open, list.items]);
    const show = (user) => {
        setOpen(user);
        setQuery({ open: user.name });
    };
    const close = () => {
        setOpen(null);
        setQuery({ open: null });
    };
    const refresh = () => {
        list.reload();
        announce(t('users.refreshed'));
    };
    const each = async (act, done) => {
        for (const user of chosen)
            try {
                await act(user);
            } catch (error) {
                fail(error);
                list.reload();
                return;
            }
        say(done);
        selection.clear();
        list.reload();
    };
    const remove = async () => {
        if (!mayWrite || !chosen.length) return;
        const names = chosen.map((u) => u.name).join(', ');
        if (await ask({ title: t('users.delete.title', { n: chosen.length, names }), text: t('users.delete.text'), action: t('delete'), danger: true, typed: chosen.length === 1 ? chosen[0].name : undefined }))
            await each((u) => del('users/' + encodeURIComponent(u.name), { version: u.version }), t('users.deleted', { n: chosen.length, names }));
    };
    const disable = (disabled) => each((u) => patch('users/' + encodeURIComponent(u.name), { disabled }, { version: u.version }), t(disabled ? 'users.now.disabled' : 'users.now.enabled', { n: chosen.length }));
    const endSessions = () => each((u) => del('sessions', { query: { user: u.name } }), t('users.session.others.ended'));
    useKeys({ '/': () => search.current?.focus(), n: mayWrite ? () => setOpen('new') : null, r: refresh, e: () => chosen.length === 1 && show(chosen[0]), Delete: () => void remove() });
    const none = chosen.length === 0;
    const hint = none ? t('users.select.first') : '';
    const items2 = [
        { label: t('users.show'), key: 'Enter', icon: 'pencil', disabled: chosen.length !== 1, hint, onSelect: () => show(chosen[0]) },
        { label: t('select.all'), disabled: !items.length, onSelect: () => selection.set(items.map((u) => u.name)) },
        mayWrite && 'line',
        mayWrite && { label: chosen.length && chosen.every((u) => u.disabled) ? t('users.enable') : t('users.disable'), disabled: none, hint, onSelect: () => void disable(!chosen.every((u) => u.disabled)) },
        mayWrite && { label: t('users.session.end.all'), disabled: none, hint, onSelect: () => void endSessions() },
        mayWrite && { label: t('delete'), key: 'Del', icon: 'trash', danger: true, disabled: none, hint, onSelect: () => void remove() },
    ];
    const timer = useRef(0);
    const typed = (e) => {
        clearTimeout(timer.current);
        const value = e.target.value.trim();
        timer.current = setTimeout(() => setQuery({ q: value, cursor: null, from: null }), 200);
    };
    return html`<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}><label class="search"><span class="hidden">${t('users.search')}</span><${Icon} name="search" />
            <input type="search" ref=${search} defaultValue=${q.q ?? ''} placeholder=${t('users.search')} onInput=${typed} spellcheck=${false} autocomplete="off" /></label></form>
        <div class="commands bar">${mayWrite && html`<${Button} primary icon="plus" onClick=${() => setOpen('new')}>${t('new')}<//>`}
            <${Menu} icon="pencil" label=${t('edit')} items=${items2} /><${Button} icon="refresh" onClick=${refresh}>${t('refresh')}<//></div>
        <${ProblemBox} error=${list.error} />
        ${!list.items && !list.error && html`<${Loading} />`}
        ${list.items && !list.total && html`<${EmptyState} icon="user" title=${t('users.none')}><//>`}
        ${items.length > 0 && html`<${DataTable} caption=${t('users.title')} rows=${items} columns=${columns(places)} rowKey=${(u) => u.name} rowName=${(u) => u.name} busy=${list.loading}
            sort=${sort} onSort=${(next) => setQuery({ sort: next === 'name' ? null : next })} selection=${selection} onOpen=${show} testid="users" /><${Pager} list=${list} limit=${LIMIT} />`}
        ${open === 'new' && html`<${NewUser} places=${places} onClose=${close} onDone=${list.reload} />`}
        ${open && open !== 'new' && html`<${EditUser} key=${open.name} user=${open} places=${places} onClose=${close} onDone=${list.reload} />`}`;
}

export default function Users() {
    const view = VIEWS.includes(query.value.view) ? query.value.view : 'users';
    return html`<div class="page"><${PageHead} title=${t('users.title')} help="users" /><${Views} view=${view} />
        ${view === 'users' && html`<${People} />`}
        ${view === 'tokens' && html`<${Tokens} everybody keys />`}
        ${view === 'sessions' && html`<${Sessions} everybody />`}
    </div>`;
}
