/* The picture of what happens to a call in time. It is a list whose items say it in words; the style
 * sheet makes boxes and arrows of it, so there is no other text to keep beside it. */
import { html, Icon } from '../ui.js';
import { t } from '../i18n.js';
import { bareUri } from '../calls/select.js';
import { story } from './story.js';
import { spanText } from './words.js';

const icons = { parked: 'clock', rings: 'bell', fallback: 'right', waits: 'clock', hangup: 'close' };

function words({ step, values }) {
    if (step === 'rings') return t('settings.story.rings', { n: values.times, ring: spanText(values.ring) });
    if (step === 'fallback') return t('settings.story.fallback', { to: bareUri(values.to) });
    if (step === 'waits') return t('settings.story.waits', { max: spanText(values.max) });
    return t(`settings.story.${step}`);
}

/* Between ring backs the full time runs again; one sentence says so where there are several. */
function between({ step, values }) {
    return step === 'rings' && values.times > 1 ? t('settings.story.again', { again: spanText(values.again) }) : '';
}

export function Picture({ values }) {
    const steps = story(values);
    return html`<section class="story" aria-labelledby="story-title" data-testid="story"><h2 id="story-title">${t('settings.story')}</h2>
        <ol>${steps.map((s, i) => html`<li key=${s.step} class=${s.step}>
            ${i > 0 && html`<span class="after">${s.after === null ? t(s.step === 'waits' ? 'settings.story.unanswered' : 'settings.story.then') : t('settings.story.after', { span: spanText(s.after) })}</span>`}
            <span class="box"><${Icon} name=${icons[s.step]} /><span>${words(s)}${between(s) && html`<small>${between(s)}</small>`}</span></span></li>`)}</ol></section>`;
}
