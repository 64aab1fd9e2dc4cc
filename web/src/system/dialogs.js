/* Backup, restore and definitions: what is asked before they are done. */
import { useState } from 'preact/hooks';
import { html, Button, Check, Choice, Dialog, Field, ProblemBox, say, SelectField, TextField } from '../ui.js';
import { post, put } from '../api.js';
import { t } from '../i18n.js';
import { PlanDialog } from './plan_dialog.js';

const MODES = ['refuse', 'drain', 'force'];
const modes = () => MODES.map((m) => ({ value: m, label: t(`system.mode.${m}`) }));

/* The server writes and reads the file, so the path is one of the server's. */
const pathFault = (path) => (path && !path.startsWith('/') ? t('system.path.whole') : '');

export function BackupDialog({ onClose }) {
    const [path, setPath] = useState(`/var/lib/callpark/backup-${new Date().toISOString().slice(0, 10)}.db`);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const submit = async () => {
        if (!path || pathFault(path)) return;
        setBusy(true);
        try {
            const answer = await post('system/backup', { path });
            say(t('system.backup.done', { path: answer.path }));
            onClose();
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };
    return html`<${Dialog} title=${t('system.backup')} onClose=${onClose} onSubmit=${submit} testid="backup-dialog"
        footer=${html`<${Button} primary type="submit" busy=${busy} disabled=${!path}>${t('system.backup.action')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>`}>
        ${!error?.at('/path') && html`<${ProblemBox} error=${error} />`}<p>${t('system.backup.text')}</p>
        <${TextField} label=${t('system.path')} help=${t('system.path.help')} value=${path} onInput=${setPath} error=${pathFault(path) || error?.at('/path')} required autofocus spellcheck=${false} /><//>`;
}

export function RestoreDialog({ onClose }) {
    const [path, setPath] = useState('');
    const [mode, setMode] = useState('refuse');
    const ask = (dry) => post('system/restore', { path }, { query: { mode, dry_run: dry || undefined } });
    return html`<${PlanDialog} title=${t('system.restore')} onClose=${onClose} ready=${path && !pathFault(path)} ask=${ask} done=${t('system.restore.done')} testid="restore-dialog">
        <p>${t('system.restore.text')}</p>
        <${TextField} label=${t('system.path')} help=${t('system.path.help')} value=${path} onInput=${setPath} error=${pathFault(path)} required autofocus spellcheck=${false} />
        <${SelectField} label=${t('system.mode')} value=${mode} onChange=${setMode} options=${modes()} /><//>`;
}

export function DefinitionsDialog({ onClose }) {
    const [file, setFile] = useState(null); // { name, document }
    const [wrong, setWrong] = useState('');
    const [mode, setMode] = useState('enforce');
    const [prune, setPrune] = useState(false);
    const [rangeMode, setRangeMode] = useState('refuse');
    const read = async (chosen) => {
        setFile(null);
        setWrong('');
        if (!chosen) return;
        try {
            setFile({ name: chosen.name, document: JSON.parse(await chosen.text()) });
        } catch (error) {
            setWrong(t('system.definitions.no_json', { name: chosen.name, reason: error.message }));
        }
    };
    const ask = (dry) => put('definitions', file.document, { query: { mode, prune: prune || undefined, range_mode: rangeMode, dry_run: dry || undefined } });
    return html`<${PlanDialog} title=${t('system.definitions.apply')} onClose=${onClose} ready=${Boolean(file)} ask=${ask} done=${t('system.definitions.done')} testid="definitions-dialog">
        <p>${t('system.definitions.text')}</p>
        <${Field} label=${t('system.definitions.file')} error=${wrong} required>${(a) => html`<input type="file" accept="application/json,.json" ...${a} onChange=${(e) => void read(e.target.files[0])} />`}<//>
        <${Choice} legend=${t('system.definitions.mode')} value=${mode} onChange=${setMode} options=${['enforce', 'create-missing'].map((m) => ({ value: m, label: t(`system.definitions.mode.${m}`), help: t(`system.definitions.mode.${m}.help`) }))} />
        <${Check} label=${t('system.definitions.prune')} help=${t('system.definitions.prune.help')} checked=${prune} onChange=${setPrune} disabled=${mode !== 'enforce'} />
        <${SelectField} label=${t('system.mode')} value=${rangeMode} onChange=${setRangeMode} options=${modes()} /><//>`;
}
