/* One entry of the audit trail in a sheet: before and after side by side, where it came from, its place
 * in the chain, and the way back. */
import { useEffect, useState } from 'preact/hooks';
import { html, Copy, Loading, ProblemBox, Sheet } from '../ui.js';
import { get } from '../api.js';
import { dateTime } from '../format.js';
import { t } from '../i18n.js';
import { href } from '../router.js';
import { DiffTable } from './diff_table.js';
import { Undo } from './undo.js';
import { actionName, subjectName } from './words.js';

function Facts({ entry }) {
    const row = (name, value) => value && html`<div><dt>${t(`activity.fact.${name}`)}</dt><dd>${value}</dd></div>`;
    const hash = (value) => html`<code>${value}</code> <${Copy} text=${value} />`;
    const call = entry.action.startsWith('call.') && entry.subject_id?.startsWith('call_');
    return html`<dl class="fact-list">${row('at', html`<time datetime=${entry.at}>${dateTime(entry.at)}</time>`)}${row('actor', entry.actor)}${row('source', entry.source)}
        ${row('subject', call ? html`<a href=${href('/records', { call: entry.subject_id })}>${entry.subject || entry.subject_id}</a>` : [entry.subject, entry.subject_id].filter(Boolean).join(' · '))}
        ${row('request', entry.request_id)}${row('number', String(entry.id))}</dl>
        ${entry.hash && html`<details><summary>${t('activity.chain')}</summary><dl class="fact-list hashes">${row('hash', hash(entry.hash))}${row('prev_hash', hash(entry.prev_hash))}</dl></details>`}`;
}

export function EntrySheet({ id, onClose, onUndone }) {
    const [entry, setEntry] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => {
        get(`audit-events/${id}`).then(setEntry, setError);
    }, [id]);
    const title = entry ? actionName(entry.action) : t('activity.entry');
    return html`<${Sheet} title=${title} subtitle=${entry && subjectName(entry)} onClose=${onClose} wide testid="entry"
        footer=${entry?.undoable && html`<${Undo} entry=${entry} onDone=${onUndone} />`}>
        <${ProblemBox} error=${error} />${!entry && !error && html`<${Loading} />`}
        ${entry && html`${entry.before || entry.after ? html`<${DiffTable} before=${entry.before} after=${entry.after} caption=${title} />` : html`<p>${t('activity.no_fields')}</p>`}<${Facts} entry=${entry} />`}
    <//>`;
}
