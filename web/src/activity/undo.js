/* Takes a change back. First the server is asked what would come of it; when something was changed since,
 * both versions are shown and it is done only on a second word. */
import { useState } from 'preact/hooks';
import { html, Banner, Button, Dialog, fail, ProblemBox, say } from '../ui.js';
import { post } from '../api.js';
import { t } from '../i18n.js';
import { DiffTable } from './diff_table.js';
import { actionName, subjectName } from './words.js';

/* What there is now, as far as the entry and the answers tell. */
function Preview({ plan, entry }) {
    const { conflict, result } = plan;
    if (conflict)
        return html`<${Banner} kind="warn" testid="undo-conflict">${t('activity.undo.conflict')}<//>
            <${DiffTable} before=${conflict.body.current} after=${conflict.body.before ?? entry.before} caption=${t('activity.undo')} heads=${[t('activity.undo.now'), t('activity.undo.then')]} />`;
    return html`<p>${t('activity.undo.text')}</p>
        <${DiffTable} before=${entry.after} after=${result === undefined ? entry.before : result} caption=${t('activity.undo')} heads=${[t('activity.undo.now'), t('activity.undo.then')]} />`;
}

export function Undo({ entry, onDone }) {
    const [plan, setPlan] = useState(null); // { result } or { conflict }
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(null);
    const path = `audit-events/${entry.id}/undo`;
    const look = async () => {
        setBusy(true);
        setError(null);
        try {
            setPlan({ result: (await post(path, undefined, { query: { dry_run: true } })).result });
        } catch (problem) {
            if (problem.slug === 'undo-conflict') setPlan({ conflict: problem });
            else fail(problem);
        }
        setBusy(false);
    };
    const run = async () => {
        setBusy(true);
        try {
            await post(path, undefined, { query: plan.conflict ? { force: true } : {} });
            say(t('activity.undone', { action: actionName(entry.action), subject: subjectName(entry) }));
            setPlan(null);
            onDone();
        } catch (problem) {
            if (problem.slug === 'undo-conflict') setPlan({ conflict: problem });
            else setError(problem);
        }
        setBusy(false);
    };
    const close = () => setPlan(null);
    return html`<${Button} icon="undo" busy=${busy && !plan} onClick=${() => void look()} data-testid="undo">${t('activity.undo')}<//>
        ${plan && html`<${Dialog} wide title=${t('activity.undo.title')} subtitle=${`${actionName(entry.action)} ${subjectName(entry)}`} onClose=${close} testid="undo-dialog"
            footer=${html`<${Button} primary=${!plan.conflict} danger=${Boolean(plan.conflict)} busy=${busy} onClick=${() => void run()}>${plan.conflict ? t('activity.undo.force') : t('activity.undo')}<//><${Button} onClick=${close}>${t('cancel')}<//>`}>
            <${ProblemBox} error=${error} /><${Preview} plan=${plan} entry=${entry} /><//>`}`;
}
