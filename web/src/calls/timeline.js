/* The story of one call, with the reason of every step, in a sheet at the side. It can be read after
 * the call has left, too: the address is /calls?call=ID. */
import { useEffect, useState } from 'preact/hooks';
import { html, Loading, ProblemBox, Sheet } from '../ui.js';
import { get } from '../api.js';
import { calls, onEvent } from '../events.js';
import { time } from '../format.js';
import { has, language, t } from '../i18n.js';
import { setQuery } from '../router.js';
import { can } from '../state.js';
import { Actions } from './actions.js';
import { callName, State, TimeLeft, Next } from './parts.js';

/** A step in the reader's language; the name itself for one that this page has not heard of. */
export const stepName = (step) => (has(`calls.step.${step}`) ? t(`calls.step.${step}`) : step);

function useSteps(id) {
    const [steps, setSteps] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => {
        let wanted = true;
        const load = () => get(`parked-calls/${id}/timeline`).then((body) => wanted && setSteps(body.items), (e) => wanted && setError(e));
        load();
        const stop = onEvent((name, data) => data.call_id === id && load());
        return () => {
            wanted = false;
            stop();
        };
    }, [id]);
    return { steps, error };
}

/* What became of a call that has left. */
function useRecord(id, left) {
    const [record, setRecord] = useState(null);
    useEffect(() => {
        if (left && can('records.read')) get('call-records', { call: id }).then((body) => setRecord(body.items[0] ?? null), () => {});
    }, [id, left]);
    return record;
}

function Step({ step }) {
    /* Reasons are the server's words, which are English. */
    return html`<li><time datetime=${step.at}>${time(step.at)}</time><div><b>${stepName(step.step)}</b>
        <p lang=${language.value === 'en' ? undefined : 'en'}>${step.reason}</p></div></li>`;
}

export function Timeline({ id }) {
    const { steps, error } = useSteps(id);
    const call = calls.value.find((c) => c.id === id);
    const record = useRecord(id, !call);
    const close = () => setQuery({ call: null });
    const about = call ?? (record && { ...record, orbit: record.orbit });
    return html`<${Sheet} title=${t('calls.timeline.title')} subtitle=${about ? callName(about) : id} onClose=${close} testid="timeline">
        ${call && html`<div class="call-now"><${State} call=${call} /><${TimeLeft} call=${call} /><p><${Next} call=${call} /></p><${Actions} call=${call} onTimeline=${() => {}} /></div>`}
        ${!call && record && html`<p>${t('calls.timeline.left', { outcome: t(`records.outcome.${record.outcome}`) })}</p>`}
        <${ProblemBox} error=${error} />
        ${!steps && !error && html`<${Loading} />`}
        ${steps && html`<ol class="what-happened" data-testid="steps">${steps.map((s) => html`<${Step} key=${s.number} step=${s} />`)}</ol>`}
    <//>`;
}
