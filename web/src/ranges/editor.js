// The sheet in which a range is made or changed. Every rule is checked while typing; what would be
// saved is also shown as a command. Somebody else's change in between is shown beside one's own.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, patch, post } from '../api.js';
import { ago, number, party } from '../format.js';
import { t, tx } from '../i18n.js';
import { can, canAt, server } from '../state.js';
import { Badge, Banner, Button, Choice, Code, Dialog, Field, ProblemBox, SelectField, Sheet, TextField, html, say, useForm } from '../ui.js';
import { useCheck } from './check.js';
import { CallList } from './remove.js';
import { ALLOCATIONS, FIELDS, commandLine, curlLine, difference, expandPattern, requestBody, sizeOf } from './model.js';

const picked = (range) => Object.fromEntries(FIELDS.map((f) => [f, range[f] ?? '']));

const usual = (places) => (places.find((p) => p.fqdn === server.value?.destination) ?? places[0])?.fqdn ?? '';

/** One value of a field, in words. */
function shownValue(field, value) {
    if (value === null || value === '') return t('ranges.none');
    if (['type', 'state', 'allocation'].includes(field)) return t(`ranges.${field}.${value}`);
    return value;
}

export const fieldName = (field) => t(`ranges.field.${field}`);

// ---- start and end ----

function Ends({ form, check, readonly }) {
    const pattern = expandPattern(form.start);
    const ends = pattern ?? form;
    const size = sizeOf(ends.start, ends.end);
    // Once the field is left, the pattern becomes the two numbers it stands for.
    const settle = () => pattern && form.set(pattern);
    const wrong = check.at('/start') || check.at('/end');
    const overlap = check.overlap;
    const use = () => form.set({ start: overlap.suggestion.start, end: overlap.suggestion.end });
    const named = overlap?.conflicts?.map((c) => html`<li>${tx('ranges.overlap.with', { name: html`<strong>${c.name}</strong>`, start: c.start, end: c.end, destination: c.destination })}</li>`);
    return html`<fieldset class="ends"><legend>${t('ranges.numbers')}</legend>
        <div class="pair">
            <${TextField} label=${t('ranges.field.start')} value=${form.start} onInput=${(start) => form.set({ start })} onBlur=${settle} readonly=${readonly}
                error=${!overlap && check.at('/start')} required spellcheck=${false} maxlength="9" class="number" />
            <${TextField} label=${t('ranges.field.end')} value=${pattern ? pattern.end : form.end} onInput=${(end) => form.set({ end })} readonly=${readonly || Boolean(pattern)}
                error=${!overlap && check.at('/end')} required spellcheck=${false} maxlength="9" class="number" />
        </div>
        <div class="verdict" aria-live="polite" data-testid="verdict">
            ${overlap
                ? html`<${Banner} kind="bad" action=${overlap.suggestion && !readonly && html`<${Button} small onClick=${use}>${t('ranges.use')}<//>`}>
                    <p>${t('ranges.overlap')}</p><ul>${named}</ul>
                    <p>${overlap.suggestion ? tx('ranges.free.block', { block: html`<strong class="number">${overlap.suggestion.start}-${overlap.suggestion.end}</strong>` }) : t('ranges.free.none')}</p><//>`
                : size > 0 && html`<p>${t('ranges.size', { n: size })} ${pattern && html`<span class="number">${pattern.start}-${pattern.end}</span> `}${check.settled && !wrong && check.valid !== undefined
                      ? html`<${Badge} kind="good" icon="check">${t('ranges.free')}<//>` : ''}</p>
                    ${size > 100 && !wrong && html`<p class="help">${t('ranges.large')}</p>`}`}
        </div>
        ${!readonly && html`<p class="help">${t('ranges.numbers.help')}</p>`}
    </fieldset>`;
}

// ---- two people at once ----

/** Who made a version, as far as one may know. */
function useChanger(range) {
    const [entry, setEntry] = useState(null);
    useEffect(() => {
        if (can('audit.read'))
            get('audit-events', { subject: range.id, action: 'range', limit: 1 }).then((list) => setEntry(list.items[0] ?? null), () => {});
    }, [range.id]);
    return entry;
}

function Conflict({ mine, theirs, base, onChoose, onClose }) {
    const changer = useChanger(theirs);
    const fields = FIELDS.filter((f) => (mine[f] ?? '') !== (theirs[f] ?? ''));
    const who = changer ? t('ranges.conflict.by', { name: changer.actor, when: ago(changer.at) }) : t('ranges.conflict.somebody');
    return html`<${Dialog} title=${t('ranges.conflict')} onClose=${onClose} testid="conflict" footer=${html`
        <${Button} primary onClick=${() => onChoose('merged')}>${t('ranges.conflict.merge')}<//>
        <${Button} onClick=${() => onChoose('mine')}>${t('ranges.conflict.mine')}<//>
        <${Button} onClick=${() => onChoose('theirs')}>${t('ranges.conflict.theirs')}<//>`}>
        <p>${who}</p>
        <table class="keep"><caption class="hidden">${t('ranges.conflict')}</caption>
            <thead><tr><th scope="col">${t('ranges.conflict.field')}</th><th scope="col">${t('ranges.conflict.before')}</th><th scope="col">${t('ranges.conflict.yours')}</th><th scope="col">${t('ranges.conflict.other')}</th></tr></thead>
            <tbody>${fields.map((f) => html`<tr><th scope="row">${fieldName(f)}</th><td>${shownValue(f, base[f])}</td><td>${shownValue(f, mine[f])}</td><td>${shownValue(f, theirs[f])}</td></tr>`)}</tbody>
        </table>
        ${fields.length === 0 && html`<p>${t('ranges.conflict.same')}</p>`}
    <//>`;
}

// ---- what would change, and as a command ----

function Pending({ before, after, mode }) {
    const changes = Object.entries(difference(before, after));
    const grows = before ? sizeOf(after.start, after.end) - before.size : 0;
    return html`${before && changes.length > 0 && html`<div class="pending" data-testid="pending"><h3>${t('ranges.pending')}</h3><ul>
            ${changes.map(([f, d]) => html`<li>${fieldName(f)}: <span class="was">${shownValue(f, d.from)}</span> → <strong>${shownValue(f, d.to)}</strong></li>`)}
            ${grows !== 0 && sizeOf(after.start, after.end) > 0 && html`<li>${grows > 0 ? t('ranges.grows', { n: grows }) : t('ranges.shrinks', { n: -grows })}</li>`}
        </ul></div>`}
        <details><summary>${t('ranges.same.as')}</summary>
            <${Code} label="callparkctl" text=${commandLine(before, after, mode)} /><${Code} label="curl" text=${curlLine(before, after, mode)} />
        </details>`;
}

function Lines({ range }) {
    return html`<dl class="brief"><div><dt>${t('ranges.field.in_use')}</dt><dd>${number(range.in_use)}/${number(range.size)}</dd></div>
        <div><dt>${t('ranges.version')}</dt><dd>${range.version}</dd></div><div><dt>ID</dt><dd class="number">${range.id}</dd></div></dl>`;
}

/** Orbits of the range that somebody is parked in. */
function Busy({ range }) {
    const [calls, setCalls] = useState(null);
    useEffect(() => {
        if (can('calls.read') && range.in_use > 0) get(`number-ranges/${range.id}/orbits`, { state: 'busy', limit: 100 }).then((list) => setCalls(list.items), () => {});
    }, [range.id, range.in_use]);
    return calls?.length > 0 && html`<h3>${t('ranges.calls.here')}</h3><ul class="busy">${calls.map((o) => html`<li><span class="number">${o.number}</span> ${o.call ? html`<a href=${`/calls?call=${o.call_id}`}>${party(o.call.caller)}</a>` : ''}</li>`)}</ul>`;
}

// ---- the sheet ----

/**
 * `range`: one that exists; without it a new one begins with `draft`. `places`: destinations.
 * `onSaved(range)` after a commit, `onClose` otherwise.
 */
export function Editor({ range, draft, places, onSaved, onClose, onDelete }) {
    const [base, setBase] = useState(range ?? null);
    const form = useForm(picked({ type: 'call_park', destination: usual(places), ...range, ...draft }));
    const [saving, setSaving] = useState(false);
    const [error, setError] = useState(null);
    const [inUse, setInUse] = useState(null);
    const [mode, setMode] = useState('refuse');
    const [theirs, setTheirs] = useState(null);
    const [tried, setTried] = useState(false);
    const latest = useRef();

    // The destinations may come after the sheet was opened. This node's own is the likeliest.
    useEffect(() => {
        if (!base && !form.destination && places.length) form.set({ destination: usual(places) });
    }, [places.length]);

    const pattern = expandPattern(form.start);
    const values = useMemo(() => {
        const trimmed = Object.fromEntries(FIELDS.map((f) => [f, (form[f] ?? '').trim()]));
        return { ...trimmed, ...pattern };
    }, [form.values]);
    const place = places.find((p) => p.fqdn === values.destination);
    const readonly = base ? !canAt('ranges.write', { range: base.id, destination: base.destination, site: places.find((p) => p.fqdn === base.destination)?.site }) : !can('ranges.write');
    const check = useCheck({ ...(base && { id: base.id }), name: values.name, start: values.start, end: values.end, destination: values.destination, type: values.type, park_number: values.park_number });
    const changes = difference(base ?? {}, values);
    const changed = base ? Object.keys(changes).length > 0 : form.changed;
    const missing = (field) => (tried && !values[field] ? t('ranges.missing', { field: fieldName(field) }) : '');

    const save = async (version = base?.version, as = mode) => {
        setSaving(true);
        setError(null);
        try {
            const saved = base
                ? await patch('number-ranges/' + base.id, requestBody(base, values), { version, query: { mode: as === 'refuse' ? undefined : as } })
                : await post('number-ranges', requestBody(null, values));
            say(t(base ? 'ranges.saved' : 'ranges.created', { name: saved.name, start: saved.start, end: saved.end }));
            onSaved(saved);
        } catch (problem) {
            setSaving(false);
            if (problem.status === 412 && problem.body.current) setTheirs(problem.body.current);
            else if (problem.slug === 'range-in-use') setInUse(problem.body.calls ?? []);
            else setError(problem);
        }
    };
    latest.current = save;

    const submit = () => {
        setTried(true);
        if (saving || readonly || (base && !changed) || FIELDS.slice(0, 4).some((f) => !values[f])) return;
        void save();
    };

    const choose = (how) => {
        const current = theirs;
        setTheirs(null);
        if (how === 'theirs') {
            setBase(current);
            form.reset(picked(current));
            return;
        }
        // What I changed on top of what is there now; "mine" commits that at once.
        const mine = Object.fromEntries(Object.entries(changes).map(([f, d]) => [f, d.to ?? '']));
        const merged = how === 'mine' ? picked(values) : { ...picked(current), ...mine };
        setBase(current);
        form.set(merged);
        if (how === 'mine') setTimeout(() => latest.current(current.version), 0);
    };

    // What the server refused may be below the fold.
    useEffect(() => {
        if (inUse || error) document.querySelector('[data-testid=range-in-use], dialog [data-testid=problem]')?.scrollIntoView({ block: 'center' });
    }, [inUse, error]);

    const title = !base ? t('ranges.new.title') : readonly ? t('ranges.details.title', { name: base.name }) : t('ranges.edit.title', { name: base.name });
    const blocked = (base && !changed) || saving || check.busy || check.problems.length > 0 || !values.name || !values.start || !values.end || !values.destination;
    return html`<${Sheet} title=${title} subtitle=${base && t('ranges.version.of', { n: base.version })} onClose=${onClose} changed=${changed && !readonly} onSubmit=${submit} testid="range-editor"
        footer=${readonly
            ? html`<${Button} onClick=${onClose}>${t('close')}<//>`
            : html`<${Button} primary type="submit" busy=${saving} aria-disabled=${blocked ? 'true' : undefined}>${t('commit')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>
                ${base && html`<${Button} quiet icon="trash" class="push" onClick=${() => onDelete(base)}>${t('delete')}<//>`}`}>
        ${readonly && base && html`<${Banner}>${t('ranges.readonly')}<//>`}
        <${TextField} label=${t('name')} value=${form.name} onInput=${(name) => form.set({ name })} error=${missing('name') || check.at('/name') || error?.at?.('/name')} required maxlength="64" readonly=${readonly} data-focus=${!base} />
        <${Ends} form=${form} check=${check} readonly=${readonly} />
        ${(missing('start') || missing('end')) && html`<p class="error" role="alert">${missing('start') || missing('end')}</p>`}
        <${SelectField} label=${t('ranges.field.destination')} value=${form.destination} disabled=${readonly} required error=${missing('destination') || check.at('/destination')}
            options=${[...(form.destination ? [] : [{ value: '', label: t('ranges.choose') }]), ...places.map((p) => ({ value: p.fqdn, label: p.site ? `${p.fqdn} (${p.site})` : p.fqdn })), ...(form.destination && !place ? [{ value: form.destination, label: form.destination }] : [])]}
            onChange=${(destination) => form.set({ destination })} />
        <${Choice} legend=${t('ranges.field.type')} inline value=${form.type} onChange=${(type) => form.set({ type })}
            options=${['call_park', 'group_pickup'].map((value) => ({ value, label: t(`ranges.type.${value}`), disabled: readonly }))} />
        ${form.type === 'call_park' && html`<${TextField} label=${t('ranges.field.park_number')} optional value=${form.park_number} onInput=${(park_number) => form.set({ park_number })} readonly=${readonly}
            error=${check.at('/park_number')} help=${t('ranges.park_number.help')} spellcheck=${false} maxlength="9" class="number short" />
        <${SelectField} label=${t('ranges.field.allocation')} value=${form.allocation} disabled=${readonly} onChange=${(allocation) => form.set({ allocation })}
            options=${[...(base ? [] : [{ value: '', label: t('ranges.allocation.inherited') }]), ...ALLOCATIONS.map((value) => ({ value, label: t(`ranges.allocation.${value}`) }))]} />`}
        ${base && html`<${Choice} legend=${t('ranges.field.state')} inline value=${form.state} onChange=${(state) => form.set({ state })}
            options=${['active', 'draining'].map((value) => ({ value, label: t(`ranges.state.${value}`), disabled: readonly }))} />`}
        ${inUse && html`<${Banner} kind="warn" testid="range-in-use"><p>${t('ranges.shrink.in.use', { n: inUse.length })}</p><${CallList} calls=${inUse} />
            <${Choice} legend=${t('ranges.mode')} value=${mode} onChange=${setMode} options=${['refuse', 'drain', 'force'].map((value) => ({ value, label: t(`ranges.mode.${value}`), help: t(`ranges.mode.change.${value}`) }))} /><//>`}
        <${ProblemBox} error=${error} />
        ${check.unreachable && html`<${ProblemBox} error=${{ status: 0 }} />`}
        ${!readonly && html`<${Pending} before=${base} after=${values} mode=${mode} />`}
        ${base && html`<${Lines} range=${base} /><${Busy} range=${base} />`}
        ${base && can('settings.read') && html`<p><a href=${`/settings?range=${base.id}`}>${t('ranges.settings.link')}</a></p>`}
        ${theirs && html`<${Conflict} mine=${values} theirs=${theirs} base=${base} onChoose=${choose} onClose=${() => setTheirs(null)} />`}
    <//>`;
}

