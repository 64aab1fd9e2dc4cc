/* The form of one scope: its rows in groups, the picture that follows what is typed, Commit and Cancel. */
import { Fragment } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { html, Banner, Button, ProblemBox, say } from '../ui.js';
import { patch as send } from '../api.js';
import { t } from '../i18n.js';
import { Conflict } from './conflict.js';
import { after, changes, grouped } from './edit.js';
import { Picture } from './picture.js';
import { Row } from './row.js';
import { resolve, scopePath } from './scopes.js';
import { ringbackName } from './story.js';
import { scopeName } from './words.js';

const SAMPLE = { orbit: '4107', name: 'Litware', number: '+14255550100' };

function PrefixPreview({ value }) {
    return html`<p class="preview">${t('settings.preview')} <b>${ringbackName(value ?? '', SAMPLE)}</b></p>`;
}

/* What the server said about a field, or what was found while typing. */
function faultOf(name, errors, problem) {
    return errors[name] ? t(errors[name].error, errors[name].values) : problem?.at(`/${name}`);
}

export function SettingsForm({ scope, data, readonly, reload, onChanged, newer, children }) {
    const { keys, chain, said, places } = data, mine = said.at(-1);
    const [edits, setEdits] = useState({});
    const [problem, setProblem] = useState(null);
    const [busy, setBusy] = useState(false);
    const [theirs, setTheirs] = useState(null);
    const byName = useMemo(() => Object.fromEntries(keys.map((k) => [k.name, k])), [keys]);
    const rows = useMemo(() => Object.fromEntries(keys.map((k) => [k.name, resolve(k.name, chain, said, k.default)])), [data]);
    const { patch, errors } = changes(edits, byName, mine);
    const values = after(patch, rows), changed = Object.keys(edits).length > 0;

    useEffect(() => onChanged(changed), [changed]);
    useEffect(() => {
        if (newer && !changed) reload();
    }, [newer, changed]);

    const edit = (name) => (next) => {
        setProblem(null);
        setEdits((now) => {
            const { [name]: was, ...rest } = now;
            return next ? { ...rest, [name]: next } : rest;
        });
    };
    const commit = async (version) => {
        setBusy(true);
        try {
            await send(`settings/${scopePath(scope)}`, patch, { version });
            setEdits({});
            setTheirs(null);
            reload();
            say(t('settings.done', { scope: scopeName(scope, places) }));
        } catch (error) {
            if (error.status === 412) setTheirs(error.body.current);
            else setProblem(error);
        }
        setBusy(false);
    };
    const submit = (e) => {
        e.preventDefault();
        if (Object.keys(errors).length > 0) document.querySelector('.setting [aria-invalid]')?.focus();
        else if (Object.keys(patch).length === 0) setEdits({});
        else void commit(mine.version);
    };
    const cancel = () => {
        setEdits({});
        setProblem(null);
    };
    const warning = (name) => (name === 'timeout_uri' && !values.timeout_uri ? t('settings.no_fallback') : undefined);

    return html`<form class="settings-form" onSubmit=${submit} novalidate autocomplete="off">
        <${Picture} values=${values} />
        ${!values.timeout_uri && html`<${Banner} kind="warn" testid="no-fallback">${t('settings.no_fallback')}<//>`}
        ${grouped(keys).map(([group, list]) => html`<${Fragment} key=${group}><section class="card" aria-labelledby=${`group-${group}`}><h2 id=${`group-${group}`}>${t(`settings.group.${group}`)}</h2>
            ${list.map((k) => html`<${Row} key=${k.name} keyInfo=${k} row=${rows[k.name]} own=${k.name in mine} edit=${edits[k.name]} readonly=${readonly} places=${places}
                error=${faultOf(k.name, errors, problem)} warning=${k.name === 'timeout_uri' ? warning(k.name) : undefined} onEdit=${edit(k.name)}>
                ${k.name === 'ringback_prefix' && html`<${PrefixPreview} value=${edits[k.name]?.text ?? values[k.name]} />`}<//>`)}</section>${group === 'hears' && children(values)}<//>`)}
        ${problem && html`<${ProblemBox} error=${problem} />`}
        ${newer && changed && html`<${Banner} kind="warn">${t('settings.newer')}<//>`}
        ${!readonly && html`<div class=${`commit-bar${changed ? ' open' : ''}`}><span role="status">${changed ? t('settings.pending', { n: Object.keys(edits).length }) : ''}</span>
            <${Button} primary type="submit" busy=${busy} disabled=${!changed}>${t('commit')}<//><${Button} disabled=${!changed} onClick=${cancel}>${t('cancel')}<//></div>`}
        ${theirs && html`<${Conflict} patch=${patch} theirs=${theirs} mine=${mine} keys=${keys} onKeep=${() => void commit(theirs.version)}
            onTake=${() => { cancel(); setTheirs(null); reload(); }} onClose=${() => setTheirs(null)} />`}
    </form>`;
}
