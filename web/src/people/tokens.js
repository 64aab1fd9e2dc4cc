// Access tokens: for programs that act for somebody. The list, and making one; its text is shown once.
import { useState } from 'preact/hooks';
import { del, post } from '../api.js';
import { ago, date, dateTime } from '../format.js';
import { t } from '../i18n.js';
import { me } from '../state.js';
import { Badge, Banner, Button, Check, Choice, Code, DataTable, IconButton, Loading, ProblemBox, SelectField, Sheet, TextField, ask, fail, html, say, useForm, useList } from '../ui.js';

const DAYS = ['30', '90', '365', ''];

function Made({ token, onClose }) {
    return html`<${Sheet} title=${t('users.token.made', { name: token.name })} onClose=${onClose} testid="token-made" footer=${html`<${Button} primary onClick=${onClose}>${t('users.token.kept')}<//>`}>
        <${Banner} kind="warn">${t('users.token.once')}<//>
        <${Code} label=${t('users.token.text')} text=${token.token} />
        <${Code} label="callparkctl" text=${`export CALLPARK_URL=${location.origin}\nexport CALLPARK_TOKEN=${token.token}\ncallparkctl range list`} />
        <${Code} label="curl" text=${`curl -H "Authorization: Bearer ${token.token}" ${location.origin}/api/v1/number-ranges`} />
    <//>`;
}

/** `owner`: for whom; without it one's own. */
export function NewToken({ owner, onClose, onDone }) {
    const form = useForm({ name: '', days: '90', networks: '', all: 'all' });
    const [some, setSome] = useState([]);
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const [made, setMade] = useState(null);
    const offered = me.value.permissions;
    const submit = async () => {
        if (busy || !form.name.trim() || (form.all === 'some' && !some.length)) return;
        setBusy(true);
        setError(null);
        const networks = form.networks.split(/[\s,]+/).filter(Boolean);
        try {
            const token = await post('tokens', {
                name: form.name.trim(),
                ...(form.all === 'some' && { permissions: some }),
                ...(form.days && { expires_in: Number(form.days) * 86400 }),
                ...(networks.length && { networks }),
                ...(owner && { user: owner }),
            });
            onDone();
            setMade(token);
        } catch (problem) {
            setError(problem);
            setBusy(false);
        }
    };
    if (made) return html`<${Made} token=${made} onClose=${onClose} />`;
    return html`<${Sheet} key="new" title=${owner ? t('users.token.new.for', { name: owner }) : t('users.token.new')} onClose=${onClose} changed=${form.changed} onSubmit=${submit} testid="token-new"
        footer=${html`<${Button} primary type="submit" busy=${busy} disabled=${!form.name.trim() || (form.all === 'some' && !some.length)}>${t('users.token.create')}<//><${Button} onClick=${onClose}>${t('cancel')}<//>`}>
        <${ProblemBox} error=${error} />
        <${TextField} label=${t('name')} value=${form.name} onInput=${(name) => form.set({ name })} help=${t('users.token.name.help')} error=${error?.at?.('/name')} required maxlength="64" data-focus />
        <${SelectField} label=${t('users.token.expires')} value=${form.days} onChange=${(days) => form.set({ days })} options=${DAYS.map((value) => ({ value, label: value ? t('users.token.days', { n: Number(value) }) : t('users.token.never') }))} />
        <${TextField} label=${t('users.token.networks')} optional value=${form.networks} onInput=${(networks) => form.set({ networks })} help=${t('users.token.networks.help')} error=${error?.at?.('/networks')} spellcheck=${false} />
        <${Choice} legend=${t('users.token.may')} value=${form.all} onChange=${(all) => form.set({ all })} options=${[{ value: 'all', label: t('users.token.may.all') }, { value: 'some', label: t('users.token.may.some') }]} />
        ${form.all === 'some' && html`<fieldset class="choice permissions"><legend>${t('users.permissions')}</legend>${offered.map((p) => html`<${Check} key=${p} label=${p} checked=${some.includes(p)} onChange=${(on) => setSome(on ? [...some, p] : some.filter((x) => x !== p))} />`)}</fieldset>`}
    <//>`;
}

/** `user`: whose; with `everybody` there is a column for the owner. */
export function Tokens({ user, everybody, keys = false }) {
    const list = useList('tokens', { user, limit: 200, sort: '-id' });
    const [making, setMaking] = useState(false);
    const revoke = async (token) => {
        if (!(await ask({ title: t('users.token.revoke.title', { name: token.name }), text: t('users.token.revoke.text'), action: t('users.token.revoke'), danger: true }))) return;
        try {
            await del('tokens/' + token.id, { version: token.version });
            say(t('users.token.revoked', { name: token.name }));
            list.reload();
        } catch (error) {
            fail(error);
        }
    };
    const expires = (token) => {
        if (!token.expires_at) return t('users.token.never');
        const left = (Date.parse(token.expires_at) - Date.now()) / 86400000;
        if (left < 0) return html`<${Badge} kind="bad" icon="warn">${t('users.token.expired')}<//>`;
        return left < 14 ? html`<${Badge} kind="warn" icon="warn">${date(token.expires_at)}<//>` : html`<time datetime=${token.expires_at} title=${dateTime(token.expires_at)}>${date(token.expires_at)}</time>`;
    };
    const columns = [
        { key: 'name', label: t('name'), head: true },
        everybody && { key: 'user', label: t('users.user') },
        { key: 'permissions', label: t('users.token.may'), render: (k) => (k.permissions ? html`<span title=${k.permissions.join(', ')}>${t('users.token.some', { n: k.permissions.length })}</span>` : t('users.token.may.all')) },
        { key: 'networks', label: t('users.token.networks'), render: (k) => k.networks.join(', ') || t('users.token.anywhere') },
        { key: 'expires_at', label: t('users.token.expires'), render: expires },
        { key: 'last_used_at', label: t('users.token.used'), render: (k) => (k.last_used_at ? html`<time datetime=${k.last_used_at} title=${dateTime(k.last_used_at)}>${ago(k.last_used_at)}</time>` : t('users.token.unused')) },
    ].filter(Boolean);
    return html`<section class="panel"><div class="bar"><h2>${t('users.tokens')}</h2><span class="push"></span>
            ${me.value.kind === 'user' && html`<${Button} small icon="plus" onClick=${() => setMaking(true)}>${t('users.token.new')}<//>`}</div>
        <p class="help">${t('users.tokens.text')}</p>
        <${ProblemBox} error=${list.error} />
        ${!list.items && !list.error && html`<${Loading} />`}
        ${list.items?.length === 0 && html`<p>${t('users.tokens.none')}</p>`}
        ${list.items?.length > 0 && html`<${DataTable} caption=${t('users.tokens')} rows=${list.items} columns=${columns} rowKey=${(k) => k.id} rowName=${(k) => k.name} keys=${keys} testid="tokens"
            actions=${(k) => html`<${IconButton} icon="trash" label=${t('users.token.revoke.one', { name: k.name })} onClick=${() => revoke(k)} />`} />`}
        ${making && html`<${NewToken} onClose=${() => setMaking(false)} onDone=${list.reload} />`}
    </section>`;
}
