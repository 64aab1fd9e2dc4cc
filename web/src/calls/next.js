/* What happens next to a call, as a message of the catalogue with its values. The server says the
 * same in English (`next_step`); this says it in the reader's language and shorter. Pure. */
import { bareUri, parkerName } from './select.js';
import { moment } from './time.js';

/** @returns {{key: string, values: object}|null} null: only the server's own words are right */
export function nextStep(call) {
    const parker = parkerName(call);

    switch (call.state) {
    case 'parked':
        return parkedNext(call, parker);
    case 'ringing_back':
        return { key: afterRing(call) ? 'calls.next.ring_then_fallback' : 'calls.next.ring_then_wait',
            values: { who: parker, fallback: bareUri(call.fallback), ...tries(call, call.attempt) } };
    case 'forwarding':
        return { key: 'calls.next.forwarding', values: {} };
    case 'retrieving':
        return { key: 'calls.next.retrieving', values: {} };
    case 'parking':
        return { key: 'calls.next.parking', values: {} };
    default:
        return null;
    }
}

function tries(call, attempt) {
    return { attempt: Math.max(1, attempt), of: call.max_attempts };
}

function afterRing(call) {
    return call.attempt >= call.max_attempts && Boolean(call.fallback);
}

/* As park_next_step() in core/park_words.c has it. */
function parkedNext(call, parker) {
    const rings = call.ringback_at && !(moment(call.next_step_at) < moment(call.ringback_at));

    if (rings && call.attempt < call.max_attempts)
        return { key: parker ? 'calls.next.ring' : 'calls.next.ring_parker',
            values: { who: parker, ...tries(call, call.attempt + 1) } };
    if (call.fallback && !call.fallback_tried)
        return { key: 'calls.next.fallback', values: { fallback: bareUri(call.fallback) } };
    if (rings && call.fallback)
        return { key: 'calls.next.waits', values: {} };
    return { key: 'calls.next.hangup', values: {} };
}
