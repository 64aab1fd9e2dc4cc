// What goes into the phone system, with the addresses and numbers of this server filled in. The same
// lines, with the reasons, are in docs/pbx.md.
import { asteriskPatterns, expression } from './numbers.js';

/** "udp:192.0.2.20:5060" as { host, port }; a listener on all addresses is known by the name of this page. */
export function reachable(listeners) {
    const wanted = listeners.find((l) => l.startsWith('udp:')) ?? listeners[0] ?? 'udp:0.0.0.0:5060';
    const m = /^\w+:(.*):(\d+)$/.exec(wanted);
    const host = m?.[1] ?? '0.0.0.0';
    const any = host === '0.0.0.0' || host === '[::]' || host === '::';
    return { host: any ? location.hostname : host, port: m?.[2] ?? '5060' };
}

const onlyHost = (network) => /^[\d.]+$|^[0-9a-f:]+$/i.test(network ?? '') && network;

/** `sip`: as GET setup says it; `ranges`: those that there are. */
export function facts(sip, ranges) {
    const { host, port } = reachable(sip.listeners ?? []);
    const park = ranges.filter((r) => r.type !== 'group_pickup');
    const parkNumbers = park.map((r) => r.park_number).filter(Boolean);
    return {
        host,
        port,
        transports: [...new Set((sip.listeners ?? ['udp:']).map((l) => l.split(':')[0].toUpperCase()))],
        domain: sip.domain ?? 'example.com',
        pbx: (sip.trusted ?? []).map(onlyHost).find((n) => n && !n.startsWith('127.') && n !== '::1') ?? '192.0.2.10',
        ranges: park.length ? park : [{ start: '*7000', end: '*7099' }],
        parkNumbers,
        parkUser: sip.park_user ?? 'park',
    };
}

function asterisk(f) {
    const to = (pattern) => `exten => ${pattern},1,Dial(PJSIP/\${EXTEN}@callpark)`;
    return [
        {
            file: 'pjsip.conf',
            text: `[callpark]
type = endpoint
context = from-callpark
transport = transport-udp
aors = callpark
disallow = all
allow = ulaw,alaw,g722
direct_media = no
from_domain = ${f.domain}
; who the caller is, at the start and after a transfer
send_pai = yes
trust_id_outbound = yes
send_connected_line = yes
; what we say about the caller when we ring back
trust_id_inbound = yes

[callpark]
type = aor
contact = sip:${f.host}:${f.port}

[callpark]
type = identify
endpoint = callpark
match = ${f.host}`,
        },
        {
            file: 'extensions.conf',
            text: `[internal]                          ; the context of your phones, also for their transfers
${[f.parkUser, ...f.parkNumbers].map(to).join('\n')}
${asteriskPatterns(f.ranges).map(to).join('\n')}

[from-callpark]                     ; ring back and fallback
exten => _[12]XX,1,Dial(PJSIP/\${EXTEN},60)   ; your internal numbers`,
        },
    ];
}

function freeswitch(f) {
    const numbers = expression(f.ranges, [f.parkUser, ...f.parkNumbers], '\\d');
    return [
        {
            file: 'sip_profiles/external/callpark.xml',
            text: `<include>
  <gateway name="callpark">
    <param name="proxy" value="${f.host}:${f.port}"/>
    <param name="register" value="false"/>
    <param name="caller-id-in-from" value="true"/>
  </gateway>
</include>`,
        },
        {
            file: 'dialplan/default/callpark.xml',
            text: `<extension name="callpark">
  <condition field="destination_number" expression="^(${numbers})$">
    <action application="set" data="hangup_after_bridge=true"/>
    <action application="bridge" data="{sip_cid_type=pid}sofia/gateway/callpark/$1"/>
  </condition>
</extension>`,
        },
        {
            file: 'dialplan/public/from_callpark.xml',
            text: `<extension name="from_callpark">
  <condition field="network_addr" expression="^${f.host.replaceAll('.', '\\.')}$"/>
  <condition field="destination_number" expression="^([12]\\d\\d)$">
    <action application="transfer" data="$1 XML default"/>
  </condition>
</extension>`,
        },
    ];
}

function kamailio(f) {
    return [
        {
            file: 'kamailio.cfg',
            text: `#!define CALLPARK "sip:${f.host}:${f.port}"

request_route {
    # ... what you have: sanity, loose_route() for requests in a dialog, CANCEL, retransmissions ...

    # Ring back and fallback: from callpark to our users, without a password.
    if ($si == "${f.host}") {
        record_route();
        route(LOCATION);
    }

    # ... what you have: authentication ...

    route(CALLPARK);
    # ...
}

route[CALLPARK] {
    if (!is_method("INVITE|OPTIONS") || !($rU =~ "^(${expression(f.ranges, [f.parkUser, ...f.parkNumbers])})$")) return;

    remove_hf("P-Asserted-Identity");          # what a phone says about itself is no assertion
    append_hf("P-Asserted-Identity: <sip:$au@${f.domain}>\\r\\n");
    record_route();
    $du = CALLPARK;
    t_relay();
    exit;
}`,
        },
    ];
}

function trunk(f) {
    const numbers = f.ranges.map((r) => `${r.start}-${r.end}`).join(', ');
    return [
        {
            file: 'SIP trunk',
            text: `Address:         ${f.host}:${f.port}, ${f.transports.join(' or ')}
Registration:    none
Authentication:  none (by address)
Route to it:     ${[f.parkUser, ...f.parkNumbers].join(', ')} and ${numbers}
Caller's number: P-Asserted-Identity or From; update it after a transfer
Transfers:       send Referred-By or History-Info
Codecs:          PCMA, PCMU, G.722; DTMF as telephone-event
Accept from:     ${f.host}, to internal numbers (ring back and fallback)`,
        },
    ];
}

/** What callpark itself should know about that phone system. */
function ours(f) {
    return { file: 'callpark.conf', text: `[sip]\ndomain   = ${f.domain}\ntrusted  = ${f.pbx}\noutbound = sip:${f.pbx}` };
}

export const SYSTEMS = ['asterisk', 'freeswitch', 'kamailio', 'trunk'];
const made = { asterisk, freeswitch, kamailio, trunk };

/** [{ file, text }] for one of SYSTEMS. */
export const linesFor = (system, f) => [...made[system](f), ours(f)];
