/* The picture of what happens to a call in time, as a list of steps, and the name that the parker's
 * phone shows. Pure. */

/**
 * @param {object} values of the keys
 * @returns {{step: "parked"|"rings"|"fallback"|"waits"|"hangup", after: number|null, values: object}[]}
 *     `after`: seconds that pass before this step; null: none, or as long as it takes
 */
export function story(values) {
    const steps = [{ step: 'parked', after: null, values: {} }];
    const rings = values.pickup_timeout !== 'off' && values.pickup_timeout !== null
        && values.pickup_timeout < values.max_park;
    const fallback = values.timeout_uri || null;

    if (rings)
        steps.push({ step: 'rings', after: values.pickup_timeout,
            values: { times: values.max_pickup_attempts, ring: values.ring_time, again: values.pickup_timeout } });
    /* After the last ring back nobody waits for another full time: the call moves on when it fails. */
    if (fallback) {
        steps.push({ step: 'fallback', after: rings ? values.ring_time : values.max_park, values: { to: fallback } });
        steps.push({ step: 'waits', after: null, values: { max: values.max_park } });
    }
    steps.push({ step: 'hangup', after: fallback || rings ? null : values.max_park, values: {} });
    return steps;
}

/** What the parker's phone shows on a ring back: %o orbit, %n caller's name, %u caller's number, as
 * core/ has it; a "%" before anything else stands for itself. */
export function ringbackName(prefix, { orbit, name, number }) {
    const said = { o: orbit, n: name || number, u: number, '%': '%' };

    return (prefix || 'Park %o: %n').replace(/%(.)/g, (all, letter) => said[letter] ?? all);
}
