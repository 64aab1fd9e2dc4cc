/* What may be done to a call now: by its state, as the parking machine has it (core/park.c, moves),
 * and by the permissions of who asks. The server decides; this only spares people a refusal. */

const everywhere = ['hangup', 'note'];
const by_state = {
    parking: ['retrieve', 'ringback', 'transfer', ...everywhere],
    parked: ['retrieve', 'ringback', 'extend', 'transfer', ...everywhere],
    ringing_back: ['retrieve', 'transfer', ...everywhere],
    forwarding: ['retrieve', 'transfer', ...everywhere],
    retrieving: everywhere,
};

export const ACTIONS = ['retrieve', 'ringback', 'extend', 'transfer', 'note', 'hangup'];

/** @param {(permission: string, call: object) => boolean} may
 * @returns {{name: string, enabled: boolean}[]} those that `may` allows at all; enabled if the state does */
export function actionsOf(call, may) {
    const possible = by_state[call.state] || [];

    return ACTIONS.filter((name) => may(`calls.${name}`, call))
        .map((name) => ({ name, enabled: possible.includes(name) }));
}
