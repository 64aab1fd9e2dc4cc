/* Entries of the audit trail in words. */
import { has, t } from '../i18n.js';
import { valueText } from './diff.js';

/** "changed the range"; the action's own name for one that this page has not heard of. */
export const actionName = (action) => (has(`activity.action.${action}`) ? t(`activity.action.${action}`) : action);

const icons = { created: 'plus', updated: 'pencil', deleted: 'trash', draining: 'drain', granted: 'key', revoked: 'key', login: 'user',
    logout: 'user', login_failed: 'warn', setup: 'user', applied: 'import', backup: 'export', restore: 'undo' };

export const actionIcon = (action) => icons[action.split('.').pop()] ?? (action.startsWith('call.') ? 'phone' : 'circle');

/** A field by its name in the API: that is what scripts and the documents call it. */
export function valueShown(value) {
    if (value === true) return t('activity.yes');
    if (value === false) return t('activity.no');
    return valueText(value);
}

/** What was acted on: its name if the entry knows it, else its id. */
export const subjectName = (entry) => entry.after?.name ?? entry.before?.name ?? entry.subject ?? entry.subject_id ?? '';
