/* The state of the chain: how many entries there are, and the fingerprint of the last one. Whoever keeps
 * it elsewhere can tell later that nothing before it was changed. */
import { useEffect, useState } from 'preact/hooks';
import { html, Code, Copy, Icon } from '../ui.js';
import { get } from '../api.js';
import { number } from '../format.js';
import { t } from '../i18n.js';

export function Chain({ round }) {
    const [head, setHead] = useState(null);
    useEffect(() => {
        get('audit-events:head').then(setHead, () => setHead(null));
    }, [round]);
    if (!head?.hash) return null;
    return html`<section class="chain" aria-label=${t('activity.chain')} data-testid="chain"><p><${Icon} name="key" /> ${t('activity.chain.head', { n: head.count, id: number(head.id) })}
        <code title=${head.hash}>${head.hash.slice(0, 16)}…</code> <${Copy} text=${`${head.id} ${head.hash}`} label=${t('activity.chain')} /></p>
        <details><summary>${t('activity.chain.how')}</summary><p>${t('activity.chain.text')}</p><${Code} label="callparkctl" text="callparkctl audit verify" /></details></section>`;
}
