// The page /account.
import { html } from '../ui.js';
import { PageHead } from '../shell.js';
import { t } from '../i18n.js';

export default function Page() {
    return html`<div class="page"><${PageHead} title=${t('account.title')} /></div>`;
}
