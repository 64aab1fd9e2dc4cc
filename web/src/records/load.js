/* Loads call records: a page of them for the table, and up to a thousand for the figures. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { all, get } from '../api.js';
import { recordsQuery, textFilter } from './query.js';

export const PAGE = 100;
/** What is searched for text, and what the figures are made of. */
export const MOST = 2000;

/**
 * @param {object} filter of the address @param {number} round another number asks again
 * @returns {{items: object[]|null, total: number, next: string|null, loading: boolean, error, query}}
 */
export function useRecords(filter, round) {
    const { since, until, period, outcome, orbit, q, cursor } = filter;
    /* "the last 7 days" begin when the filter was set, or the list would be another at each drawing. */
    const query = useMemo(() => recordsQuery({ since, until, period, outcome, orbit }, new Date()), [since, until, period, outcome, orbit, round]);
    const [state, setState] = useState({ items: null, total: 0, next: null, loading: true, error: null });
    useEffect(() => {
        const life = new AbortController();
        setState((now) => ({ ...now, loading: true }));
        const load = q
            ? all('call-records', query, MOST).then((items) => textFilter(items, q)).then((items) => ({ items, total: items.length, next_cursor: null }))
            : get('call-records', { ...query, limit: PAGE, cursor }, { signal: life.signal });
        load.then((body) => !life.signal.aborted && setState({ items: body.items, total: body.total, next: body.next_cursor, loading: false, error: null }),
            (error) => !life.signal.aborted && setState((now) => ({ ...now, loading: false, error })));
        return () => life.abort();
    }, [query, q, cursor]);
    return { ...state, query };
}

/** The records that the figures are made of: the newest MOST that fit. */
export function useFigures(query, q) {
    const [records, setRecords] = useState(null);
    useEffect(() => {
        let wanted = true;
        all('call-records', query, MOST).then((items) => wanted && setRecords(textFilter(items, q)), () => wanted && setRecords([]));
        return () => (wanted = false);
    }, [query, q]);
    return records;
}
