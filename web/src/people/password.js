// Two fields for a new password, with what is asked of it.
import { t } from '../i18n.js';
import { TextField, html } from '../ui.js';

export const PASSWORD_LEAST = 10;

/** What is wrong with it as far as a browser can tell: '' or a sentence. */
export function passwordFault(password, again, name) {
    if (!password) return '';
    if ([...password].length < PASSWORD_LEAST) return t('users.password.short', { n: PASSWORD_LEAST });
    if (name && password.toLowerCase() === name.trim().toLowerCase()) return t('users.password.name');
    if (again && password !== again) return t('users.password.differ');
    return '';
}

export function NewPassword({ form, name, error, tried }) {
    const fault = passwordFault(form.password, '', name);
    const late = form.again && form.password !== form.again && (tried || form.again.length >= form.password.length);
    return html`<${TextField} label=${t('users.password.new')} type="password" value=${form.password} onInput=${(password) => form.set({ password })} name="new-password" autocomplete="new-password"
            error=${error || (tried || form.password.length >= PASSWORD_LEAST ? fault : '')} help=${t('users.password.help', { n: PASSWORD_LEAST })} required />
        <${TextField} label=${t('users.password.again')} type="password" value=${form.again} onInput=${(again) => form.set({ again })} name="new-password-again" autocomplete="new-password"
            error=${late ? t('users.password.differ') : ''} required />`;
}
