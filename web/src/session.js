// Who is signed in, as the server says; and the end of it.
import { get, post } from './api.js';
import { go } from './router.js';
import { me, setupNeeded } from './state.js';

/** Who is signed in; asked at the start and after signing in. */
export async function whoAmI() {
    try {
        // Asked first, because a browser writes every 401 into its console.
        const door = await get('auth/realms');
        me.value = door.signed_in ? await get('auth/me', undefined, { quiet: true }) : null;
        setupNeeded.value = me.value ? false : door.setup_needed;
    } catch (error) {
        if (error.status === 401) {
            me.value = null;
            return;
        }
        // No answer: say so rather than ask for a password that cannot be checked.
        setTimeout(whoAmI, 3000);
    }
}

export async function signOut() {
    await post('auth/logout');
    me.value = null;
    go('/signin');
}
