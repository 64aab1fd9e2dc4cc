// Sessions: the browsers in which somebody is signed in.
import { del } from '../api.js';
import { ago, dateTime } from '../format.js';
import { t } from '../i18n.js';
import { me } from '../state.js';
import { Badge, Button, DataTable, Loading, ProblemBox, ask, fail, html, say, useList } from '../ui.js';

/** What a browser calls itself, in two words. */
export function browserOf(agent) {
    const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : agent.split(/[\s/]/)[0];
    const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Macintosh', 'Linux'].find((s) => agent.includes(s));
    return system ? `${browser}, ${system === 'Macintosh' ? 'macOS' : system}` : browser || t('unknown');
}

/** `user`: whose; `everybody`: with a column for the user. */
export function Sessions({ user, everybody }) {
    const list = useList('sessions', { user, limit: 200 });
    const end = async (session) => {
        if (session.current && !(await ask({ title: t('users.session.end.own'), action: t('signout'), danger: true }))) return;
        try {
            await del('sessions/' + session.id);
            if (session.current) me.value = null;
            else {
                say(t('users.session.ended'));
                list.reload();
            }
        } catch (error) {
            fail(error);
        }
    };
    const endOthers = async () => {
        for (const s of list.items.filter((x) => !x.current))
            try {
                await del('sessions/' + s.id);
            } catch (error) {
                if (error.status !== 404) return fail(error);
            }
        say(t('users.session.others.ended'));
        list.reload();
        return undefined;
    };
    const columns = [
        { key: 'agent', label: t('users.session.browser'), head: true, render: (s) => html`<span title=${s.agent}>${browserOf(s.agent)}</span>${s.current && html` <${Badge} kind="good" icon="check">${t('users.session.this')}<//>`}` },
        everybody && { key: 'user', label: t('users.user') },
        { key: 'source', label: t('users.session.source'), class: 'number' },
        { key: 'created_at', label: t('users.session.since'), render: (s) => dateTime(s.created_at) },
        { key: 'seen_at', label: t('users.session.seen'), render: (s) => html`<time datetime=${s.seen_at} title=${dateTime(s.seen_at)}>${ago(s.seen_at)}</time>` },
    ].filter(Boolean);
    const others = list.items?.some((s) => !s.current);
    return html`<section class="panel"><div class="bar"><h2>${t('users.sessions')}</h2><span class="push"></span>
            ${user && others && html`<${Button} small onClick=${endOthers}>${t('users.session.end.others')}<//>`}</div>
        <${ProblemBox} error=${list.error} />
        ${!list.items && !list.error && html`<${Loading} />`}
        ${list.items?.length === 0 && html`<p>${t('users.sessions.none')}</p>`}
        ${list.items?.length > 0 && html`<${DataTable} caption=${t('users.sessions')} rows=${list.items} columns=${columns} rowKey=${(s) => s.id} rowName=${(s) => browserOf(s.agent)} keys=${false} testid="sessions"
            actions=${(s) => html`<${Button} small onClick=${() => end(s)} aria-label=${t('users.session.end.one', { name: browserOf(s.agent) })}>${t('users.session.end')}<//>`} />`}
    </section>`;
}
