/* The page /settings: what holds in a scope, where it comes from, and what it makes of a call. The
 * scope is in the address: ?scope=site:Redmond. */
import { useState } from 'preact/hooks';
import { html, ask, Banner, Button, Loading, ProblemBox } from '../ui.js';
import { t } from '../i18n.js';
import { query } from '../router.js';
import { PageHead } from '../shell.js';
import { can, canAt } from '../state.js';
import { Compare } from '../settings/compare.js';
import { SettingsForm } from '../settings/form.js';
import { useSettings } from '../settings/load.js';
import { Music } from '../settings/music.js';
import { ScopeBar } from '../settings/scope_bar.js';
import { readScope, writeScope } from '../settings/scopes.js';

/* The places that a scope lies in, as permissions are given for them. */
function placeOf(chain) {
    return Object.fromEntries((chain ?? []).filter((s) => s.kind !== 'global').map((s) => [s.kind, s.name]));
}

export default function Page() {
    const scope = readScope(query.value.scope);
    const { data, error, newer, reload } = useSettings(scope);
    const [changed, setChanged] = useState(false);
    const [comparing, setComparing] = useState(false);
    const readonly = !canAt('settings.write', placeOf(data?.chain));
    const leave = async () => !changed || ask({ title: t('discard.title'), text: t('discard.text'), action: t('discard.action'), danger: true });
    const fits = data?.chain && writeScope(data.chain.at(-1)) === writeScope(scope);

    return html`<div class="page settings"><${PageHead} title=${t('settings.title')} help="settings">
            ${data?.chain && scope.kind !== 'range' && html`<${Button} onClick=${() => setComparing(true)}>${t('settings.compare')}<//>`}
            ${can('audit.read') && html`<${Button} href="/activity?q=action%3Asettings">${t('settings.history')}<//>`}<//>
        <${ProblemBox} error=${error} />
        ${data && html`<${ScopeBar} scope=${scope} chain=${data.chain} places=${data.places} leave=${leave} />`}
        ${data && !data.chain && html`<${Banner} kind="warn">${t('settings.scope.gone')}<//>`}
        ${data && readonly && html`<${Banner}>${t('settings.readonly')}<//>`}
        ${!fits && !(data && !data.chain) && !error && html`<${Loading} />`}
        ${fits && html`<${SettingsForm} key=${writeScope(scope)} scope=${scope} data=${data} readonly=${readonly} reload=${reload} newer=${newer} onChanged=${setChanged}>
            ${(values) => html`<${Music} key=${writeScope(scope)} scope=${scope} places=${data.places} readonly=${readonly} on=${values.music_on_hold !== 'off'} onChanged=${reload} />`}<//>`}
        ${comparing && html`<${Compare} scope=${scope} places=${data.places} keys=${data.keys} onClose=${() => setComparing(false)} />`}
    </div>`;
}
