// The built-in manual: a sheet beside the page, from the catalogue, so it works without any network.
// helpOpen.value = 'ranges' opens the text help.ranges.*; 'keys' the keyboard. A text's body has paragraphs
// between empty lines; one that begins with "- " is an item of a list.
import { html } from 'htm/preact';
import { signal } from '@preact/signals';
import { has, t } from './i18n.js';
import { lettersOn } from './state.js';
import { Sheet } from './ui/dialog.js';
import { Check } from './ui/field.js';

export const helpOpen = signal(null);

/** Topics in the order of the contents. Each has help.TOPIC.title and help.TOPIC.body. */
const topics = ['ranges', 'calls', 'settings', 'records', 'activity', 'system', 'users', 'account', 'words', 'keys'];

const keys = [
    ['/', 'keys.search'],
    ['?', 'keys.help'],
    ['n', 'keys.new'],
    ['r', 'keys.refresh'],
    ['j k', 'keys.move'],
    ['Space', 'keys.select'],
    ['Enter', 'keys.open'],
    ['e', 'keys.edit'],
    ['Del', 'keys.delete'],
    ['g p', 'nav.calls'],
    ['g r', 'nav.ranges'],
    ['g s', 'nav.settings'],
    ['g c', 'nav.records'],
    ['g a', 'nav.activity'],
    ['g y', 'nav.system'],
    ['g u', 'nav.users'],
    ['Ctrl+Enter', 'keys.commit'],
    ['Esc', 'keys.close'],
];

function Body({ text }) {
    return text.split('\n\n').map((part) =>
        part.startsWith('- ') ? html`<ul>${part.split('\n').map((l) => html`<li>${l.replace(/^- /, '')}</li>`)}</ul>` : html`<p>${part}</p>`,
    );
}

function Keyboard() {
    return html`<${Check} label=${t('keys.letters')} checked=${lettersOn.value} onChange=${(on) => (lettersOn.value = on)} />
        <dl class="keys">${keys.map(([key, words]) => html`<div><dt>${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${t(words)}</dd></div>`)}</dl>`;
}

export function HelpSheet() {
    const topic = has(`help.${helpOpen.value}.title`) ? helpOpen.value : 'ranges';
    const close = () => (helpOpen.value = null);
    return html`<${Sheet} title=${t(`help.${topic}.title`)} onClose=${close} testid="help">
        <div class="manual">
            <${Body} text=${t(`help.${topic}.body`)} />
            ${topic === 'keys' && html`<${Keyboard} />`}
            <h3>${t('help.more')}</h3>
            <ul class="topics">${topics.filter((other) => other !== topic).map((other) => html`<li><button type="button" class="link" onClick=${() => (helpOpen.value = other)}>${t(`help.${other}.title`)}</button></li>`)}</ul>
        </div>
    <//>`;
}
