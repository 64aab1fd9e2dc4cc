/* Scopes of settings, from the widest to the narrowest, and what each inherits. The nearest wins:
 * default < global < site < destination < range. Pure. */

/**
 * @typedef {{kind: 'global'|"site"|"destination"|"range", name: string}} Scope
 *     `name`: of a range its id, of global ""
 */

export const GLOBAL = { kind: 'global', name: '' };

/** @returns {Scope} of 'global', "site:Redmond", "destination:pool1.example.com", "range:rng_1" */
export function readScope(text) {
    const match = /^(site|destination|range):(.+)$/.exec(text || '');

    return match ? { kind: match[1], name: match[2] } : GLOBAL;
}

export function writeScope(scope) {
    return scope.kind === 'global' ? 'global' : `${scope.kind}:${scope.name}`;
}

/** The piece of an API path behind /settings/ and /music/. */
export function scopePath(scope) {
    return scope.kind === 'global' ? 'global' : `${scope.kind}s/${encodeURIComponent(scope.name)}`;
}

/**
 * The scopes that hold for `scope`, from global to itself. Null: it does not exist.
 * @param {{destinations: {fqdn: string, site: string|null}[], ranges: {id: string, destination: string}[],
 *     sites: {name: string}[]}} places
 * @returns {Scope[]|null}
 */
export function chainOf(scope, places) {
    if (scope.kind === 'global')
        return [GLOBAL];
    if (scope.kind === 'site')
        return places.sites.some((s) => s.name === scope.name) ? [GLOBAL, scope] : null;

    const range = scope.kind === 'range' ? places.ranges.find((r) => r.id === scope.name) : null;
    const fqdn = range ? range.destination : scope.name;
    const destination = places.destinations.find((d) => d.fqdn.toLowerCase() === fqdn.toLowerCase());

    if (!destination || (scope.kind === 'range' && !range))
        return null;
    return [GLOBAL,
        ...(destination.site ? [{ kind: 'site', name: destination.site }] : []),
        { kind: 'destination', name: destination.fqdn },
        ...(range ? [scope] : [])];
}

/** The scopes right below one, for those who walk down. */
export function childrenOf(scope, places) {
    switch (scope.kind) {
    case 'global':
        return [...places.sites.map((s) => ({ kind: 'site', name: s.name })),
            ...places.destinations.filter((d) => !d.site).map((d) => ({ kind: 'destination', name: d.fqdn }))];
    case 'site':
        return places.destinations.filter((d) => d.site === scope.name)
            .map((d) => ({ kind: 'destination', name: d.fqdn }));
    case 'destination':
        return places.ranges.filter((r) => r.destination.toLowerCase() === scope.name.toLowerCase())
            .map((r) => ({ kind: 'range', name: r.id }));
    default:
        return [];
    }
}

/**
 * What holds for one key and where it comes from.
 * @param {object[]} own what each scope of the chain says itself, in the chain's order
 * @returns {{value: any, from: Scope|null, inherited: {value: any, from: Scope|null}}} `from` null: the
 *     default; `inherited`: what would hold if the last scope of the chain said nothing
 */
export function resolve(key, chain, own, fallback) {
    let value = fallback, from = null, inherited = { value, from };

    chain.forEach((scope, i) => {
        if (i === chain.length - 1)
            inherited = { value, from };
        if (own[i] && Object.hasOwn(own[i], key))
            [value, from] = [own[i][key], scope];
    });
    return { value, from, inherited };
}

/** @returns {boolean} */
export function sameScope(a, b) {
    return a?.kind === b?.kind && a?.name === b?.name;
}
