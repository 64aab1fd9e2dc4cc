// Buttons and menus.
//
//   <${Button} icon="plus" onClick=${…}>${t('new')}<//>
//        primary | danger | quiet | small     looks;  busy: spins and cannot be pressed twice
//   <${IconButton} icon="close" label=${t('close')} onClick=${…} />      the label is its name
//   <${Menu} icon="pencil" label=${t('edit')} items=${[
//        { label, onSelect, key: 'Enter', disabled, danger, hint }, 'line', { label, href, download }]} />
//
// A menu opens with a click, Enter, Space or arrow down; arrows, Home, End and first letters move in it;
// Esc and Tab close it. An item that cannot be used now stays in it, and `hint` says why.
import { html } from 'htm/preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

// 20 by 20, drawn with strokes of the text's colour.
const shapes = {
    plus: 'M10 4v12M4 10h12',
    pencil: 'M4 16l1-4 8-8 3 3-8 8-4 1M11 6l3 3',
    refresh: 'M15.5 7A6 6 0 1 0 16 11M16 3v4h-4',
    search: 'M9 4a5 5 0 1 0 0 10A5 5 0 1 0 9 4M13 13l4 4',
    close: 'M5 5l10 10M15 5L5 15',
    down: 'M5 8l5 5 5-5',
    up: 'M5 12l5-5 5 5',
    right: 'M8 5l5 5-5 5',
    left: 'M12 5l-5 5 5 5',
    check: 'M4 10l4 4 8-9',
    warn: 'M10 3l8 14H2L10 3M10 8v4M10 14.4v.2',
    info: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 1 0 0-15M10 9v5M10 6v.2',
    help: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 1 0 0-15M7.8 8a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M10 14v.2',
    import: 'M10 3v9M6 8.5l4 4 4-4M4 16h12',
    export: 'M10 13V4M6 7.5l4-4 4 4M4 16h12',
    trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6',
    drain: 'M6 3h8M6 17h8M7 3c0 4 6 5 6 7s-6 3-6 7M13 3c0 4-6 5-6 7s6 3 6 7',
    phone: 'M5 3l3 1 .8 3.2L7 9c.9 2 2 3.100 4 4l1.800-1.800 3.200.8 1 3c-1 1.500-2 2-3 2C8 17 3 12 3 6c0-1 .5-2 2-3',
    sun: 'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 1 0 0-7M10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1 1M14.700 14.700l1 1M15.700 4.300l-1 1M5.300 14.700l-1 1',
    moon: 'M16.500 12A7 7 0 0 1 8 3.500 7 7 0 1 0 16.500 12',
    auto: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 1 0 0-15M10 2.500v15M12 5v10M14 6v8',
    user: 'M10 3.500a3 3 0 1 0 0 6 3 3 0 1 0 0-6M4 17c0-3.500 2.500-5 6-5s6 1.500 6 5',
    copy: 'M7 7h9v9H7zM4 13V4h9',
    play: 'M6 4l10 6-10 6z',
    stop: 'M5 5h10v10H5z',
    undo: 'M7 5L3 9l4 4M3 9h8a5 5 0 0 1 0 8H9',
    bell: 'M5 14V9a5 5 0 0 1 10 0v5l1.500 1h-13L5 14M8.500 17h3',
    clock: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 1 0 0-15M10 6v4l3 2',
    key: 'M7 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 1 0 0-7M9.500 9.500L17 3M14 6l2 2',
    more: 'M4.500 10h.1M10 10h.1M15.500 10h.1',
    circle: 'M10 4a6 6 0 1 0 0 12 6 6 0 1 0 0-12',
    note: 'M4 3h12v10l-4 4H4zM12 17v-4h4',
    expand: 'M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4',
};

/** A picture beside words, never instead of them: screen readers pass over it. */
export function Icon({ name }) {
    return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=${shapes[name] ?? ''} /></svg>`;
}

const classes = (props, ...more) =>
    ['button', props.primary && 'primary', props.danger && 'danger', props.quiet && 'quiet', props.small && 'small', ...more].filter(Boolean).join(' ');

const { entries } = Object;
/** What is not about looks goes to the element: data-testid, aria-…, id, form. */
function rest(props, taken) {
    return Object.fromEntries(entries(props).filter(([key]) => !taken.includes(key)));
}
const LOOKS = ['primary', 'danger', 'quiet', 'small', 'icon', 'busy', 'children', 'label', 'class', 'href', 'disabled', 'type'];

/** With `href` it is a link that looks like a button. */
export function Button(props) {
    const { icon, busy, children, href, disabled, type = 'button' } = props;
    const inside = html`${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>`;
    if (href) return html`<a class=${classes(props, props.class)} href=${href} ...${rest(props, LOOKS)}>${inside}</a>`;
    return html`<button type=${type} class=${classes(props, props.class, busy && 'busy')} disabled=${disabled || busy}
        aria-busy=${busy ? 'true' : undefined} ...${rest(props, LOOKS)}>${inside}</button>`;
}

export function IconButton(props) {
    const { icon, label } = props;
    return html`<button type="button" class=${classes({ quiet: true, ...props }, 'only-icon', props.class)} disabled=${props.disabled}
        aria-label=${label} title=${label} ...${rest(props, LOOKS)}><${Icon} name=${icon} /></button>`;
}

function Item({ item, close }) {
    if (item === 'line') return html`<li role="separator" class="line"></li>`;
    const chosen = () => {
        close();
        item.onSelect?.();
    };
    const inside = html`<span class="words">${item.icon && html`<${Icon} name=${item.icon} />`}<span>${item.label}${item.hint && html`<small>${item.hint}</small>`}</span></span>
        ${item.key && html`<kbd>${item.key}</kbd>`}`;
    const role = item.checked === undefined ? 'menuitem' : 'menuitemradio';
    const shared = { role, tabindex: '-1', class: item.danger ? 'danger' : '', 'aria-checked': item.checked === undefined ? undefined : String(item.checked) };
    if (item.href)
        return html`<li role="none"><a ...${shared} href=${item.href} download=${item.download} onClick=${close}>${inside}</a></li>`;
    return html`<li role="none"><button type="button" ...${shared} aria-disabled=${item.disabled ? 'true' : undefined}
        onClick=${item.disabled ? undefined : chosen}>${inside}</button></li>`;
}

/** `end`: the list hangs from the right edge. `icon` alone with `iconOnly` shows no words. */
export function Menu(props) {
    const { label, items, icon, iconOnly, end, disabled, onOpen } = props;
    const [open, setOpen] = useState(false);
    const box = useRef();
    const list = useRef();
    const id = useId();

    const all = () => [...(list.current?.querySelectorAll('[role^=menuitem]') ?? [])];
    const focus = (index) => {
        const found = all();
        found.at(index % found.length)?.focus();
    };
    const show = (index) => {
        onOpen?.();
        setOpen(true);
        requestAnimationFrame(() => focus(index));
    };
    const hide = (back) => {
        setOpen(false);
        if (back) box.current?.querySelector('button')?.focus();
    };

    useEffect(() => {
        if (!open) return undefined;
        const outside = (event) => box.current?.contains(event.target) || hide(false);
        document.addEventListener('pointerdown', outside);
        return () => document.removeEventListener('pointerdown', outside);
    }, [open]);

    const onKey = (event) => {
        const at = all().indexOf(document.activeElement);
        const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
        if (event.key in moves) focus(moves[event.key]);
        else if (event.key === 'Escape') hide(true);
        else if (event.key === 'Tab') return hide(false);
        else if (event.key.length === 1 && event.key !== ' ') {
            const found = all().find((el, i) => i > at && el.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
            (found ?? all().find((el) => el.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase())))?.focus();
        } else return undefined;
        event.preventDefault();
        event.stopPropagation();
        return undefined;
    };

    return html`<div class="menu" ref=${box}>
        <button type="button" id=${id} class=${classes(props, iconOnly && 'only-icon', props.class)} disabled=${disabled} aria-haspopup="menu"
            aria-expanded=${String(open)} aria-label=${iconOnly ? label : props['aria-label']} title=${iconOnly ? label : undefined}
            data-testid=${props['data-testid']} onClick=${() => (open ? hide(true) : show(0))}
            onKeyDown=${(e) => {
                if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
                    e.preventDefault();
                    show(e.key === 'ArrowUp' ? -1 : 0);
                }
            }}>
            ${icon && html`<${Icon} name=${icon} />`}${!iconOnly && html`<span>${props.face ?? label}</span><${Icon} name="down" />`}
        </button>
        ${open && html`<ul role="menu" class=${end ? 'end' : ''} aria-labelledby=${id} ref=${list} onKeyDown=${onKey}>
            ${items.filter(Boolean).map((item) => html`<${Item} item=${item} close=${() => hide(true)} />`)}
        </ul>`}
    </div>`;
}
