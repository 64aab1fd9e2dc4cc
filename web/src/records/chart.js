/* Two charts, drawn by uPlot: how long callers waited, and what became of them over time. This file and
 * uPlot are loaded when the first chart is shown. The tables beside them say the same in text. */
import uPlot from 'uplot';

/* Colours are those of the page, so they follow light and dark. */
function colours() {
    const of = (name) => {
        /* Only the browser knows what light-dark() comes to. A new element each: a changed one may fade. */
        const probe = document.createElement('span');
        probe.style.color = `var(${name})`;
        document.body.append(probe);
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
    };
    return { text: of('--soft'), line: of('--line'), good: of('--good'), warn: of('--warn'), bad: of('--bad'), accent: of('--accent') };
}

const font = () => `12px ${getComputedStyle(document.body).fontFamily}`;

function axes(c, x, y) {
    const shared = { stroke: c.text, grid: { stroke: c.line, width: 1 }, ticks: { show: false }, font: font() };
    return [{ ...shared, grid: { show: false }, size: 30, ...x }, { ...shared, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], ...y }];
}

function draw(box, options, data) {
    const plot = new uPlot({ width: box.clientWidth || 300, height: 200, legend: { show: false }, cursor: { show: false }, select: { show: false }, ...options }, data, box);
    const watch = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 200 }));
    watch.observe(box);
    return () => {
        watch.disconnect();
        plot.destroy();
    };
}

const fromZero = (u, low, high) => [0, Math.max(1, high)];

/** One column for each span of waiting. @returns {() => void} takes the chart away */
export function drawWaits(box, rows, labels) {
    const c = colours();
    return draw(box, {
        scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: fromZero } },
        axes: axes(c, { splits: rows.map((_, i) => i), values: (u, splits) => splits.map((i) => labels[i]) }, {}),
        series: [{}, { stroke: c.accent, fill: c.accent, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.72, 64], radius: 0.12 }) }],
    }, [rows.map((_, i) => i), rows.map((r) => r.count)]);
}

/** Columns over time, one upon the other: found, abandoned, the rest. The tallest is drawn first, and
 * those in front of it cover their share. `label` writes a time, in seconds since 1970.
 * @param {{at: number, parts: number[]}[]} columns */
export function drawOutcomes(box, columns, step, kinds, label) {
    const c = colours(), heights = kinds.map((_, i) => columns.map((col) => col.parts.slice(0, i + 1).reduce((a, b) => a + b, 0)));
    const bars = uPlot.paths.bars({ size: [0.8, 48], radius: 0 });
    /* At least six columns wide, so that a single one stands in the middle. */
    const margin = step * Math.max(0.6, (6 - columns.length) / 2), range = [columns[0].at - margin, columns.at(-1).at + margin];
    return draw(box, {
        scales: { x: { time: true, range }, y: { range: fromZero } },
        axes: axes(c, { space: 90, values: (u, splits) => splits.map((at) => label(at)) }, {}),
        series: [{}, ...kinds.map((kind) => ({ stroke: c[kind], fill: c[kind], width: 0, points: { show: false }, paths: bars })).reverse()],
    }, [columns.map((col) => col.at), ...heights.reverse()]);
}
