/* The two questions a call may raise: where to, and what to note. */
import { useId, useState } from 'preact/hooks';
import { html, Button, Dialog, ProblemBox, TextField } from '../ui.js';
import { t } from '../i18n.js';
import { me } from '../state.js';
import { addresses } from './board.js';
import { callTo, demoPhone, dialog, saveNote } from './actions.js';
import { callName } from './parts.js';

const NOTE_MOST = 255; // bytes, as core/limits.h has it

function close() {
    dialog.value = null;
}

/* Addresses used before are offered by the browser's own list: it works with every keyboard and reader. */
function WhereTo({ kind, call }) {
    const known = [...new Set([me.value?.phone, kind === 'retrieve' ? demoPhone.value : null, ...addresses.value].filter(Boolean))];
    const [to, setTo] = useState(addresses.value[0] ?? me.value?.phone ?? '');
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(null);
    const list = useId();

    const submit = async () => {
        if (!to.trim()) {
            setError({ at: () => t('calls.to.missing') });
            return;
        }
        setBusy(true);
        try {
            await callTo(call, kind, to.trim());
            close();
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };

    const wrong = error?.at('/to');
    return html`<${Dialog} title=${t(`calls.${kind}.title`)} subtitle=${callName(call)} onClose=${close} onSubmit=${submit} testid=${`call-${kind}`}
        footer=${html`<${Button} primary type="submit" busy=${busy}>${t(`calls.${kind}.action`)}<//><${Button} onClick=${close}>${t('cancel')}<//>`}>
        ${!wrong && html`<${ProblemBox} error=${error} />`}
        <p>${t(`calls.${kind}.text`)}</p>
        <${TextField} label=${t('calls.to')} help=${t('calls.to.help')} value=${to} onInput=${setTo} error=${wrong} required autofocus list=${list}
            spellcheck=${false} autocapitalize="none" />
        <datalist id=${list}>${known.map((a) => html`<option value=${a} />`)}</datalist>
        ${known.length > 0 && html`<p class="chosen-before"><span>${t('calls.to.before')}</span> ${known.map((a) => html`<${Button} small onClick=${() => setTo(a)}>${a}<//>`)}</p>`}
    <//>`;
}

function Note({ call }) {
    const [note, setNote] = useState(call.note ?? '');
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState(null);
    const long = new TextEncoder().encode(note).length > NOTE_MOST;

    const submit = async () => {
        if (long) return;
        setBusy(true);
        try {
            await saveNote(call, note.trim());
            close();
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };

    /* Somebody else's note came first (412): it is shown, and the next Commit replaces it knowingly. */
    const theirs = error?.status === 412 ? error.body.current : null;
    const keep = () => void saveNote(theirs, note.trim()).then(close, setError);
    return html`<${Dialog} title=${t('calls.note.title')} subtitle=${callName(call)} onClose=${close} onSubmit=${submit} changed=${note !== (call.note ?? '')} testid="call-note"
        footer=${html`${theirs ? html`<${Button} primary onClick=${keep}>${t('calls.note.keep')}<//>` : html`<${Button} primary type="submit" busy=${busy} disabled=${long}>${t('commit')}<//>`}
            <${Button} onClick=${close}>${t('cancel')}<//>`}>
        ${theirs ? html`<div class="banner warn" role="alert"><p>${t('calls.note.theirs', { note: theirs.note ?? '–' })}</p></div>` : html`<${ProblemBox} error=${error} />`}
        <${TextField} label=${t('calls.note')} help=${t('calls.note.help')} value=${note} onInput=${setNote} autofocus error=${long ? t('calls.note.long') : error?.at('/note')} />
    <//>`;
}

export function CallDialogs() {
    const open = dialog.value;
    if (!open) return null;
    return open.kind === 'note' ? html`<${Note} key=${open.call.id} call=${open.call} />`
        : html`<${WhereTo} key=${open.call.id + open.kind} kind=${open.kind} call=${open.call} />`;
}
