/* The figures of the records that are shown: one line, two charts, and the same as tables. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../ui.js';
import { date, dateTime, percent, span } from '../format.js';
import { language, locale, t } from '../i18n.js';
import { theme } from '../state.js';
import { outcomes, overTime, summary, waitingTimes } from './figures.js';
import { MOST } from './load.js';

const FOUND = ['retrieved', 'ringback_answered', 'forwarded'];
const KINDS = ['good', 'warn', 'bad'];

/* Three kinds tell more than eight colours: somebody took the call, the caller gave up, or we did. */
function parts(counts) {
    const sum = (names) => names.reduce((n, name) => n + (counts[name] ?? 0), 0);
    const found = sum(FOUND), all = sum(Object.keys(counts));
    return [found, counts.abandoned ?? 0, all - found - (counts.abandoned ?? 0)];
}

/* A day, or the hour of one. */
function axisLabel(step) {
    const form = new Intl.DateTimeFormat(locale(), step >= 86400 ? { day: 'numeric', month: 'short' } : { weekday: 'short', hour: 'numeric', minute: '2-digit' });
    return (at) => form.format(new Date(at * 1000));
}

const waitLabel = ({ from, below }) => (below === null ? t('records.waits.more', { from: span(from) }) : t('records.waits.below', { below: span(below) }));

/* Draws with a function of chart.js, which is fetched for it; anew when the colours or words change. */
function Chart({ name, make, depends, label }) {
    const box = useRef();
    const [failed, setFailed] = useState(false);
    useEffect(() => {
        let wanted = true, clear = () => {};
        import('./chart.js').then((charts) => wanted && (clear = make(charts, box.current)), () => wanted && setFailed(true));
        return () => {
            wanted = false;
            clear();
        };
    }, [...depends, theme.value, language.value, useDark()]);
    return html`<div class="chart" role="img" aria-label=${label} ref=${box} data-testid=${`chart-${name}`}>${failed && html`<p>${t('records.chart.failed')}</p>`}</div>`;
}

/** Does the system want dark? A chart has to be drawn anew when it changes its mind. */
function useDark() {
    const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
    useEffect(() => {
        const media = matchMedia('(prefers-color-scheme: dark)'), changed = () => setDark(media.matches);
        media.addEventListener('change', changed);
        return () => media.removeEventListener('change', changed);
    }, []);
    return dark;
}

function Line({ s }) {
    const facts = [['count', s.count], ['found', percent(s.found, s.count)], ['abandoned', percent(s.abandoned, s.count)],
        ['median', s.median === null ? '–' : span(s.median)], ['p95', s.p95 === null ? '–' : span(s.p95)], ['longest', s.longest === null ? '–' : span(s.longest)]];
    return html`<dl class="figures-line" data-testid="figures">${facts.map(([name, value]) => html`<div key=${name}><dt>${t(`records.figure.${name}`)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Tables({ waits, ends, over, whenOf }) {
    return html`<details class="as-table"><summary>${t('records.as_table')}</summary><div class="side-by-side">
        <table><caption>${t('records.chart.waits')}</caption><thead><tr><th scope="col">${t('records.waited')}</th><th scope="col" class="number">${t('records.calls')}</th></tr></thead>
            <tbody>${waits.map((w) => html`<tr><th scope="row">${waitLabel(w)}</th><td class="number">${w.count}</td></tr>`)}</tbody></table>
        <table><caption>${t('records.outcomes')}</caption><thead><tr><th scope="col">${t('records.outcome')}</th><th scope="col" class="number">${t('records.calls')}</th></tr></thead>
            <tbody>${ends.map((o) => html`<tr><th scope="row">${t(`records.outcome.${o.outcome}`)}</th><td class="number">${o.count}</td></tr>`)}</tbody></table>
        <table><caption>${t('records.chart.over_time')}</caption><thead><tr><th scope="col">${t('records.from')}</th>${KINDS.map((k) => html`<th scope="col" class="number">${t(`records.kind.${k}`)}</th>`)}</tr></thead>
            <tbody>${over.filter((c) => c.total > 0).map((c) => html`<tr><th scope="row">${whenOf(c.at)}</th>${c.parts.map((n) => html`<td class="number">${n}</td>`)}</tr>`)}</tbody></table>
    </div></details>`;
}

export function Figures({ records }) {
    if (!records || records.length === 0) return null;
    const s = summary(records), waits = waitingTimes(records), ends = outcomes(records);
    const { step, columns } = overTime(records, -new Date().getTimezoneOffset() * 60);
    const over = columns.map((c) => ({ ...c, parts: parts(c.counts) }));
    const whenOf = (at) => (step >= 86400 ? date : dateTime)(new Date(at * 1000).toISOString());
    return html`<section class="figures" aria-labelledby="figures-title"><h2 class="hidden" id="figures-title">${t('records.figures')}</h2>
        <${Line} s=${s} />
        <div class="charts"><figure><figcaption>${t('records.chart.waits')}</figcaption>
                <${Chart} name="waits" label=${t('records.chart.waits.label')} depends=${[records]} make=${(charts, box) => charts.drawWaits(box, waits, waits.map(waitLabel))} /></figure>
            <figure><figcaption>${t('records.chart.over_time')}<ul class="legend">${KINDS.map((k) => html`<li class=${k}>${t(`records.kind.${k}`)}</li>`)}</ul></figcaption>
                <${Chart} name="outcomes" label=${t('records.chart.over_time.label')} depends=${[records]} make=${(charts, box) => charts.drawOutcomes(box, over, step, KINDS, axisLabel(step))} /></figure></div>
        ${records.length >= MOST && html`<p class="help">${t('records.newest', { n: MOST })}</p>`}
        <${Tables} waits=${waits} ends=${ends} over=${over} whenOf=${whenOf} /></section>`;
}
