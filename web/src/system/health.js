/* Reads what /readyz?verbose says, and how near a certificate is to its end. Pure. */

/** @returns {{name: string, ok: boolean, detail: string}[]} of lines "[+]store ok", "[-]store failed: why" */
export function readChecks(text) {
    return (text || '').split('\n').map((line) => /^\[([+-])\]([\w-]+) ?(.*)$/.exec(line)).filter(Boolean)
        .map(([, sign, name, rest]) => ({ name, ok: sign === '+',
            detail: rest.replace(/^(ok|failed:?) ?/, '') }));
}

/** @returns {"ok"|"soon"|"now"|"over"} */
export function certificateState(days) {
    return days < 0 ? 'over' : days <= 7 ? 'now' : days <= 30 ? 'soon' : 'ok';
}
