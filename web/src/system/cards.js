/* What there is to see of the server, one card for each subject. */
import { html, Badge, Loading, ProblemBox } from '../ui.js';
import { bytes, date, dateTime, number, span } from '../format.js';
import { has, t } from '../i18n.js';
import { certificateState } from './certificate.js';
import { useSource } from './load.js';

export function Card({ name, source, children, actions }) {
    const id = `card-${name}`;
    return html`<section class="card" aria-labelledby=${id} data-testid=${id}><header class="bar"><h2 id=${id}>${t(`system.${name}`)}</h2>${actions}</header>
        ${source && !source.data && (source.error ? html`<${ProblemBox} error=${source.error} />` : html`<${Loading} />`)}${(!source || source.data) && children}</section>`;
}

export function Facts({ rows }) {
    return html`<dl class="fact-list">${rows.filter(Boolean).map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd>${value ?? '–'}</dd></div>`)}</dl>`;
}

const statusLooks = { ready: ['good', 'check'], draining: ['warn', 'drain'], 'not ready': ['bad', 'warn'] };

export function StatusBadge({ status }) {
    const [kind, icon] = statusLooks[status] ?? ['quiet', 'circle'], key = `system.status.${status.replace(' ', '_')}`;
    return html`<${Badge} kind=${kind} icon=${icon}>${has(key) ? t(key) : status}<//>`;
}

export function NodeCard({ source, actions }) {
    const s = source.data;
    return html`<${Card} name="node" source=${source} actions=${actions}>${s && html`<${Facts} rows=${[
        [t('system.status'), html`<${StatusBadge} status=${s.status} />`], [t('name'), s.node], [t('system.destination'), s.destination], [t('system.site'), s.site],
        [t('system.version'), s.version], [t('system.started'), `${dateTime(s.started_at)} (${span(s.uptime)})`]]} />`}<//>`;
}

/* The server's sentences are English. */
export function HealthCard({ source }) {
    return html`<${Card} name="health" source=${source}><ul class="checks">${source.data?.checks.map((c) => html`<li key=${c.name}><${Badge} kind=${c.ok ? 'good' : 'bad'} icon=${c.ok ? 'check' : 'warn'}>${t(c.ok ? 'system.check.ok' : 'system.check.failed')}<//>
        <b>${has(`system.check.${c.name}`) ? t(`system.check.${c.name}`) : c.name}</b>${c.detail && html`<span lang="en">${c.detail}</span>`}</li>`)}</ul><//>`;
}

export function NodesCard() {
    const source = useSource('nodes');
    return html`<${Card} name="nodes" source=${source}><ul class="checks">${source.data?.map((n) => html`<li key=${n.name}><${StatusBadge} status=${n.status} />
        <b>${n.name}</b>${n.this && html`<small>${t('system.this')}</small>`}<span>${[n.destination, n.site, n.version].filter(Boolean).join(' · ')}</span></li>`)}</ul><//>`;
}

export function SipCard({ source }) {
    const peers = useSource('peers'), sip = source.data?.sip;
    return html`<${Card} name="sip" source=${source}>${sip && html`<${Facts} rows=${[
        [t('system.listeners'), html`<ul class="bare-list">${sip.listeners.map((l) => html`<li><code>${l}</code></li>`)}</ul>`], [t('system.park_user'), html`<code>${sip.park_user}</code>`],
        peers.data && [t('system.trusted'), list(peers.data.filter((p) => p.kind === 'trusted').map((p) => p.network))],
        peers.data && [t('system.outbound'), list(peers.data.filter((p) => p.kind === 'outbound').map((p) => p.uri))]]} />`}<//>`;
}

const list = (items) => (items.length === 0 ? '–' : html`<ul class="bare-list">${items.map((i) => html`<li><code>${i}</code></li>`)}</ul>`);

const daysLooks = { ok: ['good', 'check'], soon: ['warn', 'clock'], now: ['bad', 'warn'], over: ['bad', 'warn'] };

function Days({ certificate }) {
    const days = certificate.days_left, state = certificateState(days), [kind, icon] = daysLooks[state];
    return html`<${Badge} kind=${kind} icon=${icon}>${state === 'over' ? t('system.certificate.over') : t('system.certificate.left', { n: days })}<//>`;
}

export function CertificatesCard() {
    const source = useSource('certificates');
    return html`<${Card} name="certificates" source=${source}>${source.data?.length === 0 && html`<p>${t('system.certificates.none')}</p>`}
        ${source.data?.map((c) => html`<${Facts} key=${c.name} rows=${[[t('name'), html`${c.name} <${Days} certificate=${c} />`], [t('system.certificate.subject'), c.subject], [t('system.certificate.issuer'), c.issuer],
            [t('system.certificate.names'), c.names?.join(', ')], [t('system.certificate.valid'), `${date(c.not_before)} – ${date(c.not_after)}`],
            [t('system.certificate.file'), html`<code>${c.file}</code>`], [t('system.certificate.print'), html`<code class="long">${c.fingerprint_sha256}</code>`]]} />`)}<//>`;
}

export function StoreCard({ source }) {
    const s = source.data?.store;
    return html`<${Card} name="store" source=${source}>${s && html`<${Facts} rows=${[
        [t('system.status'), html`<${Badge} kind=${s.ok ? 'good' : 'bad'} icon=${s.ok ? 'check' : 'warn'}>${s.ok ? t('system.check.ok') : t('system.check.failed')}<//> ${s.detail ?? ''}`],
        s.kind && [t('system.store.kind'), s.kind], s.path_or_url && [t('system.store.path'), html`<code>${s.path_or_url}</code>`],
        s.size_bytes !== undefined && [t('system.store.size'), bytes(s.size_bytes)], s.schema !== undefined && [t('system.store.schema'), String(s.schema)]]} />`}<//>`;
}

export function CountsCard({ source }) {
    const s = source.data;
    return html`<${Card} name="counts" source=${source}>${s && html`<${Facts} rows=${[
        [t('system.calls.parked'), number(s.calls.parked)], [t('system.orbits'), t('system.orbits.of', { busy: s.calls.orbits.busy, total: s.calls.orbits.total })],
        [t('system.streams'), number(s.media.streams)], [t('system.streams.room'), number(s.media.streams_room)], [t('system.packets.out'), number(s.media.packets_out)], [t('system.packets.in'), number(s.media.packets_in)], [t('system.packets.late'), number(s.media.packets_late)],
        [t('system.pages'), number(s.http.streams)], [t('system.events'), number(s.http.events)]]} />`}<//>`;
}
