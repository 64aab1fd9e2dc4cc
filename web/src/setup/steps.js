// The steps after the first administrator exists: the SIP addresses, the first range with a fallback,
// the phone system, and a demo call.
import { useEffect, useState } from 'preact/hooks';
import { all, get, patch, post } from '../api.js';
import { t } from '../i18n.js';
import { can } from '../state.js';
import { useCheck } from '../ranges/check.js';
import { Badge, Banner, Button, Code, Loading, ProblemBox, TextField, html, useForm } from '../ui.js';
import { SYSTEMS, facts, linesFor } from './lines.js';

const loopback = (listener) => /:(127\.|\[?::1)/.test(listener);

export function Addresses({ about, onNext }) {
    const { sip } = about;
    const local = sip.listeners.length > 0 && sip.listeners.every(loopback);
    return html`<h2>${t('setup.sip')}</h2><p>${t('setup.sip.text')}</p>
        <dl class="brief tall">
            <div><dt>${t('setup.sip.listen')}</dt><dd>${sip.listeners.map((l) => html`<div class="number">${l}</div>`)}</dd></div>
            <div><dt>${t('setup.sip.park')}</dt><dd class="number">${sip.park_user}</dd></div>
            <div><dt>${t('setup.sip.domain')}</dt><dd class="number">${sip.domain ?? t('setup.sip.none')}</dd></div>
            <div><dt>${t('setup.sip.trusted')}</dt><dd class="number">${sip.trusted?.join(', ') || t('setup.sip.none')}</dd></div>
            <div><dt>${t('setup.sip.outbound')}</dt><dd class="number">${sip.outbound ?? t('setup.sip.dns')}</dd></div>
        </dl>
        ${!sip.listeners.length && html`<${Banner} kind="bad">${t('setup.sip.silent')}<//>`}
        ${local && html`<${Banner} kind="warn">${t('setup.sip.local')}<//><${Code} label="callpark.conf" text=${'[sip]\nlisten = udp:0.0.0.0:5060\nlisten = tcp:0.0.0.0:5060'} />`}
        <p class="help">${t('setup.sip.help')}</p>
        <div class="bar"><${Button} primary onClick=${onNext}>${t('setup.next')}<//></div>`;
}

/** Who takes callers that nobody retrieves: the one setting that should not be left out. */
async function saveFallback(uri) {
    if (uri) await patch('settings/global', { timeout_uri: uri }, { version: '*' });
}

export function FirstRange({ about, onNext }) {
    const [ranges, setRanges] = useState(null);
    const form = useForm({ ...(about.suggested_range ?? { name: '', start: '', end: '' }), fallback: '' });
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const range = { name: form.name.trim(), start: form.start.trim(), end: form.end.trim(), destination: about.destination };
    const check = useCheck(ranges?.length ? {} : range);
    useEffect(() => {
        get('number-ranges', { limit: 5, sort: 'name' }).then((list) => setRanges(list.items), setError);
    }, []);
    const submit = async (e) => {
        e.preventDefault();
        if (busy) return;
        setBusy(true);
        setError(null);
        try {
            if (!ranges?.length) {
                const made = await post('number-ranges', range);
                setRanges([made]);
            }
            await saveFallback(form.fallback.trim());
            onNext();
        } catch (problem) {
            setError(problem);
        }
        setBusy(false);
    };
    if (!ranges && !error) return html`<${Loading} />`;
    const exists = ranges?.length > 0;
    const use = () => form.set(check.overlap.suggestion);
    return html`<form onSubmit=${submit}><h2>${t('setup.range')}</h2><p>${t('setup.range.text')}</p>
        ${exists
            ? html`<${Banner} kind="good">${t('setup.range.exists')}<ul>${ranges.map((r) => html`<li><strong>${r.name}</strong> <span class="number">${r.start}-${r.end}</span></li>`)}</ul><//>`
            : html`<${TextField} label=${t('name')} value=${form.name} onInput=${(name) => form.set({ name })} error=${check.at('/name')} required maxlength="64" />
                <div class="pair"><${TextField} label=${t('ranges.field.start')} value=${form.start} onInput=${(start) => form.set({ start })} error=${check.at('/start')} required class="number" maxlength="9" />
                <${TextField} label=${t('ranges.field.end')} value=${form.end} onInput=${(end) => form.set({ end })} error=${check.at('/end')} required class="number" maxlength="9" /></div>
                ${check.overlap?.suggestion && html`<p><${Button} small onClick=${use}>${t('ranges.use')} ${check.overlap.suggestion.start}-${check.overlap.suggestion.end}<//></p>`}
                ${check.valid && html`<p>${t('ranges.size', { n: check.size })} <${Badge} kind="good" icon="check">${t('ranges.free')}<//></p>`}
                <p class="help">${t('setup.range.why')}</p>`}
        <${TextField} label=${t('setup.fallback')} optional value=${form.fallback} onInput=${(fallback) => form.set({ fallback })} placeholder="sip:reception@example.com" help=${t('setup.fallback.help')} spellcheck=${false} />
        <${ProblemBox} error=${error} />
        <div class="bar"><${Button} primary type="submit" busy=${busy} disabled=${!exists && !check.valid}>${exists ? t('setup.next') : t('setup.range.create')}<//>
            <${Button} quiet onClick=${onNext}>${t('setup.skip')}<//></div></form>`;
}

export function Connect({ about, onNext }) {
    const [system, setSystem] = useState('asterisk');
    const [ranges, setRanges] = useState([]);
    useEffect(() => {
        all('number-ranges').then(setRanges, () => {});
    }, []);
    const f = facts(about.sip, ranges.filter((r) => r.destination === about.destination));
    return html`<h2>${t('setup.connect')}</h2><p>${t('setup.connect.text')}</p>
        <div class="bar segments" role="group" aria-label=${t('setup.connect.which')}>${SYSTEMS.map((s) => html`<${Button} key=${s} small quiet=${s !== system} aria-pressed=${String(s === system)} onClick=${() => setSystem(s)}>${t(`setup.system.${s}`)}<//>`)}</div>
        ${linesFor(system, f).map((part) => html`<${Code} key=${system + part.file} label=${part.file} text=${part.text} />`)}
        <p class="help">${t('setup.connect.help')}</p>
        <div class="bar"><${Button} primary onClick=${onNext}>${t('setup.next')}<//></div>`;
}

export function Try() {
    const [demo, setDemo] = useState(null);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    useEffect(() => {
        if (can('system.read')) get('system/demo').then((d) => d.running && setDemo(d), () => {});
    }, []);
    const start = async () => {
        setBusy(true);
        setError(null);
        try {
            setDemo(await post('system/demo', { calls: 2 }));
        } catch (problem) {
            setError(problem);
        }
        setBusy(false);
    };
    return html`<h2>${t('setup.try')}</h2><p>${t('setup.try.text')}</p>
        <${ProblemBox} error=${error} />
        ${demo
            ? html`<${Banner} kind="good" testid="demo"><p>${t('setup.try.running', { n: demo.calls })}</p>${demo.phone && html`<p>${t('setup.try.phone')} <span class="number">${demo.phone}</span></p>`}<//>
                <div class="bar"><${Button} primary href="/calls">${t('setup.try.board')}<//></div>`
            : html`<div class="bar"><${Button} primary icon="phone" busy=${busy} onClick=${start}>${t('setup.try')}<//></div>`}
        <div class="bar finish"><${Button} href="/ranges">${t('setup.finish')}<//></div>`;
}
