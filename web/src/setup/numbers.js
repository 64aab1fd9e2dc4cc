// A block of numbers as the patterns that dial plans understand: 700 to 719 is "7[01]" and one more digit.

/** The fewest patterns for start to end: [{ prefix, from, to, wild }], a digit from-to and `wild` any digits. */
export function blocks(start, end) {
    const mark = /^[*#]/.exec(start)?.[0] ?? '';
    const width = start.length - mark.length;
    const found = [];
    let a = Number(start.slice(mark.length));
    const b = Number(end.slice(mark.length));
    while (a <= b) {
        let power = 0;
        while (power + 1 < width && a % 10 ** (power + 1) === 0 && a + 10 ** (power + 1) - 1 <= b) power++;
        const digits = String(a).padStart(width, '0').slice(0, width - power);
        const prefix = mark + digits.slice(0, -1);
        const digit = Number(digits.at(-1));
        const last = found.at(-1);
        if (last && last.prefix === prefix && last.wild === power && last.to + 1 === digit) last.to = digit;
        else found.push({ prefix, from: digit, to: digit, wild: power });
        a += 10 ** power;
    }
    return found;
}

const digitClass = ({ from, to }, any) => (from === to ? String(from) : from === 0 && to === 9 ? any : `[${from}-${to}]`);

/** For extensions.conf: "_7[0-1]X". */
export const asteriskPatterns = (ranges) => ranges.flatMap((r) => blocks(r.start, r.end)).map((b) => `_${b.prefix}${digitClass(b, 'X')}${'X'.repeat(b.wild)}`);

/** A regular expression without anchors: "7[0-1][0-9]". `digit` is how a digit is written. */
export function expression(ranges, numbers = [], digit = '[0-9]') {
    const escaped = (text) => text.replace(/[*.+?]/g, '[$&]'); // a backslash would need another one in kamailio.cfg
    const all = [...numbers.map(escaped), ...ranges.flatMap((r) => blocks(r.start, r.end)).map((b) => escaped(b.prefix) + digitClass(b, digit) + digit.repeat(b.wild))];
    return all.join('|');
}
