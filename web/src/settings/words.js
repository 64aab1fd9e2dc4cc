/* Settings and scopes in words. A key that this page has not heard of is shown with the server's own
 * name and meaning. */
import { has, t } from '../i18n.js';
import { shortSpan } from './span.js';

export const keyName = (key) => (has(`settings.key.${key.name}`) ? t(`settings.key.${key.name}`) : key.name);
export const keyHelp = (key) => (has(`settings.about.${key.name}`) ? t(`settings.about.${key.name}`) : key.meaning);

export function spanText(seconds) {
    if (seconds === 'off' || seconds === null || seconds === undefined) return t('settings.off');
    const [n, unit] = shortSpan(seconds);
    return t(`settings.unit.${unit}`, { n });
}

/** A value in a sentence. */
export function valueName(key, value) {
    if (key.kind === 'duration') return spanText(value);
    if (value === null || value === undefined || value === '') return t('settings.none');
    return has(`settings.choice.${value}`) ? t(`settings.choice.${value}`) : String(value);
}

export function choiceName(choice) {
    return has(`settings.choice.${choice}`) ? t(`settings.choice.${choice}`) : choice;
}

/** What may be typed: "10 s to 1 h, or off". */
export function boundsText(key) {
    if (key.kind === 'duration')
        return t(key.may_be_off ? 'settings.bounds.or_off' : 'settings.bounds', { low: spanText(key.low), high: spanText(key.high) });
    if (key.kind === 'count') return t('settings.bounds', { low: key.low, high: key.high });
    return key.kind === 'uri' ? t('settings.bounds.uri') : '';
}

export function scopeName(scope, places) {
    if (!scope) return t('settings.scope.default');
    if (scope.kind === 'global') return t('settings.scope.global');
    const name = scope.kind === 'range' ? places.ranges.find((r) => r.id === scope.name)?.name ?? scope.name : scope.name;
    return t(`settings.scope.${scope.kind}`, { name });
}
