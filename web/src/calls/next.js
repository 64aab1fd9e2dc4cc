/* What happens next to a call, as a message of the catalogue with its values. The server says the
 * same in English (`next_step`); this says it in the reader's language and shorter. Pure. */
import { bareUri, parkerName } from './select.js';
import { times } from './time.js';

/** @returns {{key: string, values: object}|null} null: only the server's own words are right */
export function nextStep(call) {
    const parker = parkerName(call);

    switch (call.state) {
    case 'parked':
        return parkedNext(call, parker);
    case 'ringing_back':
        return { key: afterRing(call), values: { fallback: bareUri(call.fallback) } };
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

/* As parker_failed() in core/park_ring.c goes on. */
function afterRing(call) {
    if (call.attempt < call.max_attempts || call.fallback_tried)
        return 'calls.next.ring_then_wait';
    return call.fallback ? 'calls.next.ring_then_fallback' : 'calls.next.ring_then_hangup';
}

/* As park_next_step() in core/park_words.c has it. */
function parkedNext(call, parker) {
    const rings = call.ringback_at && !(times(call).next < times(call).ringback);

    if (rings && call.attempt < call.max_attempts)
        return { key: parker ? 'calls.next.ring' : 'calls.next.ring_parker',
            values: { who: parker, ...tries(call, call.attempt + 1) } };
    if (call.fallback && !call.fallback_tried)
        return { key: 'calls.next.fallback', values: { fallback: bareUri(call.fallback) } };
    if (rings && call.fallback)
        return { key: 'calls.next.waits', values: {} };
    return { key: 'calls.next.hangup', values: {} };
}
