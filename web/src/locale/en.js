// All words of one language. A page's words are in en/PAGE.json and begin with "PAGE.".
import common from './en/common.json';
import ranges from './en/ranges.json';
import calls from './en/calls.json';
import settings from './en/settings.json';
import records from './en/records.json';
import activity from './en/activity.json';
import system from './en/system.json';
import users from './en/users.json';
import account from './en/account.json';
import setup from './en/setup.json';
import signin from './en/signin.json';
import help from './en/help.json';

export default {
    ...common,
    ...ranges,
    ...calls,
    ...settings,
    ...records,
    ...activity,
    ...system,
    ...users,
    ...account,
    ...setup,
    ...signin,
    ...help,
};
