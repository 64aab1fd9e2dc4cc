// Fields of a form. Each has a label that can be clicked, help below it, and an error that a screen
// reader reads with the field.
//
//   <${TextField} label=${t('name')} value=${form.name} onInput=${(v) => …} error=${…} help=${…} required />
//        everything else goes to <input>: type, inputmode, maxlength, placeholder, autocomplete, spellcheck
//   <${SelectField} label=… value=… onChange=${(v) => …} options=${[{ value, label, disabled }]} />
//   <${Check} label=… checked=… onChange=${(on) => …} help=… />
//   <${Choice} legend=… value=… onChange=… options=${[{ value, label, help, disabled }]} />        radio buttons
//   <${Field} label=… error=… help=…>${(attributes) => html`<input ...${attributes} />`}<//>    for anything else
//
// useForm({ name: '' }) holds the values: form.name, form.set({ name }), form.changed, form.reset(values).
import { html } from 'htm/preact';
import { useId, useRef, useState } from 'preact/hooks';
import { t } from '../i18n.js';
import { Icon } from './button.js';

export function Field({ label, help, error, warning, required, optional, children, hideLabel, class: cls, after }) {
    const id = useId();
    const noted = [error && id + 'e', warning && id + 'w', help && id + 'h'].filter(Boolean).join(' ');
    const attributes = {
        id,
        'aria-describedby': noted || undefined,
        'aria-invalid': error ? 'true' : undefined,
        'aria-required': required ? 'true' : undefined,
    };
    return html`<div class=${['field', error && 'wrong', cls].filter(Boolean).join(' ')}>
        <label for=${id} class=${hideLabel ? 'hidden' : ''}>${label}${optional && html` <span class="optional">${t('optional')}</span>`}</label>
        <div class="control">${children(attributes)}${after}</div>
        ${error && html`<p class="error" id=${id + 'e'}><${Icon} name="warn" /> <span>${error}</span></p>`}
        ${warning && html`<p class="warning" id=${id + 'w'}><${Icon} name="info" /> <span>${warning}</span></p>`}
        ${help && html`<p class="help" id=${id + 'h'}>${help}</p>`}
    </div>`;
}

const OWN = ['label', 'help', 'error', 'warning', 'required', 'optional', 'hideLabel', 'class', 'after', 'onInput', 'onChange', 'value', 'options', 'children'];
const rest = (props) => Object.fromEntries(Object.entries(props).filter(([key]) => !OWN.includes(key)));

/** onInput gets the text. */
export function TextField(props) {
    return html`<${Field} ...${props}>${(a) => html`<input type="text" ...${a} ...${rest(props)} value=${props.value ?? ''} onInput=${(e) => props.onInput?.(e.target.value)} />`}<//>`;
}

export function TextArea(props) {
    return html`<${Field} ...${props}>${(a) => html`<textarea rows="4" ...${a} ...${rest(props)} value=${props.value ?? ''} onInput=${(e) => props.onInput?.(e.target.value)}></textarea>`}<//>`;
}

export function SelectField(props) {
    return html`<${Field} ...${props}>${(a) => html`<select ...${a} ...${rest(props)} value=${props.value ?? ''} onChange=${(e) => props.onChange?.(e.target.value)}>
        ${props.options.map((o) => html`<option value=${o.value} disabled=${o.disabled} selected=${o.value === (props.value ?? '')}>${o.label}</option>`)}
    </select>`}<//>`;
}

export function Check({ label, checked, onChange, help, disabled, ...more }) {
    const id = useId();
    return html`<div class="check"><label><input type="checkbox" checked=${checked} disabled=${disabled} aria-describedby=${help ? id : undefined}
        onChange=${(e) => onChange?.(e.target.checked)} ...${more} /> <span>${label}</span></label>
        ${help && html`<p class="help" id=${id}>${help}</p>`}</div>`;
}

export function Choice({ legend, value, onChange, options, inline, help }) {
    const id = useId();
    return html`<fieldset class=${'choice' + (inline ? ' inline' : '')} aria-describedby=${help ? id + 'h' : undefined}>
        <legend>${legend}</legend>
        ${options.map((o, i) => html`<div class="check"><label><input type="radio" name=${id} value=${o.value} checked=${o.value === value} disabled=${o.disabled}
            aria-describedby=${o.help ? id + i : undefined} onChange=${() => onChange(o.value)} /> <span>${o.label}</span></label>
            ${o.help && html`<p class="help" id=${id + i}>${o.help}</p>`}</div>`)}
        ${help && html`<p class="help" id=${id + 'h'}>${help}</p>`}
    </fieldset>`;
}

/** Values of a form and whether they differ from what they were. */
export function useForm(start) {
    const first = useRef(start);
    const [values, setValues] = useState(start);
    const changed = Object.keys({ ...first.current, ...values }).some((k) => (first.current[k] ?? '') !== (values[k] ?? ''));
    return {
        ...values,
        values,
        first: first.current,
        changed,
        set: (some) => setValues((now) => ({ ...now, ...some })),
        reset: (next) => {
            first.current = next;
            setValues(next);
        },
    };
}
