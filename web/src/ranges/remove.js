// Removing ranges. With calls in them somebody has to say what becomes of those: nothing (then the
// range stays), wait until they have left, or ring them back at once. The last needs a typed word.
import { useEffect, useState } from 'preact/hooks';
import { all, del } from '../api.js';
import { party } from '../format.js';
import { t } from '../i18n.js';
import { can } from '../state.js';
import { Banner, Button, Choice, Code, Dialog, ProblemBox, TextField, html, say } from '../ui.js';
import { removeLines } from './model.js';

/** Calls with orbit, caller and parker, at most ten of them. */
export function CallList({ calls }) {
    return html`<ul class="busy">${calls.slice(0, 10).map((c) => html`<li><span class="number">${c.orbit}</span> ${party(c.caller)}${c.parker && html` <small>${t('ranges.parked.by', { name: party(c.parker) })}</small>`}</li>`)}
        ${calls.length > 10 && html`<li>${t('ranges.calls.more', { n: calls.length - 10 })}</li>`}</ul>`;
}

async function removeAll(ranges, mode) {
    const done = { gone: [], draining: [], refused: [] };
    for (const range of ranges) {
        try {
            const left = await del('number-ranges/' + range.id, { version: range.version, query: { mode } });
            done[left ? 'draining' : 'gone'].push(range);
        } catch (error) {
            // Gone already is what was asked for.
            if (error.status === 404) done.gone.push(range);
            else done.refused.push({ range, error });
        }
    }
    return done;
}

export function Remove({ ranges, onClose, onDone }) {
    const [calls, setCalls] = useState(null);
    const [mode, setMode] = useState('refuse');
    const [typed, setTyped] = useState('');
    const [busy, setBusy] = useState(false);
    const [refused, setRefused] = useState([]);
    const inUse = ranges.reduce((sum, r) => sum + r.in_use, 0) || calls?.length || refused.some((r) => r.error.slug === 'range-in-use');
    const ids = ranges.map((r) => r.id).join();

    useEffect(() => {
        if (!can('calls.read')) return setCalls([]);
        all('parked-calls').then((list) => setCalls(list.filter((c) => ids.split(',').includes(c.range_id))), () => setCalls([]));
        return undefined;
    }, [ids]);

    const word = ranges.length === 1 ? ranges[0].name : t('ranges.force.word');
    const blocked = busy || (mode === 'force' && typed.trim() !== word);

    const remove = async () => {
        if (blocked) return;
        setBusy(true);
        const done = await removeAll(ranges, mode);
        setBusy(false);
        if (done.gone.length) say(t('ranges.deleted', { n: done.gone.length, names: done.gone.map((r) => r.name).join(', ') }));
        if (done.draining.length) say(t('ranges.draining.now', { n: done.draining.length, names: done.draining.map((r) => r.name).join(', ') }));
        if (done.refused.length) {
            setRefused(done.refused);
            const held = done.refused.flatMap(({ error }) => error.body?.calls ?? []);
            if (held.length) setCalls(held);
        }
        onDone(done);
        if (!done.refused.length) onClose();
    };

    const lines = removeLines(ranges, mode);
    const title = ranges.length === 1 ? t('ranges.delete.one', { name: ranges[0].name }) : t('ranges.delete.many', { n: ranges.length });
    return html`<${Dialog} title=${title} onClose=${onClose} onSubmit=${remove} testid="range-delete"
        footer=${html`<${Button} danger type="submit" busy=${busy} disabled=${blocked}>${mode === 'drain' ? t('ranges.mode.drain') : t('delete')}<//><${Button} data-focus onClick=${onClose}>${t('cancel')}<//>`}>
        ${refused.map(({ range, error }) => html`<${ProblemBox} error=${error}><p><strong>${range.name}</strong></p><//>`)}
        <ul class="plain">${ranges.slice(0, 10).map((r) => html`<li><strong>${r.name}</strong> <span class="number">${r.start}-${r.end}</span> · ${r.destination}</li>`)}
            ${ranges.length > 10 && html`<li>${t('ranges.more', { n: ranges.length - 10 })}</li>`}</ul>
        ${inUse
            ? html`<${Banner} kind="warn"><p>${t('ranges.calls.parked', { n: calls?.length || Number(inUse) })}</p>${calls && html`<${CallList} calls=${calls} />`}<//>
                <${Choice} legend=${t('ranges.mode')} value=${mode} onChange=${setMode}
                    options=${['refuse', 'drain', 'force'].map((value) => ({ value, label: t(`ranges.mode.${value}`), help: t(`ranges.mode.delete.${value}`) }))} />
                ${mode === 'force' && html`<${TextField} label=${t('type.to.confirm', { word })} value=${typed} onInput=${setTyped} spellcheck=${false} />`}`
            : html`<p>${t('ranges.delete.free')}</p>`}
        <details><summary>${t('ranges.same.as')}</summary><${Code} label="callparkctl" text=${lines.cli} /><${Code} label="curl" text=${lines.curl} /></details>
    <//>`;
}
