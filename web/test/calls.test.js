/* The logic of the live board, without a browser: node --test web/test/ */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock, due, timeLeft, waited, Waits } from '../src/calls/time.js';
import { filterCalls, sortCalls, bareUri } from '../src/calls/select.js';
import { windowOf, DRAW_ALL } from '../src/calls/window.js';
import { actionsOf } from '../src/calls/rights.js';
import { nextStep } from '../src/calls/next.js';
import { SoonWatch } from '../src/calls/soon.js';
import { Recent } from '../src/calls/recent.js';

const T = Date.parse('2026-11-26T11:00:00Z');
const at = (seconds) => new Date(T + seconds * 1000).toISOString();

function call(over = {}) {
    return { id: 'call_1', orbit: '700', range_id: 'rng_1', site: 'Here', state: 'parked',
        caller: { name: 'Alice', number: '+14255550100', uri: 'sip:+14255550100@h' },
        parker: { name: null, uri: 'sip:anna@h' }, parked_at: at(0), ringback_at: at(90), next_step_at: at(90),
        gives_up_at: at(86400), attempt: 0, max_attempts: 1, fallback: null, fallback_tried: false, note: null,
        ...over };
}

test("time left counts to the ring back by the server's clock", () => {
    const left = timeLeft(call(), T + 60000);

    assert.deepEqual(left, { kind: 'waits', at: T + 90000, ms: 30000, part: 60 / 90, soon: false });
    assert.equal(timeLeft(call(), T + 75000).soon, true);
    assert.equal(timeLeft(call(), T + 100000).ms, 0);
    assert.equal(timeLeft(call(), T - 5000).part, 0);
});

test('a call that rings, and one that is never rung back', () => {
    assert.equal(timeLeft(call({ state: 'ringing_back', ringback_at: null, next_step_at: at(20) }), T).kind, 'rings');
    const rests = timeLeft(call({ ringback_at: null, next_step_at: at(600) }), T);

    assert.equal(rests.kind, 'rests');
    assert.equal(rests.ms, 600000);
    assert.equal(timeLeft(call({ next_step_at: at(60) }), T).kind, 'rests');
    assert.equal(due(call({ ringback_at: null, next_step_at: null, gives_up_at: null })), Infinity);
});

test('clock text', () => {
    for (const [ms, up, text] of [[0, false, '0:00'], [78000, false, '1:18'], [11001, true, '0:12'],
        [11999, false, '0:11'], [3723000, false, '1:02:03'], [-5, true, '0:00']])
        assert.equal(clock(ms, up), text);
    assert.equal(waited(call(), T + 31000), 31000);
});

test('a second wait is measured from when it began', () => {
    const waits = new Waits();

    waits.note(call(), T);
    assert.equal(waits.began('call_1'), null);
    waits.note(call({ ringback_at: at(150) }), T + 5000); /* extended: the same wait */
    assert.equal(waits.began('call_1'), null);
    waits.note(call({ ringback_at: null, state: 'ringing_back' }), T + 150000);
    waits.note(call({ ringback_at: at(265), attempt: 1 }), T + 175000);
    assert.equal(waits.began('call_1'), T + 175000);
    assert.ok(Math.abs(timeLeft(call({ ringback_at: at(265), next_step_at: at(265) }), T + 220000, T + 175000).part - 0.5) < 1e-9);
    waits.keep(new Set());
    assert.equal(waits.began('call_1'), null);
});

test('filter by range, site and text', () => {
    const all = [call(), call({ id: 'call_2', orbit: '*7001', range_id: 'rng_2', site: 'Berlin',
        caller: { name: null, number: '+4930123', uri: '' }, note: 're invoice' })];
    const ids = (filter) => filterCalls(all, filter).map((c) => c.id);

    assert.deepEqual(ids({}), ['call_1', 'call_2']);
    assert.deepEqual(ids({ range: 'rng_2' }), ['call_2']);
    assert.deepEqual(ids({ site: 'Here' }), ['call_1']);
    assert.deepEqual(ids({ q: 'ALICE' }), ['call_1']);
    assert.deepEqual(ids({ q: 'invoice re' }), ['call_2']);
    assert.deepEqual(ids({ q: '+1 (425) 555' }), ['call_1']);
    assert.deepEqual(ids({ q: '*7001' }), ['call_2']);
    assert.deepEqual(ids({ q: 'nobody' }), []);
});

test('sort by time left, and rows with the same key stay where they are', () => {
    const a = call({ id: 'a', next_step_at: at(50) }), b = call({ id: 'b', next_step_at: at(10) });
    const c = call({ id: 'c', next_step_at: at(50) });

    assert.deepEqual(sortCalls([c, a, b], 'left').map((x) => x.id), ['b', 'a', 'c']);
    assert.deepEqual(sortCalls([c, a, b], '-left').map((x) => x.id), ['a', 'c', 'b']);
    const numbers = ['*7000', '720', '99', '#200'].map((orbit, i) => call({ id: String(i), orbit }));

    assert.deepEqual(sortCalls(numbers, 'orbit').map((x) => x.orbit), ['99', '720', '#200', '*7000']);
});

test('ten thousand rows: a window is drawn, and the heights add up', () => {
    const view = { count: 10000, rowHeight: 50, top: 100000, height: 800 };
    const w = windowOf(view);

    assert.equal(w.first, 1990);
    assert.equal(w.last, 2026);
    assert.equal(w.before + (w.last - w.first) * 50 + w.after, 10000 * 50);
    assert.deepEqual(windowOf({ ...view, count: DRAW_ALL }), { first: 0, last: DRAW_ALL, before: 0, after: 0 });
    assert.equal(windowOf({ ...view, top: -3000 }).first, 0);
    const end = windowOf({ ...view, top: 9999999 });

    assert.equal(end.after, 0);
    const tiles = windowOf({ ...view, columns: 3 });

    assert.equal(tiles.first % 3, 0);
    assert.equal(tiles.before + Math.ceil((tiles.last - tiles.first) / 3) * 50 + tiles.after, Math.ceil(10000 / 3) * 50);
});

test('actions by permission and by state', () => {
    const names = (c, may) => actionsOf(c, may).filter((a) => a.enabled).map((a) => a.name);

    assert.deepEqual(names(call(), () => true), ['retrieve', 'ringback', 'extend', 'transfer', 'note', 'hangup']);
    assert.deepEqual(names(call({ state: 'retrieving' }), () => true), ['note', 'hangup']);
    assert.deepEqual(actionsOf(call(), (p) => p === 'calls.note'), [{ name: 'note', enabled: true }]);
    assert.deepEqual(names(call({ state: 'unheard of' }), () => true), []);
});

test('the next step in words', () => {
    assert.deepEqual(nextStep(call()), { key: 'calls.next.ring', values: { who: 'anna', attempt: 1, of: 1 } });
    assert.equal(nextStep(call({ attempt: 1, fallback: 'sip:op@h' })).key, 'calls.next.fallback');
    assert.equal(nextStep(call({ state: 'ringing_back', attempt: 1, fallback: 'sip:op@h' })).key,
        'calls.next.ring_then_fallback');
    assert.equal(nextStep(call({ attempt: 1 })).key, 'calls.next.hangup');
    assert.equal(nextStep(call({ attempt: 1, fallback: 'sip:op@h', fallback_tried: true })).key, 'calls.next.waits');
    assert.equal(nextStep(call({ parker: { name: null, uri: null } })).key, 'calls.next.ring_parker');
    assert.equal(nextStep(call({ next_step_at: at(60) })).key, 'calls.next.hangup');
    assert.equal(nextStep(call({ state: 'ended' })), null);
    assert.equal(nextStep(call({ state: 'ringing_back', attempt: 1 })).key, 'calls.next.ring_then_hangup');
    assert.equal(nextStep(call({ state: 'ringing_back', attempt: 0 })).key, 'calls.next.ring_then_wait');
    assert.equal(bareUri('tel:+49301234;phone-context=x'), '+49301234');
});

test('each wait is announced once, and again after it was extended', () => {
    const watch = new SoonWatch();

    assert.deepEqual(watch.fresh([call()], T + 60000, 15000), []);
    assert.equal(watch.fresh([call()], T + 76000, 15000).length, 1);
    assert.equal(watch.fresh([call()], T + 77000, 15000).length, 0);
    const later = call({ ringback_at: at(150), next_step_at: at(150) });

    assert.equal(watch.fresh([later], T + 80000, 15000).length, 0);
    assert.equal(watch.fresh([later], T + 140000, 15000).length, 1);
    assert.equal(new SoonWatch().fresh([call()], T + 95000, 15000).length, 0);
});

test('recent events know the call that has left', () => {
    const recent = new Recent(2);

    assert.equal(recent.take(1, 'call.telling', { call_id: 'call_1' }, call()), null);
    recent.take(2, 'call.parked', { call_id: 'call_1', call: call(), at: at(0) });
    const item = recent.take(3, 'call.retrieved', { call_id: 'call_1', at: at(9), reason: 'by Bob' }, call());

    assert.equal(item.orbit, '700');
    assert.equal(recent.lastEnded(), item);
    recent.take(4, 'call.parked', { call_id: 'call_2', call: call({ id: 'call_2' }) });
    assert.equal(recent.items.length, 2);
});
