// Where a role holds: everywhere, at a site, a destination, in a range. As text "site:Berlin".
import { useEffect, useState } from 'preact/hooks';
import { all } from '../api.js';
import { t } from '../i18n.js';
import { can } from '../state.js';
import { SelectField, html } from '../ui.js';

export const ROLES = ['administrator', 'voice-administrator', 'viewer', 'attendant'];

/** All places that there are: { sites, destinations, ranges }, each a list of { scope, label }. */
export function usePlaces() {
    const [places, setPlaces] = useState({ sites: [], destinations: [], ranges: [] });
    useEffect(() => {
        const some = (permission, path, make) => (can(permission) ? all(path).then((list) => list.map(make), () => []) : []);
        void Promise.all([
            some('destinations.read', 'sites', (s) => ({ scope: 'site:' + s.name, label: s.name })),
            some('destinations.read', 'destinations', (d) => ({ scope: 'destination:' + d.fqdn, label: d.fqdn })),
            some('ranges.read', 'number-ranges', (r) => ({ scope: 'range:' + r.id, label: `${r.name} (${r.start}-${r.end})` })),
        ]).then(([sites, destinations, ranges]) => setPlaces({ sites, destinations, ranges }));
    }, []);
    return places;
}

/** "range:rng_…" with the name of the range. */
export function scopeWords(scope, places) {
    if (scope === 'all') return t('users.scope.all');
    const known = [...places.sites, ...places.destinations, ...places.ranges].find((p) => p.scope === scope);
    const [kind, ...rest] = scope.split(':');
    return t(`users.scope.${kind}`, { name: known?.label ?? rest.join(':') });
}

export function ScopeField({ value, onChange, places, error }) {
    const options = [
        { value: 'all', label: t('users.scope.all') },
        ...[...places.sites, ...places.destinations, ...places.ranges].map((p) => ({ value: p.scope, label: scopeWords(p.scope, places) })),
    ];
    return html`<${SelectField} label=${t('users.scope')} value=${value} onChange=${onChange} options=${options} error=${error} />`;
}

export function RoleField({ value, onChange, error }) {
    return html`<${SelectField} label=${t('users.role')} value=${value} onChange=${onChange} error=${error} help=${t(`users.role.${value}.help`)}
        options=${ROLES.map((role) => ({ value: role, label: t(`users.role.${role}`) }))} />`;
}
