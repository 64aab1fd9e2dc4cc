/* What the board knows: the calls that are shown, the time they are shown at, and what may be done.
 * Everything hangs on signals, so a tick draws the clocks anew and nothing else. */
import { computed, signal } from '@preact/signals';
import { calls, link, onEvent, second, serverNow } from '../events.js';
import { query } from '../router.js';
import { canAt, keptSignal } from '../state.js';
import { Recent } from './recent.js';
import { filterCalls, sortCalls } from './select.js';
import { Waits } from './time.js';

/** Is what is shown true now? Timers run and buttons work only then. */
export const live = computed(() => link.value.state === 'live');

/** The time that the clocks show: the server's, or that of the last news when the connection is lost. */
export const boardTime = computed(() => (live.value ? second.value : link.value.since));

export const sort = computed(() => query.value.sort || 'left');

/** The calls that fit the filters in the address, in order. */
export const shown = computed(() => sortCalls(filterCalls(calls.value, query.value), sort.value));

/** Has the server told anything yet? Until then an empty list would be a lie. */
export const known = computed(() => link.value.state !== 'connecting' || calls.value.length > 0);

export const isFiltered = computed(() => Boolean(query.value.range || query.value.site || query.value.q));

/** Sites and ranges that the calls are in; each [value, name]. */
export const rangesSeen = computed(() => seen((c) => c.range_id && [c.range_id, c.range_name || c.range_id]));
export const sitesSeen = computed(() => seen((c) => c.site && [c.site, c.site]));

function seen(pick) {
    return [...new Map(calls.value.map(pick).filter(Boolean))].sort((a, b) => (a[1] < b[1] ? -1 : 1));
}

/** May this be done to this call? For actionsOf(). */
export function may(permission, call) {
    return canAt(permission, { range: call.range_id, destination: call.destination, site: call.site });
}

// ---- kept in this browser ----

/** Seconds before a ring back at which the sound plays; 0: no sound. */
export const soundAt = keptSignal('calls.sound', 0);
export const speechOff = keptSignal('calls.mute', false);
/** Addresses that calls were given to, the latest first. */
export const addresses = keptSignal('calls.addresses', []);

export function rememberAddress(to) {
    addresses.value = [to, ...addresses.value.filter((a) => a !== to)].slice(0, 8);
}

// ---- what happened ----

export const recent = signal([]);
export const waits = new Waits();
const log = new Recent(30);
const last = new Map(); // call id -> as it was last told; also of calls that have left

function remember(call) {
    if (!call.orbit) return; // one that talks has no orbit any more: what it had is worth more
    last.delete(call.id);
    last.set(call.id, call);
    if (last.size > 500) last.delete(last.keys().next().value);
}

/** One event, live or out of the history; `past`: nobody is told of it any more. */
function take(name, data, id, past, told) {
    if (!name.startsWith('call.') || !data.call_id) return;
    const item = log.take(id, name, data, last.get(data.call_id));
    if (data.call) {
        remember(data.call);
        if (!past) waits.note(data.call, serverNow());
    }
    if (!item) return;
    item.orbit ||= last.get(data.call_id)?.orbit ?? null;
    recent.value = log.items;
    if (!past) told?.(item, data);
}

/** Listens until the returned function is called. `told(item, data)`: something happened just now. */
export function listen(told) {
    for (const call of calls.peek()) remember(call);
    return onEvent((name, data, id) => take(name, data, id, false, told));
}

export function takeHistory(items) {
    if (recent.peek().length > 0) return;
    for (const e of items) take(e.event, e.data, e.id, true);
}

export const lastEnded = () => log.lastEnded();
