/* Figures and filters of call records, Activity's search and diff, and the system page's readings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomes, overTime, quantile, summary, waitingTimes } from '../src/records/figures.js';
import { localTime, orbitFault, periodStart, recordsQuery, textFilter } from '../src/records/query.js';
import { diff, headline, valueText } from '../src/activity/diff.js';
import { auditQuery, readSearch, readTime, writeSearch } from '../src/activity/query.js';
import { certificateState } from '../src/system/certificate.js';

const records = [[0, 5, 'retrieved'], [600, 15, 'retrieved'], [3600, 45, 'abandoned'], [90000, 1000, 'timed_out']]
    .map(([at, waited, outcome]) => ({ parked_at: new Date(1.7e12 + at * 1000).toISOString(), waited, outcome,
        orbit: '700', caller: { name: 'Alice' } }));

test('waiting times fall into one column each', () => {
    assert.deepEqual(waitingTimes(records).map((w) => w.count), [1, 1, 1, 0, 0, 0, 1]);
    assert.deepEqual(outcomes(records).map((o) => [o.outcome, o.count]),
        [['retrieved', 2], ['abandoned', 1], ['timed_out', 1]]);
    assert.deepEqual(summary(records), { count: 4, found: 2, abandoned: 1, median: 15, p95: 1000, longest: 1000 });
    assert.equal(summary([]).median, null);
    assert.equal(quantile([3, 1, 2], 0.5), 2);
});

test('calls over time: every call is in a column, columns are whole', () => {
    const { step, columns } = overTime(records, 3600);

    assert.equal(step, 3600);
    assert.equal(columns.reduce((n, c) => n + c.total, 0), 4);
    assert.ok(columns.every((c, i) => i === 0 || c.at - columns[i - 1].at === step));
    assert.equal((columns[0].at + 3600) % step, 0);
    const year = [0, 365 * 86400].map((s) => ({ parked_at: new Date(1.7e12 + s * 1000).toISOString(), waited: 1, outcome: 'failed' }));

    assert.ok(overTime(year).columns.length <= 54);
    assert.equal(overTime(year).columns.reduce((n, c) => n + c.total, 0), 2);
    assert.deepEqual(overTime([]).columns, []);
});

test('filters of the records', () => {
    const now = new Date('2026-11-26T15:00:00Z');

    assert.equal(periodStart('24h', now), '2026-11-25T15:00:00.000Z');
    assert.equal(periodStart('all', now), null);
    assert.deepEqual(recordsQuery({ period: 'all', outcome: 'abandoned', orbit: ' *7000 ' }, now),
        { outcome: 'abandoned', orbit: '*7000' });
    assert.equal(recordsQuery({ since: '2026-11-01T00:00' }, now).since, new Date('2026-11-01T00:00').toISOString());
    assert.equal(localTime('rubbish'), null);
    assert.equal(orbitFault('*7000'), null);
    assert.equal(orbitFault('07'), 'records.error.orbit');
    assert.equal(textFilter(records, 'ALICE 700').length, 4);
    assert.equal(textFilter(records, 'bob').length, 0);
});

test('what differs comes first', () => {
    const rows = diff({ name: 'Lobby', end: '4149', version: 17, at: { a: 1 } },
        { name: 'Lobby', end: '4199', version: 18, at: { a: 1 }, note: 'x' });

    assert.deepEqual(rows.map((r) => [r.field, r.kind]),
        [['end', 'changed'], ['version', 'changed'], ['note', 'added'], ['name', 'same'], ['at.a', 'same']]);
    assert.deepEqual(headline({ end: '1', version: 1 }, { end: '2', version: 2 }).map((r) => r.field), ['end']);
    assert.deepEqual(headline(null, { end: '2' }), []);
    assert.deepEqual(diff(null, null), []);
    assert.equal(valueText(null), '–');
    assert.equal(valueText(['a', { b: 1 }]), 'a, {"b":1}');
    assert.equal(valueText(false), 'false');
});

test('the search box', () => {
    const search = readSearch('actor:anna action:range since:7d subject:"Front desk" big one x:y');

    assert.deepEqual(search, { actor: 'anna', action: 'range', since: '7d', subject: 'Front desk', q: 'big one x:y' });
    assert.deepEqual(readSearch(writeSearch(search)), search);
    const { query, wrong } = auditQuery({ since: '7d', until: 'never', actor: 'anna' }, Date.parse('2026-11-26T00:00:00Z'));

    assert.deepEqual(query, { actor: 'anna', since: '2026-11-19T00:00:00.000Z' });
    assert.deepEqual(wrong, ['never']);
    assert.equal(readTime('2026-11-26T00:00:00Z'), '2026-11-26T00:00:00.000Z');
});

test('how near a certificate is to its end', () => {
    assert.deepEqual([-1, 7, 30, 31].map(certificateState), ['over', 'now', 'soon', 'ok']);
});
