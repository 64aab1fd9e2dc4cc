// The first run. /setup makes the first administrator, with the token that the log of callparkd tells;
// /welcome, signed in, shows how to go on, and can be come back to.
import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api.js';
import { t } from '../i18n.js';
import { go, path, query, setQuery, takeFragment } from '../router.js';
import { LanguageMenu, ThemeMenu, useTitle } from '../shell.js';
import { can, me, setupNeeded } from '../state.js';
import { NewPassword, passwordFault } from '../people/password.js';
import { Addresses, Connect, FirstRange, Try } from '../setup/steps.js';
import { Banner, Button, Loading, ProblemBox, TextField, html, useForm } from '../ui.js';

const STEPS = ['admin', 'sip', 'range', 'connect', 'try'];
const KEPT = 'callpark.setup'; // what GET setup said, for the steps after it says no more

function Steps({ now }) {
    return html`<ol class="wizard">${STEPS.map((s, i) => html`<li key=${s} aria-current=${s === now ? 'step' : undefined} class=${STEPS.indexOf(now) > i ? 'past' : ''}>${t(`setup.step.${s}`)}</li>`)}</ol>`;
}

// ---- the first administrator ----

function Administrator({ about }) {
    const [token] = useState(() => takeFragment('token') ?? '');
    const form = useForm({ token, name: '', password: '', again: '' });
    const [tried, setTried] = useState(false);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const submit = async (e) => {
        e.preventDefault();
        setTried(true);
        setError(null);
        if (busy || !form.token.trim() || !form.name.trim() || !form.password || form.password !== form.again || passwordFault(form.password, form.again, form.name)) return;
        setBusy(true);
        try {
            const who = await post('setup', { token: form.token.trim(), name: form.name.trim(), password: form.password }, { once: false, quiet: true });
            try {
                sessionStorage.setItem(KEPT, JSON.stringify(about));
            } catch {
                // The next steps ask the server then.
            }
            setupNeeded.value = false;
            me.value = who;
            go('/welcome', {}, { replace: true });
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };
    const badToken = error?.slug === 'setup-token' ? error.detail : '';
    return html`<form onSubmit=${submit}>
        <h2>${t('setup.admin')}</h2><p>${t('setup.admin.text')}</p>
        <${ProblemBox} error=${badToken || error?.at?.('/name') || error?.at?.('/password') ? null : error} />
        ${token && !badToken ? html`<${Banner} kind="good">${t('setup.token.link')}<//>` : html`<${TextField} label=${t('setup.token')} value=${form.token} onInput=${(v) => form.set({ token: v })} error=${badToken || (tried && !form.token.trim() ? t('setup.token.missing') : '')} help=${t('setup.token.help')} required spellcheck=${false} autocomplete="off" class="number" />`}
        <${TextField} label=${t('setup.name')} value=${form.name} onInput=${(name) => form.set({ name })} error=${error?.at?.('/name') || (tried && !form.name.trim() ? t('users.name.missing') : '')} help=${t('users.name.help')} required name="username" autocomplete="username" autocapitalize="none" spellcheck=${false} maxlength="64" />
        <${NewPassword} form=${form} name=${form.name} tried=${tried} error=${error?.at?.('/password')} />
        <${Button} primary type="submit" busy=${busy}>${t('setup.admin.create')}<//>
    </form>`;
}

function Open() {
    const [about, setAbout] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => {
        get('setup').then(setAbout, setError);
    }, []);
    return html`<div class="door wide" data-testid="setup"><p class="brand"><span class="mark" aria-hidden="true"></span>callpark</p><h1>${t('setup.title')}</h1>
        <${ProblemBox} error=${error} />
        ${!about && !error && html`<${Loading} />`}
        ${about && !about.needed && html`<${Banner}>${t('setup.done.already')} <a href="/signin">${t('signin.title')}</a><//>`}
        ${about?.needed && html`<${Steps} now="admin" /><${Administrator} about=${about} />`}
        <div class="bar"><${LanguageMenu} /><${ThemeMenu} /></div></div>`;
}

// ---- afterwards ----

/** The same as GET setup said; after the browser has been closed, put together from what the server tells. */
async function aboutServer() {
    try {
        const kept = JSON.parse(sessionStorage.getItem(KEPT));
        if (kept?.sip) return kept;
    } catch {
        // Nothing kept, or not readable: ask.
    }
    const [system, peers] = await Promise.all([get('system'), get('system/peers').catch(() => ({ items: [] }))]);
    const trusted = peers.items.filter((p) => p.kind === 'trusted').map((p) => p.network);
    const outbound = peers.items.find((p) => p.kind === 'outbound')?.uri ?? null;
    const first = { start: '*7000', end: '*7099' };
    const answer = await post('number-ranges:validate', { ...first, destination: system.destination }, { once: false }).catch(() => ({ valid: true }));
    return { ...system, sip: { trusted, outbound, domain: null, ...system.sip }, suggested_range: { name: 'Orbits', ...first, ...(answer.valid ? {} : answer.problem?.suggestion) } };
}

function Welcome() {
    const step = STEPS.includes(query.value.step) && query.value.step !== 'admin' ? query.value.step : 'sip';
    const [about, setAbout] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => {
        aboutServer().then(setAbout, setError);
    }, []);
    const next = () => {
        setQuery({ step: STEPS[STEPS.indexOf(step) + 1] }, { push: true });
        document.getElementById('main')?.focus();
    };
    if (!can('system.read') || !can('ranges.write')) return html`<div class="page"><${Banner} kind="warn">${t('page.forbidden', { permission: 'system.read, ranges.write' })}<//></div>`;
    return html`<div class="page narrow" data-testid="welcome"><h1>${t('setup.title')}</h1><${Steps} now=${step} />
        <${ProblemBox} error=${error} />${!about && !error && html`<${Loading} />`}
        ${about && html`<div class="panel">
            ${step === 'sip' && html`<${Addresses} about=${about} onNext=${next} />`}
            ${step === 'range' && html`<${FirstRange} about=${about} onNext=${next} />`}
            ${step === 'connect' && html`<${Connect} about=${about} onNext=${next} />`}
            ${step === 'try' && html`<${Try} />`}</div>`}
    </div>`;
}

export default function Setup() {
    useTitle(t('setup.title'));
    return path.value === '/welcome' ? html`<${Welcome} />` : html`<${Open} />`;
}
