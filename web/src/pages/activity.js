/* The page /activity: who changed what and when, what it was before, and the way back. The search and
 * the open entry are in the address. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { html, Banner, Button, DataTable, EmptyState, fail, Icon, Loading, Pager, ProblemBox, SelectField, TextField, useList, When } from '../ui.js';
import { onEvent } from '../events.js';
import { t } from '../i18n.js';
import { dated, saveFile, wholeList } from '../download.js';
import { useKeys } from '../keys.js';
import { query, setQuery } from '../router.js';
import { PageHead } from '../shell.js';
import { Chain } from '../activity/chain.js';
import { headline } from '../activity/diff.js';
import { EntrySheet } from '../activity/entry.js';
import { auditQuery, readSearch, writeSearch } from '../activity/query.js';
import { actionIcon, actionName, subjectName, valueShown } from '../activity/words.js';

const LIMIT = 50;
const GROUPS = ['range', 'settings', 'music', 'destination', 'site', 'user', 'role', 'token', 'session', 'auth', 'call', 'system', 'definitions'];
const SPANS = ['24h', '7d', '30d'];

function What({ entry }) {
    const changes = headline(entry.before, entry.after);
    /* Who signed in stands in the column before. */
    const subject = entry.action.startsWith('auth.') && entry.subject === entry.actor ? '' : subjectName(entry);
    return html`<span class="what"><span><${Icon} name=${actionIcon(entry.action)} /> <span class="words">${actionName(entry.action)}${subject && html` <b dir="auto">${subject}</b>`}</span></span>
        ${changes.map((c) => html`<small key=${c.field}>${c.field} <del>${valueShown(c.before)}</del> → <ins>${valueShown(c.after)}</ins></small>`)}</span>`;
}

const columns = () => [
    { key: 'at', label: t('activity.at'), render: (e) => html`<${When} at=${e.at} long />` },
    { key: 'actor', label: t('activity.actor'), render: (e) => html`<span dir="auto">${e.actor}</span>` },
    { key: 'what', label: t('activity.what'), head: true, wide: true, render: (e) => html`<${What} entry=${e} />` },
    { key: 'source', label: t('activity.source'), render: (e) => e.source || '–' },
];

/* The box holds the whole search as text; the two lists change a word of it. */
function Search({ search, text }) {
    const box = useRef();
    useKeys({ '/': () => box.current?.querySelector('input')?.focus() });
    const set = (q) => setQuery({ q, cursor: null, from: null });
    const put = (name) => (value) => set(writeSearch({ ...search, [name]: value || undefined }));
    return html`<div class="filter-bar" role="search" ref=${box}>
        <${TextField} type="search" label=${t('activity.search')} help=${t('activity.search.help')} value=${text} onInput=${set} spellcheck=${false} autocapitalize="none" class="grow" />
        <${SelectField} label=${t('activity.group')} value=${search.action} onChange=${put('action')}
            options=${[{ value: '', label: t('activity.group.all') }, ...GROUPS.map((g) => ({ value: g, label: t(`activity.group.${g}`) })),
                ...(search.action && !GROUPS.includes(search.action) ? [{ value: search.action, label: actionName(search.action) }] : [])]} />
        <${SelectField} label=${t('activity.since')} value=${search.since} onChange=${put('since')}
            options=${[{ value: '', label: t('activity.since.all') }, ...SPANS.map((s) => ({ value: s, label: t(`activity.since.${s}`) })),
                ...(search.since && !SPANS.includes(search.since) ? [{ value: search.since, label: search.since }] : [])]} />
        ${text && html`<${Button} quiet icon="close" onClick=${() => set(null)}>${t('activity.clear')}<//>`}
    </div>`;
}

/* New entries come by themselves on the first page; on others a list that moves away would not help. */
function useLive(first, reload) {
    const latest = useRef();
    latest.current = first ? reload : null;
    useEffect(() => {
        let timer = 0;
        const stop = onEvent((name) => {
            if (name !== 'audit.added' || timer) return;
            timer = setTimeout(() => {
                timer = 0;
                latest.current?.();
            }, 400);
        });
        return () => {
            stop();
            clearTimeout(timer);
        };
    }, []);
}

export default function Page() {
    const { q: text = '', cursor, entry } = query.value;
    const search = readSearch(text);
    const [round, setRound] = useState(0);
    /* "since:7d" is counted from now, but not from another now at each drawing. */
    const asked = useMemo(() => auditQuery(search, Date.now()), [text, round]);
    const list = useList('audit-events', { ...asked.query, limit: LIMIT, cursor });
    const reload = () => (search.since ? setRound((n) => n + 1) : list.reload());
    const [busy, setBusy] = useState(false);
    useLive(!cursor, () => {
        reload();
        setRound((n) => n + 1);
    });
    const download = async () => {
        setBusy(true);
        try {
            saveFile(dated('activity', 'ndjson'), 'application/x-ndjson', await wholeList('audit-events', asked.query, 'ndjson'));
        } catch (error) {
            fail(error);
        }
        setBusy(false);
    };
    const open = (e) => setQuery({ entry: e.id }, { push: true });
    const close = () => setQuery({ entry: null });
    return html`<div class="page activity"><${PageHead} title=${t('activity.title')} help="activity">
            <${Button} icon="refresh" onClick=${reload}>${t('refresh')}<//><${Button} icon="export" busy=${busy} onClick=${() => void download()} data-testid="export">${t('activity.export')}<//><//>
        <${Search} search=${search} text=${text} />
        ${asked.wrong.length > 0 && html`<${Banner} kind="warn">${t('activity.time.wrong', { time: asked.wrong.join(', ') })}<//>`}
        <${ProblemBox} error=${list.error} />${!list.items && !list.error && html`<${Loading} />`}
        ${list.items?.length === 0 && html`<${EmptyState} icon="clock" title=${t('activity.none')} testid="activity-none" />`}
        ${list.items?.length > 0 && html`<${DataTable} caption=${t('activity.title')} columns=${columns()} rows=${list.items} rowKey=${(e) => e.id} rowName=${(e) => actionName(e.action)} onOpen=${open}
            busy=${list.loading} testid="activity" /><${Pager} list=${list} limit=${LIMIT} />`}
        <${Chain} round=${round} />
        ${entry && html`<${EntrySheet} key=${entry} id=${entry} onClose=${close} onUndone=${() => { close(); reload(); }} />`}
    </div>`;
}
