/* The logic of the settings page: spans, scopes, the form, the picture. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSpan, writeSpan, shortSpan } from '../src/settings/span.js';
import { chainOf, childrenOf, readScope, resolve, scopePath, writeScope } from '../src/settings/scopes.js';
import { after, changes, grouped, read, show } from '../src/settings/edit.js';
import { ringbackName, story } from '../src/settings/story.js';

test('spans as people write them', () => {
    for (const [text, seconds] of [['90', 90], ['90 s', 90], ['1:30', 90], ['00:01:30', 90], ['2min', 120],
        ['1 h', 3600], ['OFF', 'off'], ['aus', 'off'], ['7d', 604800], ['', null], ['soon', null], ['-5', null],
        ['1:5', null], ['5 constructor', null]])
        assert.equal(readSpan(text), seconds, text);
    assert.equal(writeSpan(90), '00:01:30');
    assert.equal(writeSpan(604800), '168:00:00');
    assert.equal(writeSpan('off'), 'off');
    for (const n of [0, 1, 90, 3600, 86400, 604800])
        assert.equal(readSpan(writeSpan(n)), n);
    assert.deepEqual([90, 120, 600, 3600, 86400, 604800, 3661].map(shortSpan),
        [[90, 's'], [2, 'min'], [10, 'min'], [1, 'h'], [24, 'h'], [7, 'd'], [3661, 's']]);
});

const places = {
    sites: [{ name: 'Redmond' }],
    destinations: [{ fqdn: 'pool1.example.com', site: 'Redmond' }, { fqdn: 'pool2.example.com', site: null }],
    ranges: [{ id: 'rng_1', destination: 'POOL1.example.com' }],
};

test('a range inherits from its destination, that from its site, that from global', () => {
    const chain = chainOf({ kind: 'range', name: 'rng_1' }, places);

    assert.deepEqual(chain.map(writeScope), ['global', 'site:Redmond', 'destination:pool1.example.com', 'range:rng_1']);
    assert.deepEqual(chainOf({ kind: 'destination', name: 'pool2.example.com' }, places).map(writeScope),
        ['global', 'destination:pool2.example.com']);
    assert.equal(chainOf({ kind: 'range', name: 'rng_9' }, places), null);
    assert.equal(chainOf({ kind: 'site', name: 'Nowhere' }, places), null);
    assert.deepEqual(childrenOf({ kind: 'global', name: '' }, places).map(writeScope),
        ['site:Redmond', 'destination:pool2.example.com']);
    assert.deepEqual(childrenOf(chain[2], places).map(writeScope), ['range:rng_1']);
    for (const text of ['global', 'site:Main, north', 'destination:a.b', 'range:rng_1'])
        assert.equal(writeScope(readScope(text)), text);
    assert.equal(scopePath({ kind: 'site', name: 'Main/1' }), 'sites/Main%2F1');
});

test('the nearest scope wins, and what a reset would bring is known', () => {
    const chain = chainOf({ kind: 'range', name: 'rng_1' }, places);
    const row = resolve('ring_time', chain, [{ ring_time: 20 }, {}, { ring_time: 30 }, { ring_time: 40 }], 25);

    assert.equal(row.value, 40);
    assert.equal(row.from.kind, 'range');
    assert.deepEqual([row.inherited.value, row.inherited.from.kind], [30, 'destination']);
    const none = resolve('ring_time', chain, [{}, {}, {}, {}], 25);

    assert.deepEqual([none.value, none.from, none.inherited.value], [25, null, 25]);
});

const keys = {
    pickup_timeout: { name: 'pickup_timeout', kind: 'duration', low: 10, high: 3600, may_be_off: true, default: 90 },
    ring_time: { name: 'ring_time', kind: 'duration', low: 5, high: 120, default: 25 },
    max_pickup_attempts: { name: 'max_pickup_attempts', kind: 'count', low: 1, high: 10, default: 1 },
    timeout_uri: { name: 'timeout_uri', kind: 'uri', default: null },
    ringback_prefix: { name: 'ringback_prefix', kind: 'text', default: '' },
};

test('bounds are told while typing', () => {
    for (const [key, text, result] of [['pickup_timeout', '2:00', 120], ['pickup_timeout', 'off', 'off'],
        ['pickup_timeout', '5', 'settings.error.span_bounds'], ['ring_time', 'off', 'settings.error.not_off'],
        ['ring_time', 'long', 'settings.error.span'], ['max_pickup_attempts', '11', 'settings.error.bounds'],
        ['max_pickup_attempts', '1.5', 'settings.error.number'], ['timeout_uri', 'anna', 'settings.error.uri'],
        ['timeout_uri', ' sip:anna@h ', 'sip:anna@h'], ['timeout_uri', '', ''], ['ringback_prefix', 'P ', 'P ']]) {
        const got = read(keys[key], text);

        assert.equal(got.error ?? got.value, result, `${key} ${text}`);
    }
});

test('only what differs is sent, and a reset is null', () => {
    const own = { ring_time: 30, pickup_timeout: 60 };
    const { patch, errors } = changes({ ring_time: { text: '00:00:30' }, pickup_timeout: { reset: true },
        max_pickup_attempts: { text: '2' }, timeout_uri: { text: 'x' } }, keys, own);

    assert.deepEqual(patch, { pickup_timeout: null, max_pickup_attempts: 2 });
    assert.deepEqual(Object.keys(errors), ['timeout_uri']);
    assert.deepEqual(changes({ timeout_uri: { reset: true } }, keys, own).patch, {});
    assert.deepEqual(after({ ring_time: null, timeout_uri: 'sip:a@b' },
        { ring_time: { value: 30, inherited: { value: 25 } }, timeout_uri: { value: null }, max_park: { value: 60 } }),
    { ring_time: 25, timeout_uri: 'sip:a@b', max_park: 60 });
});

test('rows come in groups, and a key nobody has heard of still has a row', () => {
    const groups = grouped([{ name: 'lamp' }, { name: 'music' }, { name: 'new_key' }, { name: 'pickup_timeout' }]);

    assert.deepEqual(groups.map(([name, rows]) => [name, rows.map((r) => r.name)]),
        [['time', ['pickup_timeout']], ['shown', ['lamp']], ['more', ['new_key']]]);
    assert.equal(show({ kind: 'switch' }, true), 'on');
    assert.equal(show({ kind: 'uri' }, null), '');
});

test('the picture of what happens', () => {
    const base = { pickup_timeout: 90, max_pickup_attempts: 1, ring_time: 25, timeout_uri: null, max_park: 86400 };
    const steps = (over) => story({ ...base, ...over }).map((s) => s.step).join(' ');

    assert.equal(steps({}), 'parked rings hangup');
    assert.equal(steps({ timeout_uri: 'sip:op@h' }), 'parked rings fallback waits hangup');
    assert.equal(steps({ pickup_timeout: 'off', timeout_uri: 'sip:op@h' }), 'parked fallback waits hangup');
    assert.equal(steps({ pickup_timeout: 'off' }), 'parked hangup');
    assert.equal(steps({ pickup_timeout: 300, max_park: 60 }), 'parked hangup');
    assert.equal(story(base)[1].after, 90);
});

test("the name on the parker's phone", () => {
    const who = { orbit: '4107', name: 'Litware', number: '+1425' };

    assert.equal(ringbackName('Park %o: %n', who), 'Park 4107: Litware');
    assert.equal(ringbackName('%u 100%% %x', who), '+1425 100% %x');
    assert.equal(ringbackName('', { ...who, name: '' }), 'Park 4107: +1425');
});
