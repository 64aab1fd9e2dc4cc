/* How near a certificate is to its end. Pure. */

/** @returns {"ok"|"soon"|"now"|"over"} */
export function certificateState(days) {
    return days < 0 ? 'over' : days <= 7 ? 'now' : days <= 30 ? 'soon' : 'ok';
}
