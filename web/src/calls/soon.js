/* Who is about to be rung back: each wait is told of once, by a sound and in one polite sentence.
 * Pure; what is done about it is the caller's. */
import { times, timeLeft } from './time.js';

export class SoonWatch {
    constructor() {
        this.told = new Map(); /* call id -> the ring back that was told of */
    }

    /** Calls whose ring back comes within `lead` ms and of which nothing was said yet. Those that are
     * past already (a page that was asleep) are not told of: it would be no warning. */
    fresh(calls, now, lead) {
        const found = [], here = new Set();

        for (const call of calls) {
            here.add(call.id);
            /* Most calls are far from it: they cost a comparison, however many there are. */
            if (times(call).ringback - now > lead && !this.told.has(call.id))
                continue;

            const left = timeLeft(call, now);

            if (left.kind !== 'waits' || left.ms > lead) {
                /* Extended since: it will be told of again. */
                if (this.told.get(call.id) !== call.ringback_at)
                    this.told.delete(call.id);
            } else if (left.ms > 0 && this.told.get(call.id) !== call.ringback_at) {
                this.told.set(call.id, call.ringback_at);
                found.push(call);
            }
        }
        for (const id of this.told.keys())
            if (!here.has(id))
                this.told.delete(id);
        return found;
    }
}
