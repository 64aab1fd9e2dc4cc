/* What stands above the board: filters, order, view, and what is said and sounded. */
import { useEffect, useRef } from 'preact/hooks';
import { html, Button, Check, Icon, IconButton, SelectField, TextField } from '../ui.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { query, setQuery } from '../router.js';
import { isFiltered, rangesSeen, sitesSeen, sort, soundAt, speechOff } from './board.js';
import { SORTS } from './select.js';
import { blocked, play, readySound } from './sound.js';
import { fillScreen } from './wall.js';

const VIEWS = ['table', 'tiles', 'wall'];
const LEADS = [5, 10, 15, 20, 30, 60];

/* The one that is chosen stays in the list when its last call has left. */
function options(seen, chosen, all) {
    const list = seen.map(([value, label]) => ({ value, label }));
    if (chosen && !list.some((o) => o.value === chosen)) list.push({ value: chosen, label: chosen });
    return [{ value: '', label: all }, ...list];
}

export function Views() {
    const now = query.value.view ?? 'table';
    const choose = (view) => () => {
        setQuery({ view: view === 'table' ? null : view }, { push: true });
        if (view === 'wall') fillScreen();
    };
    return html`<div class="views" role="group" aria-label=${t('calls.view')}>${VIEWS.map((view) => html`<button type="button" class=${`button small${view === now ? ' on' : ''}`}
        aria-pressed=${String(view === now)} data-testid=${`view-${view}`} onClick=${choose(view)}>${view === 'wall' && html`<${Icon} name="expand" />`}<span>${t(`calls.view.${view}`)}</span></button>`)}</div>`;
}

export function Filters() {
    const { q, range, site } = query.value;
    const search = useRef();
    useKeys({ '/': () => search.current?.querySelector('input')?.focus() });
    return html`<div class="filter-bar" role="search" ref=${search}>
        <${TextField} type="search" label=${t('calls.search')} hideLabel placeholder=${t('calls.search.hint')} value=${q} onInput=${(v) => setQuery({ q: v })} spellcheck=${false} class="grow" />
        <${SelectField} label=${t('calls.range')} value=${range} onChange=${(v) => setQuery({ range: v })} options=${options(rangesSeen.value, range, t('calls.range.all'))} />
        <${SelectField} label=${t('calls.site')} value=${site} onChange=${(v) => setQuery({ site: v })} options=${options(sitesSeen.value, site, t('calls.site.all'))} />
        <${SelectField} label=${t('calls.sort')} value=${sort.value.replace('-', '')} onChange=${(v) => setQuery({ sort: v === 'left' ? null : v })}
            options=${SORTS.map((s) => ({ value: s, label: t(`calls.sort.${s}`) }))} />
        ${isFiltered.value && html`<${Button} quiet icon="close" onClick=${() => setQuery({ q: null, range: null, site: null })}>${t('calls.clear')}<//>`}
    </div>`;
}

export function Attention() {
    useEffect(() => {
        if (soundAt.peek() > 0) readySound();
    }, []);
    const choose = (value) => {
        soundAt.value = Number(value);
        if (soundAt.value > 0) readySound();
    };
    const on = soundAt.value > 0;
    return html`<div class="attention">
        <${SelectField} label=${t('calls.sound')} value=${String(soundAt.value)} onChange=${choose}
            options=${[{ value: '0', label: t('calls.sound.off') }, ...LEADS.map((n) => ({ value: String(n), label: t('calls.sound.at', { n }) }))]} />
        ${on && html`<${IconButton} icon="play" label=${t('calls.sound.try')} onClick=${play} />`}
        ${on && blocked.value && html`<span class="hint"><${Icon} name="info" /> ${t('calls.sound.blocked')}</span>`}
        <${Check} label=${t('calls.speech')} checked=${!speechOff.value} onChange=${(said) => (speechOff.value = !said)} />
    </div>`;
}
