/* What may be done to the server as a whole. */
import { useState } from 'preact/hooks';
import { html, ask, Button, fail, say } from '../ui.js';
import { fileAddress, get, post } from '../api.js';
import { t } from '../i18n.js';
import { dated, saveFile } from '../download.js';
import { can } from '../state.js';
import { Card } from './cards.js';
import { BackupDialog, DefinitionsDialog, RestoreDialog } from './dialogs.js';

/** Draining on and off. It asks first: new parks are refused from then on. */
export function DrainButton({ draining, onDone }) {
    const [busy, setBusy] = useState(false);
    const run = async () => {
        if (!draining && !(await ask({ title: t('system.drain'), text: t('system.drain.text'), action: t('system.drain'), danger: true }))) return;
        setBusy(true);
        try {
            await post(draining ? 'system/undrain' : 'system/drain');
            say(t(draining ? 'system.undrained' : 'system.drained'));
        } catch (error) {
            fail(error);
        }
        setBusy(false);
        onDone();
    };
    return html`<${Button} icon=${draining ? 'play' : 'drain'} busy=${busy} onClick=${() => void run()} data-testid="drain">${t(draining ? 'system.undrain' : 'system.drain')}<//>`;
}

async function reload() {
    try {
        await post('system/reload');
        say(t('system.reloaded'));
    } catch (error) {
        fail(error);
    }
}

async function supportBundle() {
    try {
        const bundle = await post('system/support-bundle');
        saveFile(dated('callpark-support', 'json'), 'application/json', [JSON.stringify(bundle, null, 2), '\n']);
        say(t('system.bundle.done'));
    } catch (error) {
        fail(error);
    }
}

async function exportDefinitions() {
    try {
        const document = await get('definitions');
        saveFile(dated('callpark-definitions', 'json'), 'application/json', [JSON.stringify(document, null, 2), '\n']);
    } catch (error) {
        fail(error);
    }
}

function Deed({ words, icon, onClick }) {
    return html`<li><${Button} icon=${icon} onClick=${onClick} data-testid=${words}>${t(`system.${words}`)}<//><p>${t(`system.${words}.about`)}</p></li>`;
}

export function CareCard() {
    const [open, setOpen] = useState('');
    const close = () => setOpen('');
    const deeds = [
        can('system.write') && ['reload', 'refresh', () => void reload()],
        can('system.backup') && ['backup', 'export', () => setOpen('backup')],
        can('system.backup') && ['restore', 'undo', () => setOpen('restore')],
        can('system.backup') && ['bundle', 'help', () => void supportBundle()],
        can('definitions.read') && ['definitions.export', 'export', () => void exportDefinitions()],
        can('definitions.write') && ['definitions.apply', 'import', () => setOpen('definitions')],
    ].filter(Boolean);
    if (deeds.length === 0) return null;
    return html`<${Card} name="care"><ul class="deeds">${deeds.map(([words, icon, run]) => html`<${Deed} key=${words} words=${words} icon=${icon} onClick=${run} />`)}</ul>
        ${open === 'backup' && html`<${BackupDialog} onClose=${close} />`}${open === 'restore' && html`<${RestoreDialog} onClose=${close} />`}${open === 'definitions' && html`<${DefinitionsDialog} onClose=${close} />`}<//>`;
}

/* These answer outside of the page; the router leaves addresses of the API alone. */
export function AboutCard() {
    const links = [['/api/openapi.json', 'system.about.api'], ['/api/licenses', 'system.about.licenses'], ...(can('metrics.read') ? [['/metrics', 'system.about.metrics']] : [])];
    return html`<${Card} name="about"><ul class="bare-list">${links.map(([address, words]) => html`<li><a href=${address} target="_blank" rel="noopener">${t(words)}</a> <code>${address}</code></li>`)}</ul>
        <p class="help">${t('system.about.root')} <code>${fileAddress('')}</code></p><//>`;
}
