/* What the settings page needs from the server: the keys, the places, and what each scope on the way
 * from global to the one that is looked at says itself. */
import { useEffect, useState } from 'preact/hooks';
import { all, get } from '../api.js';
import { onEvent } from '../events.js';
import { chainOf, childrenOf, scopePath } from './scopes.js';

export const own = (scope) => get(`settings/${scopePath(scope)}`);

async function load(scope) {
    const [keys, sites, destinations, ranges] = await Promise.all([
        get('settings'), all('sites'), all('destinations'), all('number-ranges', { sort: 'name' })]);
    const places = { sites, destinations, ranges }, chain = chainOf(scope, places);
    /* An unknown scope is no failure of the page: the others can still be chosen. */
    return { keys: keys.items, places, chain, said: chain ? await Promise.all(chain.map(own)) : [] };
}

/**
 * @returns {{data: object|null, error: Error|null, reload: () => Promise<void>, newer: boolean}} `newer`:
 *     somebody changed settings or places since this was loaded
 */
export function useSettings(scope) {
    const [state, setState] = useState({ data: null, error: null });
    const [newer, setNewer] = useState(false);
    const [round, setRound] = useState(0);

    useEffect(() => {
        let wanted = true;
        load(scope).then((data) => {
            if (!wanted) return;
            setState({ data, error: null });
            setNewer(false);
        }, (error) => wanted && setState((now) => ({ ...now, error })));
        return () => (wanted = false);
    }, [scope.kind, scope.name, round]);

    useEffect(() => onEvent((name) => /^(settings|music|range|site|destination)\./.test(name) && setNewer(true)), []);
    return { ...state, newer, reload: () => setRound((n) => n + 1) };
}

/** What the scopes below one say themselves: [{ scope, said }], only those that say something. */
export async function below(scope, places, most = 300) {
    const scopes = [], walk = (s) => childrenOf(s, places).forEach((child) => {
        if (scopes.length < most) scopes.push(child);
        walk(child);
    });
    walk(scope);
    const said = await Promise.all(scopes.map((s) => own(s).catch(() => ({}))));
    return scopes.map((s, i) => ({ scope: s, said: said[i] }))
        .filter((row) => Object.keys(row.said).some((key) => key !== 'version'));
}
