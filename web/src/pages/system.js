/* The page /system: how the server is, and what may be done to it as a whole. */
import { html, Button } from '../ui.js';
import { t } from '../i18n.js';
import { PageHead } from '../shell.js';
import { can } from '../state.js';
import { AboutCard, CareCard, DrainButton } from '../system/care.js';
import { CertificatesCard, CountsCard, HealthCard, NodeCard, NodesCard, SipCard, StoreCard } from '../system/cards.js';
import { DemoCard } from '../system/demo.js';
import { ExplainCard } from '../system/explain.js';
import { useSource } from '../system/load.js';

export default function Page() {
    const system = useSource('system');
    const drain = can('system.write') && system.data && html`<${DrainButton} draining=${system.data.draining} onDone=${system.reload} />`;
    return html`<div class="page system"><${PageHead} title=${t('system.title')} help="system"><${Button} icon="refresh" onClick=${system.reload}>${t('refresh')}<//><//>
        <div class="cards">
            <${NodeCard} source=${system} actions=${drain} /><${HealthCard} source=${system} /><${CountsCard} source=${system} /><${SipCard} source=${system} />
            <${StoreCard} source=${system} /><${CertificatesCard} /><${NodesCard} />${can('calls.read') && html`<${ExplainCard} />`}${can('system.write') && html`<${DemoCard} />`}<${CareCard} /><${AboutCard} />
        </div></div>`;
}
