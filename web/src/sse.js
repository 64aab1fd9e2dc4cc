// Server-sent events over fetch: unlike EventSource this one gives every event, whatever its name, says
// when nothing has come for too long, and can tell "signed out" from "no connection".
const SILENCE = 22000; // a heartbeat comes every 15 seconds

/** Splits what comes into events and calls `take({ id, name, data })` for each. */
export function reader(take) {
    let rest = '';
    let event = { name: 'message', data: [] };
    let id = '';
    const line = (text) => {
        if (text === '') {
            if (event.data.length) take({ id, name: event.name, data: event.data.join('\n') });
            event = { name: 'message', data: [] };
            return;
        }
        const at = text.indexOf(':');
        const field = at < 0 ? text : text.slice(0, at);
        const value = at < 0 ? '' : text.slice(at + 1).replace(/^ /, '');
        if (field === 'id') id = value;
        else if (field === 'event') event.name = value;
        else if (field === 'data') event.data.push(value);
    };
    return {
        push(text) {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const l of lines) line(l.replace(/\r$/, ''));
        },
        get id() {
            return id;
        },
    };
}

/**
 * Holds one stream until `signal` is aborted, and comes back after each loss, with the number of the
 * last event so that nothing is missed. `taken(event)`, `heard()`: something came, `opened()`,
 * `lost(status)`: 0 no connection.
 */
export async function follow(url, { signal, taken, heard, opened, lost }) {
    let last = '';
    let wait = 500;
    while (!signal.aborted) {
        const life = new AbortController();
        const end = () => life.abort();
        signal.addEventListener('abort', end);
        let silence = setTimeout(end, SILENCE);
        let status = 0;
        try {
            const headers = { Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) };
            const response = await fetch(url, { headers, signal: life.signal, cache: 'no-store', credentials: 'same-origin' });
            status = response.status;
            if (response.ok) {
                const events = reader(taken);
                const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
                opened();
                for (;;) {
                    const { value, done } = await text.read();
                    if (done) break;
                    clearTimeout(silence);
                    silence = setTimeout(end, SILENCE);
                    heard?.();
                    events.push(value);
                    last = events.id || last;
                    wait = 500;
                }
                status = 0;
            } else await response.body?.cancel(); // unread, a refusal would hold its connection
        } catch {
            status = 0; // the connection broke, or we ended it for its silence
        }
        clearTimeout(silence);
        signal.removeEventListener('abort', end);
        if (signal.aborted) return;
        lost(status);
        await new Promise((resolve) => {
            setTimeout(resolve, wait + Math.random() * 300);
            signal.addEventListener('abort', resolve, { once: true });
        });
        wait = Math.min(wait * 2, 5000);
    }
}
