/* Follows the page's scrolling and says which rows of a long list are to be drawn (window.js). */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { DRAW_ALL, windowOf } from './window.js';

/**
 * @param {{count: number, rowHeight: number, columns?: number}} list
 * @returns {{ref: object, first: number, last: number, before: number, after: number}} `ref` goes to the
 *     element that begins where the first row begins
 */
export function useWindow({ count, rowHeight, columns = 1 }) {
    const ref = useRef();
    const [view, setView] = useState({ top: 0, height: globalThis.innerHeight ?? 800 });
    const long = count > DRAW_ALL;

    useLayoutEffect(() => {
        if (!long) return undefined;
        let asked = 0;
        const look = () => {
            asked = 0;
            if (ref.current) setView({ top: -ref.current.getBoundingClientRect().top, height: innerHeight });
        };
        const ask = () => (asked ||= requestAnimationFrame(look));
        look();
        addEventListener('scroll', ask, { passive: true });
        addEventListener('resize', ask, { passive: true });
        return () => {
            cancelAnimationFrame(asked);
            removeEventListener('scroll', ask);
            removeEventListener('resize', ask);
        };
    }, [long]);
    return { ref, ...windowOf({ count, rowHeight, columns, ...view }) };
}

/** A row that is moved by a new order loses the focus in the browser: it gets it back. */
export function useKeptFocus() {
    const box = useRef();
    const last = useRef(null);
    useLayoutEffect(() => {
        const el = last.current;
        if (el && document.activeElement === document.body && el.isConnected && box.current?.contains(el)) el.focus({ preventScroll: true });
    });
    const events = {
        onFocusIn: (e) => (last.current = e.target),
        /* Without a next element it is the moving of a row, or a click into the void. */
        onFocusOut: (e) => e.relatedTarget && !box.current?.contains(e.relatedTarget) && (last.current = null),
        onPointerDown: (e) => !e.target.closest('button, a, input, tr[tabindex]') && (last.current = null),
    };
    return { box, events };
}
