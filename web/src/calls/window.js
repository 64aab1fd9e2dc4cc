/* Which rows of a long list are drawn. Ten thousand rows that nobody sees cost a browser seconds;
 * those on the screen and a few around it cost nothing. Pure. */

/** Up to this many rows are all drawn: nothing is gained by leaving some out, and the browser's own
 * search finds them all. */
export const DRAW_ALL = 200;

/**
 * @param {{count: number, rowHeight: number, top: number, height: number, columns?: number}} view
 *     `top`: how far the list's first row is above the upper edge of what is seen (negative: below)
 * @returns {{first: number, last: number, before: number, after: number}} rows `first` to `last` - 1 are
 *     drawn, with this much empty height before and after them
 */
export function windowOf({ count, rowHeight, top, height, columns = 1 }) {
    if (count <= DRAW_ALL)
        return { first: 0, last: count, before: 0, after: 0 };

    const lines = Math.ceil(count / columns), around = 10;
    const firstLine = clamp(Math.floor(top / rowHeight) - around, 0, lines);
    const lastLine = clamp(Math.ceil((top + height) / rowHeight) + around, firstLine, lines);

    return {
        first: firstLine * columns,
        last: Math.min(count, lastLine * columns),
        before: firstLine * rowHeight,
        after: (lines - lastLine) * rowHeight,
    };
}

function clamp(n, low, high) {
    return Math.min(high, Math.max(low, n));
}
