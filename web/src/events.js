// What happens on the server, as it happens. A browser holds at most six connections to one host, so
// of all tabs one (whoever has the lock) holds the stream and passes it on to the others. Where that
// is not possible (no Web Locks: a page without TLS on another host), the list is asked for every 5 s.
//
//   calls.value          all parked calls now, as in GET parked-calls, by waiting time
//   link.value           { state: 'live' | 'stale' | 'connecting', since: ms }. Not live: what is shown may be old.
//   serverNow()          the server's time in ms; clocks of browsers are wrong
//   second.value         serverNow(), anew each second while somebody reads it
//   onEvent((name, data, id) => …)   every event; gives a function that ends it
import { computed, signal } from '@preact/signals';
import { all, get, root } from './api.js';
import { can, me } from './state.js';
import { follow } from './sse.js';

const BEAT = 5000; // the leader shows the others that it lives
const ON_ORBIT = new Set(['parking', 'parked', 'ringing_back', 'forwarding', 'retrieving']);

/* On a busy day several events are drawn at once; with very many calls, twice a second. */
const gather = () => (table.size > 1000 ? 500 : 100); // ms

/* By id. It is changed in place, so that an event costs the same with ten calls and with ten thousand;
 * `turn` rises when those who read it are to look again. */
let table = new Map();
const turn = signal(0);
const byTime = (a, b) => ((a.parked_at ?? '') < (b.parked_at ?? '') ? -1 : (a.parked_at ?? '') > (b.parked_at ?? '') ? 1 : 0);
export const calls = computed(() => {
    void turn.value;
    return [...table.values()].sort(byTime);
});
export const link = signal({ state: 'connecting', since: Date.now() });
export const draining = signal(false);
/** As in GET system: { ok, trouble, since, new_parks, detail, … }; null: not known yet. */
export const store = signal(null);

let offset = 0;
export const serverNow = () => Date.now() + offset;

export const second = signal(Date.now(), {
    watched() {
        second.value = serverNow();
        this.timer = setInterval(() => (second.value = serverNow()), 1000);
    },
    unwatched() {
        clearInterval(this.timer);
    },
});

const listeners = new Set();

export function onEvent(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

// ---- what an event means ----

/* When something was last heard: what is shown is as old as that, even if the loss is noticed later. */
let heardAt = Date.now();

function heard() {
    heardAt = serverNow();
}

function setLink(state) {
    if (link.peek().state !== state) link.value = { state, since: state === 'stale' ? heardAt : serverNow() };
}

let touched = 0;
let waiting = 0;

/* The first event after a pause is shown at once. */
function touch() {
    if (waiting) return;
    const wait = Math.max(0, touched + gather() - Date.now());
    const now = () => {
        waiting = 0;
        touched = Date.now();
        turn.value++;
    };
    if (wait) waiting = setTimeout(now, wait);
    else now();
}

const onBoard = (call) => call && ON_ORBIT.has(call.state) && call.orbit;
let told = null; // what events said while the list was on its way: id -> call, or null for one that left

function putCall(id, call) {
    const shown = onBoard(call) ? call : null;
    told?.set(id, shown);
    if (shown) table.set(id, shown);
    else table.delete(id);
    touch();
}

function putAll(list) {
    table = new Map(list.map((c) => [c.id, c]));
    touch();
}

async function loadCalls() {
    if (!can('calls.read')) return;
    const meanwhile = (told = new Map());
    try {
        const list = new Map((await all('parked-calls', undefined, 100000)).map((c) => [c.id, c]));
        for (const [id, call] of meanwhile)
            if (!call) list.delete(id);
            else if (!(list.get(id)?.version > call.version)) list.set(id, call);
        putAll([...list.values()]);
    } finally {
        if (told === meanwhile) told = null;
    }
}

/** One event of the stream, whether it came from the server or from another tab. */
function take({ id, name, data }) {
    const body = JSON.parse(data);
    if (body.server_time) offset = Date.parse(body.server_time) - Date.now();
    if (name === 'snapshot') {
        putAll(body.calls ?? []);
        draining.value = body.draining ?? false;
        store.value = body.store ?? null;
        if (body.complete === false) void loadCalls().catch(() => {});
    } else if (name.startsWith('call.') && body.call_id) {
        // Whoever may not see a call gets its id alone: that takes nothing away that he saw.
        if (body.call || name === 'call.ended') putCall(body.call_id, body.call);
    } else if (name === 'system.draining' || name === 'system.undrained') {
        draining.value = name === 'system.draining';
    } else if (body.store) {
        store.value = body.store;
    }
    for (const listener of [...listeners]) listener(name, body, id);
}

// ---- one tab leads ----

let stop = null;
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('callpark-events') : null;

function lead(signal) {
    const pass = (event) => {
        take(event);
        channel.postMessage({ event });
    };
    const state = (value) => {
        setLink(value);
        channel.postMessage({ state: value });
    };
    const beat = setInterval(() => channel.postMessage({ state: link.peek().state }), BEAT);
    channel.onmessage = ({ data }) => {
        // A tab that was opened later gets what the stream told before.
        if (data.hello)
            channel.postMessage({
                event: {
                    id: '',
                    name: 'snapshot',
                    data: JSON.stringify({ server_time: new Date(serverNow()).toISOString(), calls: calls.peek(), draining: draining.peek(), store: store.peek() }),
                },
                state: link.peek().state,
                to: data.hello,
            });
    };
    return follow(root + 'events', {
        signal,
        taken: pass,
        heard,
        opened: () => state('live'),
        lost(status) {
            state('stale');
            if (status === 401) me.value = null;
        },
    }).finally(() => clearInterval(beat));
}

function listen(name) {
    let last = Date.now();
    channel.onmessage = ({ data }) => {
        if (data.to && data.to !== name) return;
        last = Date.now();
        if (data.state !== 'stale') heard();
        if (data.event) take(data.event);
        if (data.state) setLink(data.state);
    };
    const watch = setInterval(() => {
        if (Date.now() - last > 3 * BEAT) setLink('stale');
    }, BEAT);
    channel.postMessage({ hello: name });
    return () => clearInterval(watch);
}

async function withLock(signal) {
    const name = Math.random().toString(36).slice(2);
    const end = listen(name);
    signal.addEventListener('abort', end, { once: true });
    try {
        await navigator.locks.request('callpark-events', { signal }, async () => {
            end();
            await lead(signal);
        });
    } catch (error) {
        if (error.name !== 'AbortError') throw error;
    }
}

// ---- without locks ----

async function poll(signal) {
    let after;
    while (!signal.aborted) {
        try {
            const now = await get('events/history', { after: after ?? 0, limit: after === undefined ? 1 : 1000 }, { signal });
            await loadCalls();
            if (after !== undefined) for (const e of now.items) take({ id: e.id, name: e.event, data: JSON.stringify(e.data) });
            after = now.last;
            heard();
            setLink('live');
        } catch {
            setLink('stale');
        }
        await new Promise((resolve) => setTimeout(resolve, 5000));
    }
}

/** Begins once somebody is signed in. */
export function startEvents() {
    if (stop) return;
    stop = new AbortController();
    setLink('connecting');
    if (channel && navigator.locks) void withLock(stop.signal);
    else void poll(stop.signal);
}

export function stopEvents() {
    stop?.abort();
    stop = null;
    putAll([]);
}
