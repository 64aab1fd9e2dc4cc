// Who is signed in, as the server says; and the end of it.
import { get, post } from './api.js';
import { go } from './router.js';
import { me, setupNeeded } from './state.js';

/** Who is signed in; asked at the start and after signing in. */
export async function whoAmI() {
    try {
        me.value = await get('auth/me', undefined, { quiet: true });
    } catch (error) {
        if (error.status !== 401) {
            // No answer: say so rather than ask for a password that cannot be checked.
            setTimeout(whoAmI, 3000);
            return;
        }
        try {
            setupNeeded.value = (await get('auth/realms')).setup_needed ?? false;
        } catch {
            setupNeeded.value = false;
        }
        me.value = null;
    }
}

export async function signOut() {
    await post('auth/logout');
    me.value = null;
    go('/signin');
}
