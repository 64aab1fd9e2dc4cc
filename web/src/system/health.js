/* Reads what /readyz?verbose says, and how near a certificate is to its end. Pure. */

/** @returns {{name: string, ok: boolean, detail: string}[]} of lines "[+]store ok", "[-]store failed: why" */
export function readChecks(text) {
    return (text || "").split("\n").map((line) => /^\[([+-])\]([\w-]+) ?(.*)$/.exec(line)).filter(Boolean)
        .map(([, sign, name, rest]) => ({ name, ok: sign === "+",
            detail: rest.replace(/^(ok|failed:?) ?/, "") }));
}

/** @returns {"ok"|"soon"|"now"|"over"} */
export function certificateState(days) {
    return days < 0 ? "over" : days <= 7 ? "now" : days <= 30 ? "soon" : "ok";
}

/** Spans as a person says them, two units at most: [["d", 3], ["h", 4]]. */
export function uptimeParts(seconds) {
    const all = [["d", Math.floor(seconds / 86400)], ["h", Math.floor(seconds / 3600) % 24],
        ["min", Math.floor(seconds / 60) % 60], ["s", Math.floor(seconds) % 60]];
    const first = all.findIndex(([, n]) => n > 0);

    return first < 0 ? [["s", 0]] : all.slice(first, first + 2).filter(([, n]) => n > 0);
}

/** "18.2 MB": a unit of Intl.NumberFormat and the number in it. @returns {[number, string]} */
export function bytes(n) {
    const names = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
    let i = 0, value = n;

    while (value >= 1000 && i < names.length - 1) {
        value /= 1000;
        i++;
    }
    return [value, names[i]];
}
