/* Two people changed the same scope: both versions side by side, and what to do about it. */
import { html, Button, Dialog } from '../ui.js';
import { t } from '../i18n.js';
import { keyName, valueName } from './words.js';

/**
 * @param {{patch: object, theirs: object, mine: object, keys: object[], onKeep, onTake, onClose}} props
 *     `mine`: what the scope said when editing began
 */
export function Conflict({ patch, theirs, mine, keys, onKeep, onTake, onClose }) {
    const rows = keys.filter((k) => k.name in patch || JSON.stringify(theirs[k.name]) !== JSON.stringify(mine[k.name]));
    const say = (key, value) => (value === undefined || value === null ? t('settings.says_nothing') : key.name === 'music' ? t('settings.music.own') : valueName(key, value));
    return html`<${Dialog} title=${t('settings.conflict.title')} onClose=${onClose} wide testid="conflict"
        footer=${html`<${Button} primary onClick=${onKeep}>${t('settings.conflict.keep')}<//><${Button} onClick=${onTake}>${t('settings.conflict.take')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>`}>
        <p>${t('settings.conflict.text')}</p>
        <div class="table-box"><table><caption class="hidden">${t('settings.conflict.title')}</caption>
            <thead><tr><th scope="col">${t('settings.setting')}</th><th scope="col">${t('settings.conflict.yours')}</th><th scope="col">${t('settings.conflict.theirs')}</th></tr></thead>
            <tbody>${rows.map((k) => html`<tr><th scope="row">${keyName(k)}</th><td>${k.name in patch ? say(k, patch[k.name]) : say(k, mine[k.name])}</td><td>${say(k, theirs[k.name])}</td></tr>`)}</tbody></table></div>
    <//>`;
}
