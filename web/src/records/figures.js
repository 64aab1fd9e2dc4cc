/* Figures of call records for the charts and for the tables beside them. Pure. */

export const OUTCOMES = ['retrieved', 'ringback_answered', 'forwarded', 'abandoned', 'timed_out', 'hung_up',
    'failed', 'interrupted'];

/** How long callers waited: [from, below) in seconds; null: no end. */
export const WAITS = [[0, 15], [15, 30], [30, 60], [60, 120], [120, 300], [300, 900], [900, null]];

/** @returns {{from: number, below: number|null, count: number}[]} */
export function waitingTimes(records) {
    return WAITS.map(([from, below]) => ({
        from, below,
        count: records.filter((r) => r.waited >= from && (below === null || r.waited < below)).length,
    }));
}

/** Outcomes that came up, in the order of OUTCOMES. */
export function outcomes(records) {
    return OUTCOMES.map((outcome) => ({ outcome, count: records.filter((r) => r.outcome === outcome).length }))
        .filter((row) => row.count > 0);
}

/** The value that `part` of the sorted `numbers` do not exceed; null for none. */
export function quantile(numbers, part) {
    const sorted = [...numbers].sort((a, b) => a - b);

    return sorted.length ? sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] : null;
}

/** The figures in one line. `found`: somebody took the call, at the orbit or at a ring back. */
export function summary(records) {
    const waits = records.map((r) => r.waited).filter(Number.isFinite);
    const found = records.filter((r) => ['retrieved', 'ringback_answered', 'forwarded'].includes(r.outcome)).length;

    return { count: records.length, found, abandoned: records.filter((r) => r.outcome === 'abandoned').length,
        median: quantile(waits, 0.5), p95: quantile(waits, 0.95), longest: waits.length ? Math.max(...waits) : null };
}

const steps = [3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400];

/**
 * Calls over time: columns of equal width, each with a count for every outcome.
 * @param {number} offset of local time from UTC in seconds, so that a day begins at midnight here
 * @returns {{step: number, columns: {at: number, counts: Object<string, number>, total: number,
 *     median: number|null}[]}} `at`: seconds since 1970
 */
export function overTime(records, offset = 0, most = 48) {
    const times = records.map((r) => Math.floor(Date.parse(r.parked_at) / 1000)).filter(Number.isFinite);

    if (times.length === 0)
        return { step: steps[0], columns: [] };

    const low = Math.min(...times), high = Math.max(...times);
    const step = steps.find((s) => (high - low) / s < most) || Math.ceil((high - low) / most / 86400) * 86400;
    const start = (t) => Math.floor((t + offset) / step) * step - offset;
    const columns = new Map();

    for (let at = start(low); at <= high; at += step)
        columns.set(at, { at, counts: {}, total: 0, waits: [] });
    for (const r of records) {
        const column = columns.get(start(Math.floor(Date.parse(r.parked_at) / 1000)));

        if (!column)
            continue;
        column.counts[r.outcome] = (column.counts[r.outcome] || 0) + 1;
        column.total++;
        column.waits.push(r.waited);
    }
    return { step, columns: [...columns.values()].map(({ waits, ...c }) => ({ ...c, median: quantile(waits, 0.5) })) };
}
