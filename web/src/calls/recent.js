/* The line of what just happened. Pure: events in, short items out. */
import { callerName } from './select.js';

/** Steps that somebody who looks at the board wants to know of; the rest is in the timeline. */
const worth = new Set(['call.parked', 'call.retrieved', 'call.ringback_started', 'call.ringback_answered',
    'call.ringback_failed', 'call.forwarded', 'call.forward_failed', 'call.abandoned', 'call.hung_up',
    'call.timed_out', 'call.returned', 'call.park_failed']);

/** After these the call is gone from the board. */
const last = new Set(['call.retrieved', 'call.ringback_answered', 'call.forwarded', 'call.abandoned',
    'call.hung_up', 'call.timed_out']);

export class Recent {
    /** @param {number} keep how many items are kept */
    constructor(keep = 20) {
        this.keep = keep;
        this.items = []; /* newest first */
    }

    /** @param {string} event @param {object} data of the event
     * @param {object|undefined} known the call as the board had it before, for those that have left */
    take(id, event, data, known) {
        if (!worth.has(event))
            return null;

        const call = data.call || known;
        const item = { id, at: data.at, event, reason: data.reason || '', call_id: data.call_id,
            orbit: call?.orbit || null, caller: call ? callerName(call) : null, ended: last.has(event) };

        this.items = [item, ...this.items].slice(0, this.keep);
        return item;
    }

    lastEnded() {
        return this.items.find((item) => item.ended) || null;
    }
}
