// What the page says to people: a line at the foot that stays for half a minute or until it is closed,
// and a live region that is read out politely.
//
//   say(t('ranges.created', { name }))                 done
//   say(text, { action: { label: t('undo'), run } })   with something to press
//   fail(error)                                        a Problem, in its own words
//   announce(text)                                     for screen readers alone
import { html } from 'htm/preact';
import { signal } from '@preact/signals';
import { t } from '../i18n.js';
import { problemText } from '../format.js';
import { Button, Icon, IconButton } from './button.js';

const STAYS = 30000;
const lines = signal([]);
const spoken = signal('');
let next = 1;

export function close(id) {
    lines.value = lines.value.filter((l) => l.id !== id);
}

export function clearMessages() {
    lines.value = [];
}

export function say(text, { kind = 'done', action, stays = STAYS } = {}) {
    const id = next++;
    lines.value = [...lines.value.slice(-2), { id, text, kind, action }];
    announce(typeof text === 'string' ? text : '');
    if (stays) setTimeout(() => close(id), stays);
}

export function fail(error) {
    say(problemText(error), { kind: 'failed', stays: 0 });
}

export function announce(text) {
    // The same words again are read again only if the region was empty in between.
    spoken.value = '';
    setTimeout(() => (spoken.value = text), 60);
}

export function Status() {
    return html`<div class="hidden" role="status" aria-live="polite" data-testid="live-region">${spoken.value}</div>
        <section class="toasts" aria-label=${t('messages')} data-testid="toasts">${lines.value.map(
            (l) => html`<div class=${'toast ' + l.kind} key=${l.id}>
                <${Icon} name=${l.kind === 'failed' ? 'warn' : 'check'} /><p>${l.text}</p>
                ${l.action && html`<${Button} small onClick=${() => { close(l.id); l.action.run(); }}>${l.action.label}<//>`}
                <${IconButton} icon="close" label=${t('close')} onClick=${() => close(l.id)} />
            </div>`,
        )}</section>`;
}
