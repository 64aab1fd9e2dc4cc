// Several ranges at once: a row of blocks of one size, one behind the other, for as many doctors,
// counters or departments. Made as one import: all of them or none.
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n.js';
import { Button, ProblemBox, SelectField, Sheet, TextField, html, say, useForm } from '../ui.js';
import { Counts, Rows, apply, dryRun } from './dry_run.js';
import { sizeOf, stepNumber } from './model.js';

function plan({ name, start, size, count, destination }) {
    const each = Number(size);
    const many = Number(count);
    if (!name.trim() || !start || !(each > 0) || !(many > 0) || many > 500 || !destination) return [];
    return Array.from({ length: many }, (_, i) => ({
        name: `${name.trim()} ${i + 1}`,
        start: stepNumber(start.trim(), i * each),
        end: stepNumber(start.trim(), (i + 1) * each - 1),
        destination,
    }));
}

export function Several({ places, onClose, onDone }) {
    const form = useForm({ name: '', start: '', size: '10', count: '3', destination: places[0]?.fqdn ?? '' });
    const [tried, setTried] = useState(null);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const rows = plan(form);
    const key = JSON.stringify(rows);

    useEffect(() => {
        setTried(null);
        setError(null);
        if (!rows.length || !sizeOf(rows[0].start, rows[0].end)) return undefined;
        let wanted = true;
        const timer = setTimeout(() => dryRun(rows, 'create').then((r) => wanted && setTried(r), (e) => wanted && setError(e)), 300);
        return () => {
            wanted = false;
            clearTimeout(timer);
        };
    }, [key]);

    const commit = async () => {
        if (!tried || busy) return;
        setBusy(true);
        try {
            const result = await apply(rows, 'create');
            say(t('ranges.import.imported', { n: result.created }));
            onDone();
            onClose();
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };
    return html`<${Sheet} wide title=${t('ranges.new.several')} onClose=${onClose} changed=${form.changed} onSubmit=${commit} testid="several"
        footer=${html`<${Button} primary type="submit" busy=${busy} disabled=${!tried}>${t('commit')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>`}>
        <p>${t('ranges.several.text')}</p>
        <${TextField} label=${t('name')} value=${form.name} onInput=${(name) => form.set({ name })} help=${t('ranges.several.name.help')} required maxlength="58" data-focus />
        <div class="pair three">
            <${TextField} label=${t('ranges.several.first')} value=${form.start} onInput=${(start) => form.set({ start })} required maxlength="9" class="number" />
            <${TextField} label=${t('ranges.several.size')} value=${form.size} onInput=${(size) => form.set({ size })} required inputmode="numeric" maxlength="5" />
            <${TextField} label=${t('ranges.several.count')} value=${form.count} onInput=${(count) => form.set({ count })} required inputmode="numeric" maxlength="3" />
        </div>
        <${SelectField} label=${t('ranges.field.destination')} value=${form.destination} onChange=${(destination) => form.set({ destination })} options=${places.map((p) => ({ value: p.fqdn, label: p.fqdn }))} />
        <${ProblemBox} error=${error} />
        ${tried && html`<${Counts} result=${tried.result} /><${Rows} result=${tried.result} before=${tried.before} />`}
    <//>`;
}
