/* What is done to a call: the menu on every row, and what each of its items does. */
import { signal } from '@preact/signals';
import { html, ask, fail, Menu, say } from '../ui.js';
import { patch, post } from '../api.js';
import { t } from '../i18n.js';
import { me } from '../state.js';
import { live, may, rememberAddress } from './board.js';
import { callName } from './parts.js';
import { actionsOf } from './rights.js';
import { bareUri } from './select.js';

/** Which dialog is open: { kind: 'retrieve' | 'transfer' | 'note', call }, or null. */
export const dialog = signal(null);
/** Where the demo's phone is that answers by itself; null: no demo runs. */
export const demoPhone = signal(null);

const EXTEND = 60;

async function act(call, name, body, words) {
    try {
        await post(`parked-calls/${call.id}/${name}`, body);
        say(t(`calls.done.${name}`, { call: callName(call), ...words }));
        return true;
    } catch (error) {
        fail(error);
        return false;
    }
}

/** Retrieve or transfer to an address. Throws what the server says: the dialog shows it at its field. */
export async function callTo(call, kind, to) {
    await post(`parked-calls/${call.id}/${kind}`, { to });
    rememberAddress(to);
    say(t(`calls.done.${kind}`, { call: callName(call), to: bareUri(to) }));
}

export async function saveNote(call, note) {
    await patch(`parked-calls/${call.id}`, { note: note || null }, { version: call.version });
    say(t('calls.done.note', { call: callName(call) }));
}

async function hangUp(call) {
    const sure = await ask({ title: t('calls.hangup.title'), text: t('calls.hangup.text', { call: callName(call) }),
        action: t('calls.action.hangup'), danger: true });
    if (sure) await act(call, 'hangup');
}

function retrieveItems(call, enabled) {
    const phone = me.value?.phone, demo = demoPhone.value;
    const to = (address) => () => void callTo(call, 'retrieve', address).catch(fail);
    return [
        phone && { label: t('calls.action.my_phone'), hint: bareUri(phone), icon: 'phone', disabled: !enabled, onSelect: to(phone) },
        demo && { label: t('calls.action.demo_phone'), icon: 'phone', disabled: !enabled, onSelect: to(demo) },
        { label: t('calls.action.retrieve_to'), icon: 'phone', disabled: !enabled, onSelect: () => (dialog.value = { kind: 'retrieve', call }) },
    ];
}

const deeds = {
    ringback: (call) => void act(call, 'ringback'),
    extend: (call) => void act(call, 'extend', { seconds: EXTEND }, { n: EXTEND }),
    transfer: (call) => (dialog.value = { kind: 'transfer', call }),
    note: (call) => (dialog.value = { kind: 'note', call }),
    hangup: (call) => void hangUp(call),
};

const icons = { ringback: 'bell', extend: 'clock', transfer: 'right', note: 'note', hangup: 'close' };

/** The keys of the table, for the row that has the focus. */
export const KEYS = { ringback: 'b', extend: 'e', transfer: 't', note: 'n', hangup: 'Delete' };

/** Does it, if it may be done to this call now. */
export function perform(call, name) {
    if (live.value && actionsOf(call, may).some((a) => a.name === name && a.enabled)) deeds[name](call);
}

function labelOf(call, name) {
    if (name === 'extend') return t('calls.action.extend', { n: EXTEND });
    return t(name === 'note' && call.note ? 'calls.action.note_edit' : `calls.action.${name}`);
}

function item(call, { name, enabled }, keys) {
    if (name === 'retrieve') return retrieveItems(call, enabled);
    return { label: labelOf(call, name), icon: icons[name], key: keys && KEYS[name].replace('Delete', 'Del'), danger: name === 'hangup', disabled: !enabled,
        onSelect: () => deeds[name](call) };
}

/** The menu of one call. The first thing one wants to do with it gives it its name. `keys`: the keys of
 * the table work here, and are shown. */
export function Actions({ call, onTimeline, keys }) {
    const allowed = actionsOf(call, may);
    const items = allowed.filter((a) => a.name !== 'hangup').flatMap((a) => item(call, a, keys));
    const hangup = allowed.find((a) => a.name === 'hangup');
    const story = { label: t('calls.action.timeline'), icon: 'info', key: keys && 'i', onSelect: onTimeline };
    const label = t(allowed.some((a) => a.name === 'retrieve') ? 'calls.action.menu' : 'calls.action.menu_other');
    return html`<${Menu} small end label=${label} aria-label=${t('calls.action.menu_of', { action: label, call: callName(call) })} disabled=${!live.value}
        items=${[...items, items.length > 0 && 'line', story, hangup && item(call, hangup, keys)]} />`;
}
