// One's own account: the phone that "Retrieve to my phone" rings, the password, sessions, tokens.
import { useState } from 'preact/hooks';
import { patch } from '../api.js';
import { t } from '../i18n.js';
import { me } from '../state.js';
import { PageHead } from '../shell.js';
import { NewPassword, passwordFault } from '../people/password.js';
import { Sessions } from '../people/sessions.js';
import { Tokens } from '../people/tokens.js';
import { Badge, Banner, Button, ProblemBox, TextField, html, say, useForm } from '../ui.js';

function Phone() {
    const form = useForm({ phone: me.value.phone ?? '' });
    const [error, setError] = useState(null);
    const submit = async (e) => {
        e.preventDefault();
        setError(null);
        try {
            me.value = await patch('auth/me', { phone: form.phone.trim() || null });
            form.reset({ phone: me.value.phone ?? '' });
            say(t('account.phone.saved'));
        } catch (problem) {
            setError(problem);
        }
    };
    return html`<form class="panel" onSubmit=${submit}><h2>${t('account.phone')}</h2>
        <${TextField} label=${t('account.phone.address')} value=${form.phone} onInput=${(phone) => form.set({ phone })} help=${t('account.phone.help')} error=${error?.detail} inputmode="tel" autocomplete="off" spellcheck=${false} />
        <${Button} primary type="submit" disabled=${!form.changed}>${t('commit')}<//>
    </form>`;
}

function Password() {
    const empty = { old: '', password: '', again: '' };
    const form = useForm(empty);
    const [error, setError] = useState(null);
    const [tried, setTried] = useState(false);
    const [busy, setBusy] = useState(false);
    const first = me.value.has_password === false;
    const submit = async (e) => {
        e.preventDefault();
        setTried(true);
        setError(null);
        if (busy || (!first && !form.old) || !form.password || form.password !== form.again || passwordFault(form.password, form.again, me.value.name)) return;
        setBusy(true);
        try {
            me.value = await patch('auth/me', { password: form.password, ...(!first && { old_password: form.old }) }, { quiet: true });
            form.reset(empty);
            setTried(false);
            say(t('account.password.saved'));
        } catch (problem) {
            setError(problem);
        }
        setBusy(false);
    };
    const old = error?.slug === 'wrong-credentials' ? error.detail : '';
    const weak = error?.slug === 'weak-password' ? error.detail : '';
    return html`<form class="panel" onSubmit=${submit}><h2>${t('account.password')}</h2>
        <${ProblemBox} error=${old || weak ? null : error} />
        <input class="hidden" type="text" name="username" autocomplete="username" value=${me.value.name} readonly tabindex="-1" aria-hidden="true" />
        ${first && html`<${Banner}>${t('account.password.first')}<//>`}
        ${!first && html`<${TextField} label=${t('account.password.old')} type="password" value=${form.old} onInput=${(v) => form.set({ old: v })} autocomplete="current-password" error=${old || (tried && !form.old ? t('account.password.old.missing') : '')} required />`}
        <${NewPassword} form=${form} name=${me.value.name} error=${weak} tried=${tried} />
        <p class="help">${t('account.password.help')}</p>
        <${Button} primary type="submit" busy=${busy}>${t(first ? 'users.password.set' : 'account.password.change')}<//>
    </form>`;
}

function Rights() {
    const { grants, permissions } = me.value;
    return html`<section class="panel"><h2>${t('account.rights')}</h2>
        <ul class="plain">${grants.map((g) => html`<li>${g.role ? t(`users.role.${g.role}`) : t('users.token.some', { n: g.permissions.length })} <${Badge}>${g.scope === 'all' ? t('users.scope.all') : g.scope}<//></li>`)}</ul>
        <details><summary>${t('account.rights.list', { n: permissions.length })}</summary><p class="number">${permissions.join(', ')}</p></details>
    </section>`;
}

export default function Account() {
    const who = me.value;
    const own = who.kind === 'user';
    return html`<div class="page"><${PageHead} title=${t('account.title')} help="account"><span>${who.name}</span><//>
        ${!own && html`<${Banner}>${t(`account.kind.${who.kind}`)}<//>`}
        <div class="columns">${own && html`<${Phone} /><${Password} />`}<${Rights} /></div>
        ${own && html`<${Sessions} user=${who.name} /><${Tokens} user=${who.name} />`}
    </div>`;
}
