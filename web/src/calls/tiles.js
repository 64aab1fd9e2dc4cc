/* The board as tiles: one for each call, for a touch screen at a desk. */
import { memo } from 'preact/compat';
import { useEffect, useState } from 'preact/hooks';
import { html } from '../ui.js';
import { t } from '../i18n.js';
import { setQuery } from '../router.js';
import { Actions } from './actions.js';
import { shown } from './board.js';
import { Caller, callName, Next, Parker, State, TimeLeft, Waiting } from './parts.js';
import { useKeptFocus, useWindow } from './use_window.js';
import { DRAW_ALL } from './window.js';

const HEIGHT = 264, WIDTH = 272; // pixels with the gap, of tiles in a long list; as in the style sheet

const Tile = memo(function Tile({ call }) {
    const open = () => setQuery({ call: call.id }, { push: true });
    return html`<li class=${`tile state-${call.state}`} data-testid="call" data-row=${call.id}>
        <header><button type="button" class="link orbit" aria-label=${`${callName(call)}: ${t('calls.action.timeline')}`} onClick=${open}>${call.orbit}</button><${State} call=${call} /></header>
        <${Caller} call=${call} />
        <p class="by">${t('calls.tile.by')} <${Parker} call=${call} />, <${Waiting} call=${call} /></p>
        <${TimeLeft} call=${call} /><p class="next"><${Next} call=${call} /></p>
        <footer><${Actions} call=${call} onTimeline=${open} /></footer>
    </li>`;
});

export function Tiles() {
    const all = shown.value, long = all.length > DRAW_ALL;
    const { box, events } = useKeptFocus();
    const [columns, setColumns] = useState(1);
    useEffect(() => {
        const measure = () => setColumns(Math.max(1, Math.floor(((box.current?.clientWidth ?? 0) + 16) / WIDTH)));
        const watch = new ResizeObserver(measure);
        watch.observe(box.current);
        return () => watch.disconnect();
    }, []);
    const { ref, first, last, before, after } = useWindow({ count: all.length, rowHeight: HEIGHT, columns });
    return html`<div ref=${box} ...${events}><div ref=${ref} aria-hidden="true" style=${{ height: `${before}px` }}></div>
        <ul class=${`tiles${long ? ' long' : ''}`} aria-label=${t('calls.title')} style=${long ? { gridTemplateColumns: `repeat(${columns}, 1fr)` } : {}}>
            ${all.slice(first, last).map((call) => html`<${Tile} key=${call.id} call=${call} />`)}</ul>
        <div aria-hidden="true" style=${{ height: `${after}px` }}></div></div>`;
}
