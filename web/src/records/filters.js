/* The filters of the call records. They live in the address. */
import { useRef } from 'preact/hooks';
import { html, Button, SelectField, TextField } from '../ui.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { query, setQuery } from '../router.js';
import { OUTCOMES } from './figures.js';
import { orbitFault, PERIODS } from './query.js';

/* Another filter begins at the first page. */
const set = (values) => setQuery({ cursor: null, from: null, ...values });

export function Filters() {
    const { q, period = '7d', since, until, outcome, orbit } = query.value;
    const own = Boolean(since || until), box = useRef();
    useKeys({ '/': () => box.current?.querySelector('input')?.focus() });
    const choosePeriod = (value) => {
        if (value !== 'own') return set({ period: value === '7d' ? null : value, since: null, until: null });
        const now = new Date(Date.now() - 86400000);
        return set({ since: new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 16) });
    };
    const fault = orbitFault(orbit);
    const used = q || outcome || orbit || own || period !== '7d';
    return html`<div class="filter-bar" role="search" ref=${box}>
        <${TextField} type="search" label=${t('records.search')} hideLabel placeholder=${t('records.search')} value=${q} onInput=${(v) => set({ q: v })} spellcheck=${false} class="grow" />
        <${SelectField} label=${t('records.period')} value=${own ? 'own' : period} onChange=${choosePeriod}
            options=${[...PERIODS, 'own'].map((p) => ({ value: p, label: t(`records.period.${p}`) }))} />
        ${own && html`<${TextField} type="datetime-local" label=${t('records.since')} value=${since} onInput=${(v) => set({ since: v })} />
            <${TextField} type="datetime-local" label=${t('records.until')} value=${until} onInput=${(v) => set({ until: v })} />`}
        <${SelectField} label=${t('records.outcome')} value=${outcome} onChange=${(v) => set({ outcome: v })}
            options=${[{ value: '', label: t('records.outcome.all') }, ...OUTCOMES.map((o) => ({ value: o, label: t(`records.outcome.${o}`) }))]} />
        <${TextField} label=${t('records.orbit')} value=${orbit} onInput=${(v) => set({ orbit: v })} error=${fault && t(fault)} spellcheck=${false} maxlength="9" class="short" />
        ${used && html`<${Button} quiet icon="close" onClick=${() => set({ q: null, period: null, since: null, until: null, outcome: null, orbit: null })}>${t('records.clear')}<//>`}
    </div>`;
}
