// The password of a user's phone: set, replaced, taken away; never shown.
import { useState } from 'preact/hooks';
import { del, put } from '../api.js';
import { t } from '../i18n.js';
import { Button, TextField, html, say } from '../ui.js';
import { passwordFault } from './password.js';

export function SipPassword({ user, onChanged, onFailed }) {
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const path = `users/${encodeURIComponent(user.name)}/sip-password`;
    const fault = passwordFault(password, '', user.name);
    const finish = (words) => (answer) => {
        setBusy(false);
        setPassword('');
        say(words);
        onChanged(answer);
    };
    const failed = (problem) => {
        setBusy(false);
        onFailed(problem);
    };
    const set = () => {
        if (busy || !password || fault) return;
        setBusy(true);
        put(path, { password }, { version: user.version }).then(finish(t('users.sip.saved', { name: user.name })), failed);
    };
    const remove = () => {
        if (busy) return;
        setBusy(true);
        del(path, { version: user.version }).then(finish(t('users.sip.removed', { name: user.name })), failed);
    };
    return html`<h3>${t('users.sip')}</h3><p>${user.has_sip_password ? t('users.sip.has') : t('users.sip.none')}</p>
        <details><summary>${t('users.sip.set')}</summary>
            <${TextField} label=${t('users.sip.password')} type="password" value=${password} onInput=${setPassword} name="sip-password" autocomplete="off" error=${password.length >= 10 ? fault : ''} help=${t('users.sip.help', { name: user.name })} />
            <p><${Button} icon="key" onClick=${set}>${t('users.sip.save')}<//></p></details>
        ${user.has_sip_password && html`<p><${Button} icon="trash" onClick=${remove}>${t('users.sip.remove')}<//></p>`}`;
}
