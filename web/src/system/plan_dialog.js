/* A change of everything at once, in two steps: see what would change, then do it. Restore and
 * definitions are both of this kind. */
import { useState } from 'preact/hooks';
import { html, Button, Dialog, ProblemBox, say } from '../ui.js';
import { t } from '../i18n.js';
import { Changes } from './changes.js';

/**
 * @param {{title, onClose, ready: boolean, ask: (dryRun: boolean) => Promise<object>, done: string, children}} props
 *     `ask` sends it; its answer has `changes`. What is in `children` can be changed until it was looked at.
 */
export function PlanDialog({ title, onClose, ready, ask, done, children, testid }) {
    const [plan, setPlan] = useState(null);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const run = async (dry) => {
        setBusy(true);
        setError(null);
        try {
            const answer = await ask(dry);
            if (dry) setPlan(answer);
            else {
                say(done);
                onClose();
                return;
            }
        } catch (problem) {
            setError(problem);
        }
        setBusy(false);
    };
    const submit = () => ready && void run(!plan);
    const nothing = plan?.changes?.length === 0;
    return html`<${Dialog} wide title=${title} onClose=${onClose} onSubmit=${submit} testid=${testid}
        footer=${html`${plan ? html`<${Button} danger type="submit" busy=${busy} disabled=${nothing}>${t('system.plan.apply')}<//><${Button} icon="left" onClick=${() => { setPlan(null); setError(null); }}>${t('system.plan.back')}<//>`
            : html`<${Button} primary type="submit" busy=${busy} disabled=${!ready}>${t('system.plan.look')}<//>`}<${Button} onClick=${onClose}>${t('cancel')}<//>`}>
        <${ProblemBox} error=${error} />${plan ? html`<p>${t('system.plan.text')}</p><${Changes} changes=${plan.changes ?? []} />` : children}
    <//>`;
}
