/* What the system page shows, each piece loaded by itself: where one fails, the others are there. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api.js';
import { onEvent } from '../events.js';

const EVERY = 10000;

const list = (path) => () => get(path).then((body) => body.items);

const sources = {
    system: () => get('system'),
    nodes: list('system/nodes'),
    peers: list('system/peers'),
    certificates: list('system/certificates'),
    demo: () => get('system/demo'),
};

/** Loads one source now, every ten seconds while the page is seen, and when `reload` is called. */
export function useSource(name) {
    const [state, setState] = useState({ data: null, error: null });
    const [round, setRound] = useState(0);
    useEffect(() => {
        let wanted = true;
        const load = () => sources[name]().then((data) => wanted && setState({ data, error: null }), (error) => wanted && setState((now) => ({ ...now, error })));
        load();
        const timer = setInterval(() => !document.hidden && load(), EVERY);
        const stop = onEvent((event) => event.startsWith('system.') && load());
        return () => {
            wanted = false;
            clearInterval(timer);
            stop();
        };
    }, [name, round]);
    return { ...state, reload: () => setRound((n) => n + 1) };
}
