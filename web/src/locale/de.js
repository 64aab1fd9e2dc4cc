// All words of one language. A page's words are in de/PAGE.json and begin with "PAGE.".
import common from './de/common.json';
import ranges from './de/ranges.json';
import calls from './de/calls.json';
import settings from './de/settings.json';
import records from './de/records.json';
import activity from './de/activity.json';
import system from './de/system.json';
import users from './de/users.json';
import account from './de/account.json';
import setup from './de/setup.json';
import signin from './de/signin.json';
import help from './de/help.json';

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
