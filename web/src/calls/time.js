/* What a parked call waits for, and how long still. Pure: the server's time comes in as `now`, in
 * milliseconds since 1970, and every other time is absolute. So nothing drifts and nothing has to be
 * counted down. */

/** From this long before a ring back on, a call is shown as urgent. */
export const SOON = 15000;

/** @param {string|null|undefined} when RFC 3339 @returns {number|null} milliseconds since 1970 */
export function moment(when) {
    const ms = when ? Date.parse(when) : NaN;

    return Number.isNaN(ms) ? null : ms;
}

/* A call is never changed, only replaced, so its times are read from their text once. */
const read = new WeakMap();

/** @returns {{parked: number|null, ringback: number|null, next: number|null, end: number|null}} */
export function times(call) {
    let found = read.get(call);

    if (!found) {
        found = { parked: moment(call.parked_at), ringback: moment(call.ringback_at), next: moment(call.next_step_at),
            end: moment(call.gives_up_at) };
        read.set(call, found);
    }
    return found;
}

/** When the next thing happens to a call: it rings back, stops ringing, is given up. Infinity: never
 * by itself. This is what the board is sorted by. */
export function due(call) {
    const { next, ringback, end } = times(call);

    return next ?? ringback ?? end ?? Infinity;
}

/** How long the caller has waited. */
export function waited(call, now) {
    const { parked } = times(call);

    return parked === null ? 0 : Math.max(0, now - parked);
}

/**
 * The time left of a call.
 *   waits    the parker is rung back at `at`; `part` of the wait is over (0 to 1)
 *   rings    somebody is being called; the ring is given up at `at`
 *   rests    no ring back is planned; `at` is when the call is given up, or null
 * `began` is when this wait began, if the page saw it begin: after a ring back that nobody answered
 * the full time runs again, and parked_at is no measure for it any more.
 * @returns {{kind: "waits"|"rings"|"rests", at: number|null, ms: number, part: number, soon: boolean}}
 */
export function timeLeft(call, now, began = null) {
    const { parked, ringback, next } = times(call);

    /* A call that is given up before it would ring back has no ring back to count to. */
    if (ringback !== null && ringback <= (next ?? ringback)) {
        const start = began ?? parked ?? now, whole = ringback - start;
        const ms = Math.max(0, ringback - now);
        const part = whole > 0 ? Math.min(1, Math.max(0, (now - start) / whole)) : 1;

        return { kind: 'waits', at: ringback, ms, part, soon: ms <= SOON };
    }
    if (call.state !== 'parked')
        return { kind: 'rings', at: next, ms: Math.max(0, (next ?? now) - now), part: 1, soon: false };
    return { kind: 'rests', at: next, ms: Math.max(0, (next ?? now) - now), part: 0, soon: false };
}

/** "0:12", "1:18", "1:02:03". Time left is rounded up, so that it reads 0:00 only when it is over;
 * time past is rounded down. */
export function clock(ms, up = false) {
    const total = Math.max(0, up ? Math.ceil(ms / 1000) : Math.floor(ms / 1000));
    const hours = Math.floor(total / 3600), minutes = Math.floor(total / 60) % 60, seconds = total % 60;
    const two = (n) => String(n).padStart(2, '0');

    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** Remembers for each call when its present wait began, as far as this page saw it. */
export class Waits {
    constructor() {
        this.seen = new Map();
    }

    /** Call it with each new state of a call, at the server's time `now`. */
    note(call, now) {
        const ringback = call.ringback_at, was = this.seen.get(call.id);

        if (was && (was.ringback === ringback || (was.ringback && ringback && was.attempt === call.attempt))) {
            was.ringback = ringback; /* the same wait; it may have been extended */
            return;
        }
        /* The first sight of a call that has not been rung back tells nothing new: parked_at holds. */
        const fresh = !was && call.attempt === 0;

        this.seen.set(call.id, { ringback, attempt: call.attempt, began: fresh ? null : now });
    }

    began(id) {
        return this.seen.get(id)?.began ?? null;
    }

    /** Forgets those that are not in `ids` any more. */
    keep(ids) {
        for (const id of this.seen.keys())
            if (!ids.has(id))
                this.seen.delete(id);
    }
}
