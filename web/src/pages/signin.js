// Signing in: by name and password, or by a link that works once (signin#link=…, made by
// callparkctl setup --user NAME). Afterwards the page that was asked for comes.
import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api.js';
import { t } from '../i18n.js';
import { go, query, takeFragment } from '../router.js';
import { LanguageMenu, ThemeMenu, useTitle } from '../shell.js';
import { me } from '../state.js';
import { Banner, Button, Loading, ProblemBox, TextField, html, useForm } from '../ui.js';

/** Only a path of this site: an address in a link must not lead elsewhere. */
function next() {
    const wanted = query.value.next ?? '/';
    return wanted.startsWith('/') && !wanted.startsWith('//') && !wanted.startsWith('/\\') ? wanted : '/';
}

function entered(who) {
    me.value = who;
    const to = new URL(next(), location.origin);
    go(to.pathname, Object.fromEntries(to.searchParams), { replace: true });
}

function Password() {
    const form = useForm({ name: '', password: '' });
    const [error, setError] = useState(null);
    const [busy, setBusy] = useState(false);
    const [wait, setWait] = useState(0);

    // Who may not try yet sees how long, instead of finding it out by trying.
    useEffect(() => {
        if (!wait) return undefined;
        const timer = setTimeout(() => setWait(wait - 1), 1000);
        return () => clearTimeout(timer);
    }, [wait]);

    const submit = async (e) => {
        e.preventDefault();
        if (busy || wait) return;
        // A browser that fills the fields in by itself may not have said so: what stands there counts.
        const typed = new FormData(e.target);
        const name = String(typed.get('username')).trim();
        const password = String(typed.get('password'));
        if (!name || !password) {
            e.target.elements[name ? 'password' : 'username'].focus();
            return;
        }
        setBusy(true);
        setError(null);
        try {
            entered(await post('auth/login', { name, password }, { once: false, quiet: true }));
        } catch (problem) {
            setBusy(false);
            setError(problem);
            setWait(problem.retryAfter || 0);
            form.set({ password: '' });
        }
    };
    return html`<form class="frame" onSubmit=${submit}>
        <${ProblemBox} error=${error} />
        <${TextField} label=${t('signin.name')} value=${form.name} onInput=${(v) => form.set({ name: v })} name="username" autocomplete="username" autocapitalize="none" spellcheck=${false} required />
        <${TextField} label=${t('signin.password')} type="password" value=${form.password} onInput=${(v) => form.set({ password: v })} name="password" autocomplete="current-password" required />
        <${Button} primary type="submit" busy=${busy} disabled=${wait > 0}>${wait ? t('signin.wait', { n: wait }) : t('signin.title')}<//>
    </form>`;
}

function ByLink({ link, onFailed }) {
    useEffect(() => {
        post('auth/login', { link }, { once: false, quiet: true }).then(entered, onFailed);
    }, []);
    return html`<${Loading} />`;
}

export default function SignIn() {
    useTitle(t('signin.title'));
    const [link, setLink] = useState(() => takeFragment('link'));
    const [error, setError] = useState(null);
    const [realms, setRealms] = useState(null);
    useEffect(() => {
        get('auth/realms').then((r) => setRealms(r.items), () => setRealms([{ kind: 'password' }]));
    }, []);
    const failed = (problem) => {
        setError(problem);
        setLink(null);
    };
    const password = realms?.some((r) => r.kind === 'password');
    return html`<div class="door" data-testid="signin">
        <p class="brand"><span class="mark" aria-hidden="true"></span>callpark</p>
        <h1>${t('signin.title')}</h1>
        ${me.value && html`<${Banner}>${t('signin.already', { name: me.value.name })} <a href="/">${t('signin.go.on')}</a><//>`}
        <${ProblemBox} error=${error} />
        ${link ? html`<${ByLink} link=${link} onFailed=${failed} />` : !realms ? html`<${Loading} />` : password ? html`<${Password} />` : html`<${Banner}>${t('signin.proxy')}<//>`}
        <details><summary>${t('signin.forgot')}</summary><p>${t('signin.forgot.text')}</p><pre><code>callparkctl setup --user NAME</code></pre></details>
        <div class="bar"><${LanguageMenu} /><${ThemeMenu} /></div>
    </div>`;
}
