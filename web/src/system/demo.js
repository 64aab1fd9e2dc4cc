/* Demo calls: callers that wait, so that there is something to look at and to try things on. */
import { useState } from 'preact/hooks';
import { html, Button, fail, say, SelectField } from '../ui.js';
import { del, post } from '../api.js';
import { time } from '../format.js';
import { t } from '../i18n.js';
import { Card } from './cards.js';
import { useSource } from './load.js';

export function DemoCard() {
    const source = useSource('demo'), demo = source.data;
    const [calls, setCalls] = useState('3');
    const [busy, setBusy] = useState(false);
    const run = async (work, words) => {
        setBusy(true);
        try {
            await work();
            say(words);
        } catch (error) {
            fail(error);
        }
        setBusy(false);
        source.reload();
    };
    return html`<${Card} name="demo" source=${source}>${demo?.running
        ? html`<p>${t('system.demo.runs', { n: demo.calls, time: time(demo.ends_at) })} <a href="/calls">${t('nav.calls')}</a></p>${demo.phone && html`<p>${t('system.demo.phone')} <code>${demo.phone}</code></p>`}
            <${Button} icon="stop" busy=${busy} onClick=${() => void run(() => del('system/demo'), t('system.demo.stopped'))}>${t('system.demo.stop')}<//>`
        : html`<p>${t('system.demo.text')}</p><div class="bar"><${SelectField} label=${t('system.demo.calls')} value=${calls} onChange=${setCalls} options=${[1, 2, 3, 4, 5].map((n) => ({ value: String(n), label: String(n) }))} />
            <${Button} icon="play" busy=${busy} onClick=${() => void run(() => post('system/demo', { calls: Number(calls) }), t('system.demo.started'))}>${t('system.demo.start')}<//></div>`}<//>`;
}
