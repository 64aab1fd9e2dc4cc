/* The wallboard: orbit, caller and time left, large enough to be read across a room, on black. It takes
 * the place of the whole page; the screen is filled on request, as browsers want a click for that. */
import { useEffect, useState } from 'preact/hooks';
import { html, Icon, IconButton } from '../ui.js';
import { t } from '../i18n.js';
import { useKeys } from '../keys.js';
import { setQuery } from '../router.js';
import { isFiltered, known, shown } from './board.js';
import { StaleBanner } from './stale.js';
import { Caller, State, TimeLeft } from './parts.js';

const MOST = 40; // more cannot be read; how many there are stands below

export function fillScreen() {
    document.documentElement.requestFullscreen?.().catch(() => {});
}

function leave() {
    if (document.fullscreenElement) void document.exitFullscreen();
    setQuery({ view: null });
}

export function Wall() {
    const [full, setFull] = useState(Boolean(document.fullscreenElement));
    useEffect(() => {
        const changed = () => setFull(Boolean(document.fullscreenElement));
        document.documentElement.classList.add('wall');
        document.addEventListener('fullscreenchange', changed);
        return () => {
            document.documentElement.classList.remove('wall');
            document.removeEventListener('fullscreenchange', changed);
        };
    }, []);
    useKeys({ Escape: leave, f: fillScreen });
    const all = shown.value;
    return html`<section class="wallboard" aria-label=${t('calls.view.wall')} data-testid="wallboard">
        <header><h1>${t('calls.title.count', { n: all.length })}</h1><span class="beside">
            ${!full && document.fullscreenEnabled && html`<${IconButton} icon="expand" label=${t('calls.wall.fill')} onClick=${fillScreen} />`}
            <${IconButton} icon="close" label=${t('calls.wall.leave')} onClick=${leave} /></span></header>
        <${StaleBanner} />
        ${all.length === 0 ? html`<p class="none">${!known.value ? t('loading') : isFiltered.value ? t('calls.none.filtered') : t('calls.none')}</p>` : html`<table>
            <caption class="hidden">${t('calls.title')}</caption>
            <thead><tr><th scope="col">${t('calls.column.orbit')}</th><th scope="col">${t('calls.column.caller')}</th><th scope="col">${t('calls.column.left')}</th></tr></thead>
            <tbody>${all.slice(0, MOST).map((call) => html`<tr key=${call.id} class=${`state-${call.state}`} data-testid="call"><th scope="row">${call.orbit}</th>
                <td><${Caller} call=${call} />${(call.state !== 'parked' || call.fallback_tried) && html`<${State} call=${call} />`}</td><td><${TimeLeft} call=${call} bar=${false} /></td></tr>`)}</tbody></table>`}
        ${all.length > MOST && html`<p class="more"><${Icon} name="more" /> ${t('calls.wall.more', { n: all.length - MOST })}</p>`}
    </section>`;
}
