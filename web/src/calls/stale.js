/* What is said while the connection is lost: since when nothing was heard. */
import { html, Banner } from '../ui.js';
import { link } from '../events.js';
import { time } from '../format.js';
import { t } from '../i18n.js';

export function StaleBanner() {
    const { state, since } = link.value;
    if (state !== 'stale') return null;
    return html`<div role="status"><${Banner} kind="stale" icon="warn" testid="stale">${t('calls.stale', { time: time(since) })}<//></div>`;
}
