// One user: name, phone, password or a sign-in link, roles with where they hold, whether he may sign in.
import { useState } from 'preact/hooks';
import { del, get, patch, post } from '../api.js';
import { dateTime } from '../format.js';
import { t } from '../i18n.js';
import { can, me } from '../state.js';
import { Badge, Banner, Button, Check, Choice, Code, IconButton, ProblemBox, Sheet, TextField, ask, html, say, useForm } from '../ui.js';
import { NewPassword, passwordFault } from './password.js';
import { RoleField, ScopeField, scopeWords } from './scope.js';
import { SipPassword } from './sip.js';
import { NewToken } from './tokens.js';

/** A link that signs somebody in once, for whoever has no password yet or has lost it. */
function SignInLink({ name, onFailed }) {
    const [made, setMade] = useState(null);
    const make = () => post('setup/link', { user: name }).then(setMade, onFailed);
    if (!made) return html`<p><${Button} icon="key" onClick=${make}>${t('users.link.make')}<//></p>`;
    return html`<${Code} label=${t('users.link.until', { time: dateTime(made.expires_at) })} text=${made.link} />`;
}

export function NewUser({ places, onClose, onDone }) {
    const form = useForm({ name: '', phone: '', role: 'voice-administrator', scope: 'all', how: 'password', password: '', again: '' });
    const [tried, setTried] = useState(false);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const [made, setMade] = useState(null);
    const byPassword = form.how === 'password';
    const submit = async () => {
        setTried(true);
        setError(null);
        if (busy || !form.name.trim() || (byPassword && (!form.password || form.password !== form.again || passwordFault(form.password, form.again, form.name)))) return;
        setBusy(true);
        try {
            const user = await post('users', { name: form.name.trim(), role: form.role, scope: form.scope, ...(form.phone.trim() && { phone: form.phone.trim() }), ...(byPassword && { password: form.password }) });
            say(t('users.created', { name: user.name }));
            onDone();
            if (byPassword) onClose();
            else setMade(user);
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };
    if (made)
        return html`<${Sheet} key="made" title=${t('users.user.title', { name: made.name })} onClose=${onClose} testid="user-link" footer=${html`<${Button} primary onClick=${onClose}>${t('close')}<//>`}>
            <p>${t('users.link.text')}</p><${SignInLink} name=${made.name} onFailed=${setError} /><${ProblemBox} error=${error} /><//>`;
    return html`<${Sheet} title=${t('users.new')} onClose=${onClose} changed=${form.changed} onSubmit=${submit} testid="user-new"
        footer=${html`<${Button} primary type="submit" busy=${busy}>${t('commit')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>`}>
        <${ProblemBox} error=${error} />
        <${TextField} label=${t('name')} value=${form.name} onInput=${(name) => form.set({ name })} help=${t('users.name.help')} error=${error?.at?.('/name') || (tried && !form.name.trim() ? t('users.name.missing') : '')} required maxlength="64" autocapitalize="none" autocomplete="off" spellcheck=${false} data-focus />
        <${RoleField} value=${form.role} onChange=${(role) => form.set({ role })} error=${error?.at?.('/role')} />
        <${ScopeField} value=${form.scope} onChange=${(scope) => form.set({ scope })} places=${places} error=${error?.at?.('/scope')} />
        <${TextField} label=${t('users.phone')} optional value=${form.phone} onInput=${(phone) => form.set({ phone })} help=${t('account.phone.help')} error=${error?.at?.('/phone')} spellcheck=${false} autocomplete="off" />
        <${Choice} legend=${t('users.how')} value=${form.how} onChange=${(how) => form.set({ how })} options=${[{ value: 'password', label: t('users.how.password') }, { value: 'link', label: t('users.how.link'), help: t('users.how.link.help') }]} />
        ${byPassword && html`<${NewPassword} form=${form} name=${form.name} tried=${tried} error=${error?.at?.('/password')} />`}
    <//>`;
}

function Roles({ user, places, mayWrite, onChanged, onFailed }) {
    const form = useForm({ role: 'viewer', scope: 'all' });
    const grant = () => post('role-bindings', { user: user.name, role: form.role, scope: form.scope }).then(() => { say(t('users.role.granted')); onChanged(); }, onFailed);
    const revoke = async (binding) => {
        const own = user.name === me.value.name;
        if (own && !(await ask({ title: t('users.role.own'), text: t('users.role.own.text'), action: t('users.role.revoke'), danger: true }))) return;
        del('role-bindings/' + binding.id).then(() => { say(t('users.role.revoked')); onChanged(); }, onFailed);
    };
    return html`<h3>${t('users.roles')}</h3>
        ${user.roles.length === 0 && html`<${Banner} kind="warn">${t('users.roles.none')}<//>`}
        <ul class="plain rows">${user.roles.map((b) => html`<li key=${b.id}><strong>${t(`users.role.${b.role}`)}</strong> <${Badge}>${scopeWords(b.scope, places)}<//>
            ${mayWrite && html`<${IconButton} icon="trash" label=${t('users.role.revoke.one', { name: t(`users.role.${b.role}`), scope: scopeWords(b.scope, places) })} onClick=${() => revoke(b)} />`}</li>`)}</ul>
        ${mayWrite && html`<details><summary>${t('users.role.add')}</summary><${RoleField} value=${form.role} onChange=${(role) => form.set({ role })} />
            <${ScopeField} value=${form.scope} onChange=${(scope) => form.set({ scope })} places=${places} /><${Button} onClick=${grant}>${t('users.role.grant')}<//></details>`}`;
}

export function EditUser({ user: first, places, onClose, onDone }) {
    const [user, setUser] = useState(first);
    const mayWrite = can('users.write');
    const form = useForm({ phone: first.phone ?? '', disabled: first.disabled, password: '', again: '' });
    const [tried, setTried] = useState(false);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const [making, setMaking] = useState(false);
    const reload = async () => {
        setError(null);
        onDone();
        setUser(await get('users/' + encodeURIComponent(user.name)));
    };
    const submit = async () => {
        setTried(true);
        setError(null);
        if (busy || !mayWrite) return;
        if (form.password && (form.password !== form.again || passwordFault(form.password, form.again, user.name))) return;
        const body = {
            ...(form.phone.trim() !== (user.phone ?? '') && { phone: form.phone.trim() || null }),
            ...(form.disabled !== user.disabled && { disabled: form.disabled }),
            ...(form.password && { password: form.password }),
        };
        if (!Object.keys(body).length) return onClose();
        setBusy(true);
        try {
            await patch('users/' + encodeURIComponent(user.name), body, { version: user.version });
            say(t('users.saved', { name: user.name }));
            onDone();
            onClose();
        } catch (problem) {
            if (problem.status === 412 && problem.body.current) setUser(problem.body.current);
            setError(problem);
            setBusy(false);
        }
        return undefined;
    };
    return html`<${Sheet} title=${t('users.user.title', { name: user.name })} subtitle=${t('users.since', { date: dateTime(user.created_at) })} onClose=${onClose} changed=${form.changed} onSubmit=${submit} testid="user-editor"
        footer=${mayWrite ? html`<${Button} primary type="submit" busy=${busy}>${t('commit')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>` : html`<${Button} onClick=${onClose}>${t('close')}<//>`}>
        <${ProblemBox} error=${error} />
        <${TextField} label=${t('users.phone')} optional value=${form.phone} onInput=${(phone) => form.set({ phone })} readonly=${!mayWrite} error=${error?.at?.('/phone')} spellcheck=${false} autocomplete="off" />
        <${Check} label=${t('users.disabled')} help=${t('users.disabled.help')} checked=${form.disabled} disabled=${!mayWrite} onChange=${(disabled) => form.set({ disabled })} />
        <${Roles} user=${user} places=${places} mayWrite=${mayWrite} onChanged=${() => void reload()} onFailed=${setError} />
        ${mayWrite && html`<h3>${t('users.signing.in')}</h3><p>${user.has_password ? t('users.password.has') : t('users.password.none')}</p>
            <details><summary>${t('users.password.set')}</summary><${NewPassword} form=${form} name=${user.name} tried=${tried} error=${error?.at?.('/password')} /></details>
            <${SignInLink} name=${user.name} onFailed=${setError} />
            <${SipPassword} user=${user} onChanged=${(now) => { setUser(now); onDone(); }} onFailed=${setError} />
            <p><${Button} icon="key" onClick=${() => setMaking(true)}>${t('users.token.new')}<//></p>`}
        ${making && html`<${NewToken} owner=${user.name} onClose=${() => setMaking(false)} onDone=${onDone} />`}
    <//>`;
}
