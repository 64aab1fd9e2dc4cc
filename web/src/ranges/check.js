// The rules of ranges are the server's: while somebody types, number-ranges:validate is asked, at most
// every quarter of a second, and the last answer wins.
import { useEffect, useState } from 'preact/hooks';
import { post } from '../api.js';

const PAUSE = 250;

async function validate(range, signal) {
    // Without a key: a question that changes nothing need not be remembered.
    const ask = (body) => post('number-ranges:validate', body, { signal, once: false });
    const answer = await ask(range);
    const problem = answer.problem;
    if (!problem || !problem.errors?.some((e) => e.pointer === '/name')) return { ...answer, problems: problem ? [problem] : [] };
    // The server names one fault; whoever has the name wrong wants to know about the numbers as well.
    const { name: _, ...rest } = range;
    const second = await ask(rest);
    return { ...second, valid: false, problems: [problem, ...(second.problem ? [second.problem] : [])] };
}

/**
 * { busy, valid, size, hint, problems, at(pointer), overlap } for what is typed; null parts until enough is there.
 * `range`: id (of one that exists), name, start, end, destination, type, park_number, allocation.
 */
export function useCheck(range) {
    const [state, setState] = useState({ problems: [] });
    const complete = range.start && range.end && range.destination;
    const key = JSON.stringify(range);
    useEffect(() => {
        if (!complete) {
            setState({ problems: [] });
            return undefined;
        }
        const life = new AbortController();
        setState((now) => ({ ...now, busy: true }));
        const timer = setTimeout(async () => {
            const body = Object.fromEntries(Object.entries(range).filter(([, value]) => value));
            try {
                setState({ ...(await validate(body, life.signal)), key });
            } catch (error) {
                // Half a number is not worth a message of its own: the fields say what is missing.
                if (!life.signal.aborted) setState({ problems: error.status ? [error.body] : [], unreachable: !error.status, key });
            }
        }, PAUSE);
        return () => {
            clearTimeout(timer);
            life.abort();
        };
    }, [key]);
    const errors = state.problems.flatMap((p) => p.errors ?? [{ pointer: '', detail: p.detail }]);
    const overlap = state.problems.find((p) => p.type?.endsWith('/range-overlap'));
    return { ...state, overlap, settled: state.key === key, at: (pointer) => errors.find((e) => e.pointer === pointer)?.detail ?? '' };
}
