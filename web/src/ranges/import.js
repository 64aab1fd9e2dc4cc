// Import in four steps: the file, its columns, a dry run with what would change, and then it is done,
// all of it or nothing. A file of Get-CsCallParkOrbit | Export-Csv is taken as it is.
import { useState } from 'preact/hooks';
import { t } from '../i18n.js';
import { Banner, Button, Choice, Field, ProblemBox, Sheet, TextArea, html, say } from '../ui.js';
import { Counts, Rows, apply, dryRun } from './dry_run.js';
import { fieldName } from './editor.js';
import { IMPORT_FIELDS, decode, destinationsIn, readTable, toRanges } from './table_file.js';

const STEPS = ['upload', 'columns', 'check', 'done'];
const NEEDED = ['name', 'start', 'end'];

function Progress({ step }) {
    return html`<ol class="wizard">${STEPS.map((s, i) => html`<li aria-current=${s === step ? 'step' : undefined} class=${STEPS.indexOf(step) > i ? 'past' : ''}>${t(`ranges.import.step.${s}`)}</li>`)}</ol>`;
}

function Upload({ onText, mode, setMode }) {
    const [pasted, setPasted] = useState('');
    const [over, setOver] = useState(false);
    const take = async (file) => file && onText(decode(await file.arrayBuffer()), file.name);
    return html`<div class=${'drop' + (over ? ' over' : '')} onDragOver=${(e) => { e.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
            onDrop=${(e) => { e.preventDefault(); setOver(false); void take(e.dataTransfer.files[0]); }}>
            <${Field} label=${t('ranges.import.file')} help=${t('ranges.import.file.help')}>${(a) => html`<input type="file" accept=".csv,.tsv,.txt,.json,text/csv,application/json" ...${a} onChange=${(e) => void take(e.target.files[0])} />`}<//>
        </div>
        <${TextArea} label=${t('ranges.import.paste')} value=${pasted} onInput=${setPasted} spellcheck=${false} class="number" rows="5" />
        <${Button} disabled=${!pasted.trim()} onClick=${() => onText(pasted, '')}>${t('ranges.import.take.pasted')}<//>
        <${Choice} legend=${t('ranges.import.mode')} value=${mode} onChange=${setMode}
            options=${['create', 'upsert', 'replace'].map((value) => ({ value, label: t(`ranges.import.mode.${value}`), help: t(`ranges.import.mode.${value}.help`) }))} />`;
}

function Columns({ table, setTable, places, map, setMap }) {
    const known = places.map((p) => p.fqdn.toLowerCase());
    const foreign = destinationsIn(table).filter((d) => !known.includes(d));
    const choose = (at) => (e) => setTable({ ...table, fields: table.fields.map((f, i) => (i === at ? e.target.value : f === e.target.value ? '' : f)) });
    const missing = NEEDED.filter((f) => !table.fields.includes(f));
    return html`<p>${t('ranges.import.columns.text', { n: table.rows.length })}</p>
        <div class="table-box"><table class="keep"><caption class="hidden">${t('ranges.import.step.columns')}</caption>
            <thead><tr><th scope="col">${t('ranges.import.column')}</th><th scope="col">${t('ranges.import.example')}</th><th scope="col">${t('ranges.import.is')}</th></tr></thead>
            <tbody>${table.heads.map((head, i) => html`<tr><th scope="row">${head}</th><td class="number">${table.rows[0]?.cells[i]}</td>
                <td><select aria-label=${head} value=${table.fields[i]} onChange=${choose(i)}><option value="">${t('ranges.import.unused')}</option>
                    ${IMPORT_FIELDS.map((f) => html`<option value=${f} selected=${table.fields[i] === f}>${fieldName(f)}</option>`)}</select></td></tr>`)}</tbody>
        </table></div>
        ${missing.length > 0 && html`<${Banner} kind="bad">${t('ranges.import.columns.missing', { names: missing.map(fieldName).join(', ') })}<//>`}
        ${foreign.length > 0 && places.length > 0 && html`<h3>${t('ranges.import.places')}</h3><p>${t('ranges.import.places.text')}</p>
            ${foreign.map((name) => html`<${Field} label=${name || t('ranges.import.no.place')}>${(a) => html`<select ...${a} value=${map[name] ?? ''} onChange=${(e) => setMap({ ...map, [name]: e.target.value })}>
                <option value="">${t('ranges.import.as.it.is')}</option>${places.map((p) => html`<option value=${p.fqdn} selected=${map[name] === p.fqdn}>${p.fqdn}</option>`)}</select>`}<//>`)}`}`;
}

/** Faults of a dry run, with the line of the file: the server was sent a list, and counts its places. */
function faults(error, table) {
    if (!table || !error.errors) return error;
    const lineOf = (text, n) => text?.replace(/^place \d+/, t('line', { n }));
    const at = error.errors.map((e) => table.rows[Number(/^\/items\/(\d+)/.exec(e.pointer ?? '')?.[1])]?.line);
    const errors = error.errors.map((e, i) => ({ ...e, line: e.detail?.startsWith('place ') ? undefined : at[i], detail: lineOf(e.detail, at[i]) }));
    return { ...error, status: error.status, detail: lineOf(error.detail, at[0]), errors };
}

export function Import({ places, onClose, onDone }) {
    const [step, setStep] = useState('upload');
    const [mode, setMode] = useState('upsert');
    const [table, setTable] = useState(null);
    const [json, setJson] = useState(null);
    const [map, setMap] = useState({});
    const [tried, setTried] = useState(null);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);

    const ranges = () => (json ? json : toRanges(table, map));
    const check = async (what) => {
        setBusy(true);
        setError(null);
        try {
            setTried(await dryRun(what, mode));
            setStep('check');
        } catch (problem) {
            setError(faults(problem, json ? null : table));
        }
        setBusy(false);
    };
    const read = (text) => {
        setError(null);
        if (/^\s*[[{]/.test(text))
            try {
                const list = JSON.parse(text);
                setJson(list);
                void check(list);
            } catch (fault) {
                setError({ detail: t('ranges.import.not.json', { why: fault.message }) });
            }
        else {
            const found = readTable(text);
            if (!found.rows.length) return setError({ detail: t('ranges.import.empty') });
            setJson(null);
            setTable(found);
            setStep('columns');
        }
        return undefined;
    };
    const commit = async () => {
        setBusy(true);
        setError(null);
        try {
            const result = await apply(ranges(), mode);
            setTried({ result, before: new Map() });
            setStep('done');
            say(t('ranges.import.imported', { n: result.created + result.updated }));
            onDone();
        } catch (problem) {
            setError(faults(problem, json ? null : table));
        }
        setBusy(false);
    };
    const next = () => {
        if (busy) return;
        if (step === 'columns') void check(ranges());
        else if (step === 'check') void commit();
    };
    const result = tried?.result;
    const changes = result ? result.created + result.updated + result.deleted : 0;
    const footer = {
        upload: html`<${Button} onClick=${onClose}>${t('cancel')}<//>`,
        columns: html`<${Button} primary type="submit" busy=${busy} disabled=${NEEDED.some((f) => !table?.fields.includes(f))}>${t('ranges.import.check')}<//><${Button} onClick=${() => setStep('upload')}>${t('ranges.import.back')}<//>`,
        check: html`<${Button} primary type="submit" busy=${busy} disabled=${!changes}>${t('ranges.import.apply', { n: changes })}<//><${Button} onClick=${() => setStep(json ? 'upload' : 'columns')}>${t('ranges.import.back')}<//>`,
        done: html`<${Button} primary onClick=${onClose}>${t('close')}<//>`,
    }[step];
    return html`<${Sheet} wide title=${t('ranges.import')} onClose=${onClose} onSubmit=${next} footer=${footer} testid="import">
        <${Progress} step=${step} />
        <${ProblemBox} error=${error} />
        ${step === 'upload' && html`<${Upload} onText=${read} mode=${mode} setMode=${setMode} />`}
        ${step === 'columns' && html`<${Columns} table=${table} setTable=${setTable} places=${places} map=${map} setMap=${setMap} />`}
        ${(step === 'check' || step === 'done') && html`${step === 'done' && html`<${Banner} kind="good">${t('ranges.import.done')}<//>`}
            <${Counts} result=${result} />${step === 'check' && html`<${Rows} result=${result} before=${tried.before} />`}`}
    <//>`;
}
