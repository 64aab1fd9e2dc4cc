/* One setting: its field, where its value comes from, and the way back to the inherited one. */
import { html, Badge, Button, SelectField, TextField } from '../ui.js';
import { t } from '../i18n.js';
import { show } from './edit.js';
import { boundsText, choiceName, keyHelp, keyName, scopeName, valueName } from './words.js';

function help(key) {
    return [keyHelp(key), boundsText(key) && t('settings.allowed', { bounds: boundsText(key) }),
        key.original && t('settings.original', { name: key.original })].filter(Boolean).join(' ');
}

/** Where the value that is shown comes from. */
function Source({ row, edit, own, places }) {
    if (edit?.reset) return html`<${Badge} kind="warn" icon="undo">${t('settings.will_inherit')}<//>`;
    if (edit) return html`<${Badge} kind="warn" icon="pencil">${t('settings.changed')}<//>`;
    if (own) return html`<${Badge} kind="good" icon="check">${t('settings.set_here')}<//>`;
    return html`<${Badge}>${row.from ? t('settings.inherited', { scope: scopeName(row.from, places) }) : t('settings.default')}<//>`;
}

/**
 * @param {{row: {value, from, inherited}, own: boolean, edit: object|undefined, error: string|undefined,
 *     onEdit: (edit: object|null) => void}} props `onEdit(null)`: as it was
 */
export function Row({ keyInfo, row, own, edit, error, warning, places, readonly, onEdit, children }) {
    const value = edit?.reset ? row.inherited.value : row.value;
    const text = edit && !edit.reset ? edit.text : show(keyInfo, value);
    const typed = (next) => onEdit(next === show(keyInfo, row.value) && !edit?.reset ? null : { text: next });
    const shared = { label: keyName(keyInfo), help: help(keyInfo), error, warning, value: text, disabled: readonly };
    const placeholder = keyInfo.kind === 'uri' ? 'sip:reception@example.com' : undefined;
    const field = keyInfo.choices
        ? html`<${SelectField} ...${shared} onChange=${typed} options=${keyInfo.choices.map((c) => ({ value: c, label: choiceName(c) }))} />`
        : html`<${TextField} ...${shared} onInput=${typed} placeholder=${placeholder} spellcheck=${false} autocapitalize="none"
            inputmode=${keyInfo.kind === 'count' ? 'numeric' : undefined} />`;
    const back = t('settings.reset.of', { name: keyName(keyInfo), value: valueName(keyInfo, row.inherited.value) });
    return html`<div class=${`setting${edit ? ' edited' : ''}`} data-testid=${`setting-${keyInfo.name}`}>
        <div class="value">${field}${children}</div>
        <div class="origin"><${Source} row=${row} edit=${edit} own=${own} places=${places} />
            ${!readonly && own && !edit?.reset && html`<${Button} small quiet icon="undo" aria-label=${back} title=${back} onClick=${() => onEdit({ reset: true })}>${t('settings.reset')}<//>`}
            ${edit && html`<${Button} small quiet icon="close" aria-label=${t('settings.revert.of', { name: keyName(keyInfo) })} onClick=${() => onEdit(null)}>${t('settings.revert')}<//>`}
        </div></div>`;
}
