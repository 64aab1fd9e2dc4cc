// Small parts.
//
//   <${Badge} kind="good|warn|bad|quiet" icon="check">${words}<//>        a state: picture, words and colour
//   <${Banner} kind="warn" action=${html`…`}>…<//>                        a message within the page
//   <${Meter} value=${23} max=${100} label=${…} />                        "23 / 100" with a bar; warns at 90 %
//   <${Code} text=${…} label=${…} />                                      lines to copy, with a Copy button
//   <${EmptyState} title=… actions=${html`…`}>text<//>
//   <${ProblemBox} error=${problem} />       what the server refused, in its words
//   <${When} at="2026-…" />                  a time, with the date as its title
//   <${Busy} />  <${Loading} />              something is under way; Loading fills its place
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { t } from '../i18n.js';
import { dateTime, number, problemText, time } from '../format.js';
import { Button, Icon } from './button.js';
import { announce } from './status.js';

export function Badge({ kind = 'quiet', icon, children }) {
    return html`<span class=${'badge ' + kind}>${icon && html`<${Icon} name=${icon} />`}<span>${children}</span></span>`;
}

export function Banner({ kind = 'info', icon, children, action, testid }) {
    return html`<div class=${'banner ' + kind} data-testid=${testid}>
        <${Icon} name=${icon ?? (kind === 'info' ? 'info' : kind === 'good' ? 'check' : 'warn')} /><div class="words">${children}</div>${action}</div>`;
}

/** The bar is decoration: the figures beside it say it. */
export function Meter({ value, max, label }) {
    const share = max ? Math.min(1, value / max) : 0;
    const level = share >= 1 ? 'full' : share >= 0.9 ? 'high' : '';
    return html`<span class=${'meter ' + level}><span class="bar" aria-hidden="true"><span style=${{ width: `${Math.round(share * 100)}%` }}></span></span>
        <span class="figures">${number(value)}/${number(max)}${level && html` <${Icon} name="warn" />`}${label && html`<span class="hidden"> ${label}</span>`}</span></span>`;
}

async function toClipboard(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Without TLS there is no clipboard API; an old way still works there.
        const area = document.createElement('textarea');
        area.value = text;
        area.className = 'hidden';
        (document.querySelector('dialog[open]') ?? document.body).append(area);
        area.select();
        const done = document.execCommand('copy');
        area.remove();
        return done;
    }
}

export function Copy({ text, label, small = true }) {
    const [done, setDone] = useState(false);
    const copy = async () => {
        if (!(await toClipboard(text))) return;
        setDone(true);
        announce(t('copied'));
        setTimeout(() => setDone(false), 3000);
    };
    return html`<${Button} small=${small} icon=${done ? 'check' : 'copy'} onClick=${copy} aria-label=${label ? `${t('copy')}: ${label}` : undefined}>${done ? t('copied') : t('copy')}<//>`;
}

export function Code({ text, label }) {
    return html`<figure class="code"><figcaption><span>${label}</span><${Copy} text=${text} label=${label} /></figcaption>
        <pre tabindex="0" aria-label=${label}><code>${text}</code></pre></figure>`;
}

export function EmptyState({ title, children, actions, icon = 'circle', testid }) {
    return html`<div class="empty" data-testid=${testid}><${Icon} name=${icon} /><h2>${title}</h2><div>${children}</div>${actions && html`<div class="actions">${actions}</div>`}</div>`;
}

export function ProblemBox({ error, children, action }) {
    if (!error) return null;
    const listed = (error.errors ?? []).filter((e) => e.detail && e.detail !== error.detail);
    return html`<div class="banner bad" role="alert" data-testid="problem"><${Icon} name="warn" /><div class="words"><p>${problemText(error)}</p>
        ${listed.length > 0 && html`<ul>${listed.map((e) => html`<li>${e.line ? `${t('line', { n: e.line })}: ` : ''}${e.detail}</li>`)}</ul>`}${children}</div>${action}</div>`;
}

export function When({ at, long }) {
    return at ? html`<time datetime=${at} title=${dateTime(at)}>${long ? dateTime(at) : time(at)}</time>` : null;
}

export const Busy = () => html`<span class="spinner" aria-hidden="true"></span>`;

export function Loading() {
    return html`<p class="loading" role="status"><${Busy} /> ${t('loading')}</p>`;
}
