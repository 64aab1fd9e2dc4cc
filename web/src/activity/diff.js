/* What differs between two objects, field by field, with nested ones as "settings.ring_time". Pure. */

function isObject(value) {
    return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function flatten(value, prefix, to) {
    for (const [name, inner] of Object.entries(value)) {
        const path = prefix ? `${prefix}.${name}` : name;

        if (isObject(inner) && Object.keys(inner).length > 0)
            flatten(inner, path, to);
        else
            to.set(path, inner);
    }
    return to;
}

/* Fields that change with every change say nothing about it. */
const noise = new Set(['version', 'in_use', 'size']);

/**
 * @param {object|null} before @param {object|null} after
 * @returns {{field: string, before: any, after: any, kind: "added"|"removed"|"changed"|"same"}[]}
 *     those that differ first, each part in the order of the objects; undefined: not there
 */
export function diff(before, after) {
    const old = flatten(before || {}, '', new Map()), now = flatten(after || {}, '', new Map());
    const rows = [...new Set([...old.keys(), ...now.keys()])].map((field) => {
        const a = old.get(field), b = now.get(field);
        const kind = !old.has(field) ? 'added' : !now.has(field) ? 'removed'
            : JSON.stringify(a) === JSON.stringify(b) ? 'same' : 'changed';

        return { field, before: a, after: b, kind };
    });

    return [...rows.filter((r) => r.kind !== 'same'), ...rows.filter((r) => r.kind === 'same')];
}

/** The changes that are worth a line in the list: "end 4149 → 4199". */
export function headline(before, after, most = 3) {
    if (!before || !after)
        return [];
    return diff(before, after).filter((row) => row.kind !== 'same' && !noise.has(row.field)).slice(0, most);
}

/** A value as text; lists of plain values with commas. */
export function valueText(value) {
    if (value === undefined || value === null || value === '')
        return '–';
    if (Array.isArray(value))
        return value.length === 0 ? '–' : value.map((v) => (isObject(v) ? JSON.stringify(v) : String(v))).join(', ');
    return isObject(value) ? JSON.stringify(value) : String(value);
}
