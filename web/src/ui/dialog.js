// What stands over the page. All are native <dialog>s shown as modal: the browser keeps the focus in
// them, makes the rest inert and closes on Esc; the focus goes back to where it was.
//
//   ${open && html`<${Sheet} title=${…} subtitle=${…} onClose=${…} footer=${html`…`}> … <//>`}   from the right edge
//   ${open && html`<${Dialog} title=${…} onClose=${…} footer=${…}> … <//>`}
//   if (await ask({ title, text, action: t('delete'), danger: true, typed: 'Lobby' })) …    yes or no
//
// With `onSubmit` the content is a form: Enter in a field and Ctrl+Enter submit it.
// `changed`: Esc and a click outside ask first, because something typed would be lost.
import { html } from 'htm/preact';
import { signal } from '@preact/signals';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n.js';
import { Button, IconButton } from './button.js';
import { TextField } from './field.js';

function useModal(onClose, changed) {
    const ref = useRef();
    const latest = useRef();
    latest.current = { onClose, changed };
    useEffect(() => {
        const dialog = ref.current;
        const before = document.activeElement;
        dialog.showModal();
        (dialog.querySelector('[data-focus=true]') ?? dialog.querySelector('input:not([type=hidden]), select, textarea'))?.focus();
        return () => {
            dialog.close();
            if (before?.isConnected) before.focus();
            else document.getElementById('main')?.focus();
        };
    }, []);
    const wish = async () => {
        if (latest.current.changed && !(await ask({ title: t('discard.title'), text: t('discard.text'), action: t('discard.action'), danger: true }))) return;
        latest.current.onClose();
    };
    return {
        ref,
        wish,
        events: {
            // Chromium fires close without cancel on a second Esc; both end here.
            onCancel: (e) => {
                if (e.target !== ref.current) return;
                e.preventDefault();
                void wish();
            },
            onKeyDown: (e) => {
                if (e.key === 'Escape' && !e.defaultPrevented) {
                    e.preventDefault();
                    e.stopPropagation();
                    void wish();
                }
            },
            onMouseDown: (e) => e.target === ref.current && void wish(),
        },
    };
}

/* Content that scrolls and has nothing in it to tab to can be scrolled by keys only if it takes the focus. */
const TABBED = 'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex="0"]';

function useScrollable(frame) {
    useEffect(() => {
        const content = frame.current.querySelector('.content');
        const settle = () => {
            const scrolls = content.scrollHeight > content.clientHeight || content.scrollWidth > content.clientWidth;
            if (scrolls && !content.querySelector(TABBED)) content.tabIndex = 0;
            else content.removeAttribute('tabindex');
        };
        const watch = new ResizeObserver(settle);
        watch.observe(content);
        return () => watch.disconnect();
    }, []);
}

function Frame({ kind, title, subtitle, onClose, onSubmit, changed, footer, children, wide, testid, aside }) {
    const { ref, events, wish } = useModal(onClose, changed);
    const id = useId();
    useScrollable(ref);
    const submit = (e) => {
        e.preventDefault();
        onSubmit?.(e);
    };
    const inside = html`
        <div class="top-line">
            <div><h2 id=${id}>${title}</h2>${subtitle && html`<p class="subtitle">${subtitle}</p>`}</div>
            ${aside}
            <${IconButton} icon="close" label=${t('close')} onClick=${() => void wish()} />
        </div>
        <div class="content">${children}</div>
        ${footer && html`<div class="commit-line">${footer}</div>`}`;
    const onKeys = (e) => {
        if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && onSubmit) submit(e);
        events.onKeyDown(e);
    };
    return html`<dialog ref=${ref} class=${kind + (wide ? ' wide' : '')} aria-labelledby=${id} data-testid=${testid} ...${events} onKeyDown=${onKeys}>
        ${onSubmit ? html`<form class="frame" onSubmit=${submit} novalidate autocomplete="off">${inside}</form>` : html`<div class="frame">${inside}</div>`}
    </dialog>`;
}

export const Sheet = (props) => html`<${Frame} kind="sheet" ...${props} />`;
export const Dialog = (props) => html`<${Frame} kind="box" ...${props} />`;

// ---- a question ----

const question = signal(null);

/**
 * Asks and gives true or false. `typed`: a word that has to be typed before `action` can be pressed.
 * `text` may be a list of paragraphs, `more` any nodes.
 */
export function ask(about) {
    question.value?.resolve(false);
    return new Promise((resolve) => {
        question.value = { ...about, resolve };
    });
}

function Question({ about }) {
    const [typed, setTyped] = useState('');
    const answer = (yes) => {
        question.value = null;
        about.resolve(yes);
    };
    const fits = !about.typed || typed.trim() === about.typed;
    return html`<${Dialog} title=${about.title} onClose=${() => answer(false)} onSubmit=${() => fits && answer(true)} testid="question"
        footer=${html`<${Button} primary=${!about.danger} danger=${about.danger} type="submit" disabled=${!fits} data-focus=${!about.typed && !about.danger}>${about.action ?? t('ok')}<//>
            <${Button} data-focus=${!about.typed && about.danger} onClick=${() => answer(false)}>${about.cancel ?? t('cancel')}<//>`}>
        ${[about.text].flat().map((p) => p && html`<p>${p}</p>`)}
        ${about.more}
        ${about.typed && html`<${TextField} label=${t('type.to.confirm', { word: about.typed })} value=${typed} onInput=${setTyped} data-focus spellcheck=${false} />`}
    <//>`;
}

/** Stands once in the page, for `ask`. */
export function Hosts() {
    const about = question.value;
    return about && html`<${Question} key=${about} about=${about} />`;
}
