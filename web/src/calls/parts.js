/* The pieces of a call that table, tiles and wallboard share. */
import { html, Badge, Icon } from '../ui.js';
import { t } from '../i18n.js';
import { boardTime, live, waits } from './board.js';
import { nextStep } from './next.js';
import { callerName, parkerName } from './select.js';
import { clock, timeLeft, waited } from './time.js';

const states = {
    parking: ['quiet', 'clock'],
    parked: ['good', 'check'],
    ringing_back: ['warn', 'bell'],
    forwarding: ['warn', 'right'],
    retrieving: ['quiet', 'phone'],
};

/** A call whose fallback did not answer has nobody left who is called for it: that is shown in red. */
export function State({ call }) {
    if (call.state === 'parked' && call.fallback_tried)
        return html`<${Badge} kind="bad" icon="warn">${t('calls.state.stranded')}<//>`;
    const [kind, icon] = states[call.state] || ['quiet', 'circle'];
    return html`<${Badge} kind=${kind} icon=${icon}>${t(`calls.state.${call.state}`)}<//>`;
}

export function Caller({ call }) {
    const name = callerName(call), number = call.caller?.number;
    return html`<span class="who"><b dir="auto">${name === 'anonymous' ? t('calls.anonymous') : name || t('calls.unknown')}</b>
        ${number && number !== name && html`<span class="number" dir="ltr">${number}</span>`}
        ${call.note && html`<span class="note"><${Icon} name="note" /><span class="hidden">${t('calls.note')}: </span><span dir="auto">${call.note}</span></span>`}</span>`;
}

export function Parker({ call }) {
    return html`<span dir="auto">${parkerName(call) || t('calls.unknown')}</span>`;
}

/* Clocks tick by themselves; nothing around them is drawn again. They are no live region: a screen
 * reader reads them when one goes there. */
export function Waiting({ call }) {
    return html`<span class="clock">${clock(waited(call, boardTime.value))}</span>`;
}

function Bar({ part, soon }) {
    return html`<span class=${`time-bar${soon ? ' soon' : ''}`} aria-hidden="true"><span style=${{ width: `${Math.round(part * 100)}%` }}></span></span>`;
}

export function TimeLeft({ call, bar = true }) {
    const left = timeLeft(call, boardTime.value, waits.began(call.id));
    const stopped = live.value ? null : html` <span class="stopped"><${Icon} name="stop" />${t('calls.stopped')}</span>`;
    if (left.kind === 'waits')
        return html`<span class=${`left${left.soon ? ' soon' : ''}`}>${bar && html`<${Bar} part=${left.part} soon=${left.soon} />`}
            <span class="clock">${clock(left.ms, true)}</span>
            ${left.soon && live.value && html`<span class="alarm"><${Icon} name="warn" />${t('calls.soon')}</span>`}${stopped}</span>`;
    if (left.kind === 'rings')
        return html`<span class="left rings"><${Icon} name="bell" /><span>${t(`calls.doing.${call.state}`)}</span>
            ${left.at !== null && html` <span class="clock">${clock(left.ms, true)}</span>`}${stopped}</span>`;
    return html`<span class="left rests">${left.at === null ? t('calls.no_end') : html`<span class="clock">${clock(left.ms, true)}</span>`}${stopped}</span>`;
}

export function Attempt({ call }) {
    return html`<span title=${t('calls.attempt.title', { n: call.attempt, of: call.max_attempts })}>${t('calls.attempt.of', { n: call.attempt, of: call.max_attempts })}</span>`;
}

export function Next({ call }) {
    const next = nextStep(call);
    return html`<span title=${call.next_step}>${next ? t(next.key, next.values) : call.next_step}</span>`;
}

/** One sentence that names a call, for buttons and announcements. */
export function callName(call) {
    const name = callerName(call);
    return t('calls.name', { orbit: call.orbit, caller: name === 'anonymous' ? t('calls.anonymous') : name || t('calls.unknown') });
}
