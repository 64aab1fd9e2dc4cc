// Keyboard. Letters are commands only outside of fields, and can be switched off (WCAG 2.1.4);
// keys with Ctrl or Alt are the browser's. A page says what it can do while it is shown:
//
//   useKeys({ n: openNew, r: refresh, '/': () => search.focus() })
//
// Two keys in a row are written "g r". Open dialogs keep all keys to themselves.
import { useEffect, useRef } from 'preact/hooks';
import { lettersOn } from './state.js';

const layers = [];
let waiting = '';
let timer = 0;

const typing = (el) =>
    el.isContentEditable || el.tagName === 'TEXTAREA' || el.tagName === 'SELECT' || (el.tagName === 'INPUT' && !['checkbox', 'radio', 'button', 'submit', 'file'].includes(el.type));

/** Whose these keys are when they have the focus. */
const OWNERS = {
    ' ': 'button, a, summary, input, [role=menu]',
    Enter: 'button, a, summary, input, [role=menu]',
    ArrowUp: 'input[type=radio], [role=menu]',
    ArrowDown: 'input[type=radio], [role=menu]',
};

function handlerOf(key) {
    for (let i = layers.length - 1; i >= 0; i--) if (layers[i].current?.[key]) return layers[i].current[key];
    return null;
}

function begins(key) {
    return layers.some((layer) => Object.keys(layer.current ?? {}).some((k) => k.startsWith(key + ' ')));
}

function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]') || typing(event.target)) return;
    const single = event.key.length === 1 && event.key !== ' ';
    if (single && !lettersOn.peek()) return;
    if (!single && event.target.closest?.(OWNERS[event.key] ?? '[role=menu]')) return;
    const key = waiting ? `${waiting} ${event.key}` : event.key;
    waiting = '';
    clearTimeout(timer);
    if (single && begins(key)) {
        waiting = key;
        timer = setTimeout(() => (waiting = ''), 1200);
        return;
    }
    const handler = handlerOf(key);
    if (handler && handler(event) !== false) event.preventDefault();
}

export function startKeys() {
    document.addEventListener('keydown', pressed);
}

/** While the component is shown. The last one wins; null is no handler, and a handler that
 * gives false leaves the key to the browser. */
export function useKeys(map) {
    const layer = useRef(map);
    layer.current = map;
    useEffect(() => {
        layers.push(layer);
        return () => layers.splice(layers.indexOf(layer), 1);
    }, []);
}
