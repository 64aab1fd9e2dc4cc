/* "What would happen": describe a call, and read what would become of it and why. Nothing is changed. What was asked on
   the way comes from the server as it is, in English. */
import { useState } from 'preact/hooks';
import { html, Button, ProblemBox, TextField, useForm } from '../ui.js';
import { post } from '../api.js';
import { span } from '../format.js';
import { t } from '../i18n.js';
import { Card } from './cards.js';

function Answer({ seen }) {
    const after = seen.then_after === null ? '' : span(seen.then_after);
    return html`<div data-testid="explain-answer" role="status">
        <p><strong>${t(`system.explain.${seen.decision}`, { orbit: seen.orbit ?? (seen.decision === 'park' ? t('system.explain.any') : '–'), code: seen.code, range: seen.range_name ?? '–' })}</strong></p>
        <p lang="en">${seen.reason}</p>
        ${seen.then && html`<p>${t('system.explain.then', { after })} <span lang="en">${seen.then}</span></p>`}
        <details><summary>${t('system.explain.asked', { n: seen.questions.length })}</summary>
            <ol lang="en">${seen.questions.map((q) => html`<li key=${q.question}>${q.found}</li>`)}</ol></details></div>`;
}

export function ExplainCard() {
    const form = useForm({ from: '', to: '', by: '' });
    const [seen, setSeen] = useState(null), [error, setError] = useState(null), [busy, setBusy] = useState(false);
    const ask = async (event) => {
        event.preventDefault();
        setBusy(true);
        setError(null);
        try {
            setSeen(await post('explain', { from: form.from.trim(), to: form.to.trim(), ...(form.by.trim() && { referred_by: form.by.trim() }) }));
        } catch (problem) {
            setSeen(null);
            setError(problem);
        }
        setBusy(false);
    };
    const field = (name, more) => html`<${TextField} label=${t(`system.explain.field.${name}`)} value=${form[name]} onInput=${(v) => form.set({ [name]: v })} spellcheck=${false} autocomplete="off" ...${more} />`;
    return html`<${Card} name="explain"><p>${t('system.explain.text')}</p>
        <form onSubmit=${ask}>${field('from', { required: true })}${field('to', { required: true })}${field('by', { optional: true })}
            <${Button} icon="search" type="submit" busy=${busy}>${t('system.explain.ask')}<//></form>
        ${error && html`<${ProblemBox} error=${error} />`}${seen && html`<${Answer} seen=${seen} />`}<//>`;
}
