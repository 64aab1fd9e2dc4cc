/* The table of commands. Examples come first in every help, so each command has some. */
#include "ctl/commands.h"

#define WRITES (TAKES(OPT_DRY_RUN))
#define ASKS (TAKES(OPT_YES))
#define SCOPES (TAKES(OPT_SITE) | TAKES(OPT_DESTINATION) | TAKES(OPT_RANGE))
#define RANGE_FIELDS                                                                               \
    (TAKES(OPT_TYPE) | TAKES(OPT_PARK_NUMBER) | TAKES(OPT_ALLOCATION) | TAKES(OPT_DESTINATION))
#define TIMES (TAKES(OPT_SINCE) | TAKES(OPT_UNTIL))

/* clang-format off */
const struct ctl_command ctl_commands[] = {
    { "status", "", TAKES(OPT_WATCH), "the server on one screen: calls, ranges, store",
      "status\nstatus --watch", cmd_status },

    { "top", "", TAKES(OPT_RANGE), "parked calls as they are, until Ctrl-C", "top\ntop --range Lobby", cmd_top },

    { "range list", "", TAKES(OPT_NAME) | TAKES(OPT_DESTINATION) | TAKES(OPT_STATE) | TAKES(OPT_TYPE),
      "all number ranges", "range list\nrange list --name '*Sales*' -o csv\nrange list -o name", cmd_range_list },
    { "range get", "RANGE", 0, "one range", "range get Lobby\nrange get rng_01 -o json", cmd_range_get },
    { "range create", "NAME START END", RANGE_FIELDS | WRITES, "set a block of numbers aside for parking",
      "range create Lobby 7000 7099 --destination pool1.contoso.com\nrange create Sales '*800' '*899' -d pool1.contoso.com --dry-run",
      cmd_range_create },
    { "range update", "RANGE",
      TAKES(OPT_NAME) | TAKES(OPT_START) | TAKES(OPT_END) | TAKES(OPT_DRAIN) | TAKES(OPT_FORCE) | RANGE_FIELDS | WRITES | ASKS,
      "change a range", "range update Lobby --end 7149\nrange update Lobby --name Reception\nrange update Lobby --end 7049 --drain",
      cmd_range_update },
    { "range delete", "RANGE", TAKES(OPT_DRAIN) | TAKES(OPT_FORCE) | WRITES | ASKS,
      "delete a range; refused while calls are parked in it", "range delete Lobby\nrange delete Lobby --drain --yes",
      cmd_range_delete },
    { "range validate", "START END", TAKES(OPT_DESTINATION) | TAKES(OPT_NAME),
      "could this range be created? Names what is in the way and a free block", "range validate 7000 7099", cmd_range_validate },
    { "range find", "NUMBER", 0, "the range that a number is in", "range find 7042\nrange find '*705' -o name", cmd_range_find },
    { "range gaps", "[START] [END]", 0, "blocks of numbers that no range has, between the ranges or within bounds", "range gaps\nrange gaps 7000 7999", cmd_range_gaps },
    { "range import", "FILE", TAKES(OPT_UPSERT) | TAKES(OPT_REPLACE) | TAKES(OPT_PARTIAL) | TAKES(OPT_DESTINATION) | WRITES | ASKS,
      "create ranges from CSV or JSON; takes what Get-CsCallParkOrbit | Export-Csv wrote ('-': standard input)",
      "range import ranges.csv --dry-run\nrange import orbits.csv --destination pool1.contoso.com\nrange import - --partial <ranges.csv",
      cmd_range_import },
    { "range export", "", TAKES(OPT_DESTINATION), "all ranges as CSV, or as -o says; range import reads it back",
      "range export >ranges.csv\nrange export -o json", cmd_range_export },

    { "call list", "", TAKES(OPT_RANGE) | TAKES(OPT_STATE) | TAKES(OPT_DESTINATION), "calls that are parked now",
      "call list\ncall list --range Lobby -o json", cmd_call_list },
    { "call get", "CALL", 0, "one call, and why each step of it was taken", "call get 7003\ncall get call_0000000000ABC -o json", cmd_call_get },
    { "call timeline", "CALL", 0, "each step of a call: when, what, why", "call timeline 7003", cmd_call_timeline },
    { "call retrieve", "CALL", TAKES(OPT_TO) | WRITES, "connect the caller with a phone",
      "call retrieve 7003 --to sip:101@pbx.example", cmd_call_retrieve },
    { "call ringback", "CALL", WRITES, "ring the parker back now", "call ringback 7003", cmd_call_ringback },
    { "call extend", "CALL TIME", WRITES, "ring back later by that much", "call extend 7003 60s\ncall extend 7003 5m", cmd_call_extend },
    { "call transfer", "CALL", TAKES(OPT_TO) | WRITES, "send the caller elsewhere", "call transfer 7003 --to sip:reception@pbx.example",
      cmd_call_transfer },
    { "call hangup", "CALL", WRITES | ASKS, "hang up on the caller", "call hangup 7003 --yes", cmd_call_hangup },
    { "call note", "CALL TEXT", WRITES, "write a note on a call; '' takes it away", "call note 7003 'wants to speak to Dr. Weber'", cmd_call_note },
    { "call watch", "", TAKES(OPT_COUNT), "one line whenever a call is parked, retrieved, rung back, ended", "call watch", cmd_call_watch },

    { "record list", "", TIMES | TAKES(OPT_OUTCOME) | TAKES(OPT_ORBIT), "calls that have ended, and how", "record list --since 1d --outcome abandoned\nrecord list --since 2026-11-01T00:00:00Z -o ndjson",
      cmd_record_list },
    { "record export", "", TIMES | TAKES(OPT_OUTCOME) | TAKES(OPT_ORBIT), "the same as CSV, or as -o says", "record export --since 7d -o csv >week.csv", cmd_record_export },

    { "settings get", "[KEY]", TAKES(OPT_EFFECTIVE) | SCOPES, "what a scope says; global if none is named",
      "settings get\nsettings get --effective Lobby\nsettings get pickup_timeout --site Redmond", cmd_settings_get },
    { "settings set", "KEY=VALUE...", SCOPES | WRITES, "set what a scope says",
      "settings set pickup_timeout=90s timeout_uri=sip:reception@contoso.com\nsettings set music_on_hold=off --range Lobby", cmd_settings_set },
    { "settings reset", "[KEY...]", SCOPES | WRITES | ASKS, "let a scope say nothing about these keys, or about any",
      "settings reset pickup_timeout --range Lobby\nsettings reset --site Redmond --yes", cmd_settings_reset },

    { "settings diff", "", SCOPES, "where a scope says something else than what it would inherit", "settings diff --range Lobby", cmd_settings_diff },

    { "destination list", "", 0, "pools of servers", "destination list", cmd_destination_list },
    { "destination get", "FQDN", 0, "one destination", "destination get pool1.contoso.com", cmd_destination_get },
    { "destination add", "FQDN", TAKES(OPT_SITE) | TAKES(OPT_SERVICE_ID) | WRITES, "add a pool of servers",
      "destination add pool1.contoso.com --site Redmond", cmd_destination_add },
    { "destination update", "FQDN", TAKES(OPT_SITE) | TAKES(OPT_SERVICE_ID) | WRITES, "move it to another site",
      "destination update pool1.contoso.com --site Berlin", cmd_destination_update },
    { "destination remove", "FQDN", WRITES | ASKS, "remove one that hosts no ranges", "destination remove pool9.contoso.com --yes",
      cmd_destination_remove },
    { "site list", "", 0, "sites", "site list", cmd_site_list },
    { "site add", "NAME", WRITES, "add a site", "site add Redmond", cmd_site_add },
    { "site remove", "NAME", WRITES | ASKS, "remove a site that no destination is in", "site remove Redmond --yes", cmd_site_remove },

    { "orbit get", "NUMBER", 0, "what a number is, and who waits there", "orbit get 7003", cmd_orbit_get },
    { "event tail", "", TAKES(OPT_TOPICS) | TAKES(OPT_COUNT), "follow what happens",
      "event tail\nevent tail --topics calls,ranges -o ndjson", cmd_event_tail },

    { "event history", "", TAKES(OPT_TOPICS) | TAKES(OPT_COUNT), "what happened lately, as far as the server remembers", "event history --topics calls", cmd_event_history },

    { "system drain", "", WRITES, "take no new parks; calls that are parked stay", "system drain", cmd_system_drain },
    { "system undrain", "", WRITES, "take parks again", "system undrain", cmd_system_undrain },
    { "system reload", "", WRITES, "read the configuration file again", "system reload", cmd_system_reload },
    { "system backup", "FILE", WRITES, "write the store to a file on the server", "system backup /var/backups/callpark.db", cmd_system_backup },

    { "system health", "", 0, "is it fit to take calls? Each check by name; ends with 1 if not", "system health", cmd_system_health },
    { "system restore", "FILE", TAKES(OPT_DRAIN) | TAKES(OPT_FORCE) | WRITES | ASKS, "make the configuration what it is in a backup on the server",
      "system restore /var/backups/callpark.db --dry-run\nsystem restore /var/backups/callpark.db --yes", cmd_system_restore },
    { "system support-bundle", "", 0, "what a helper needs to know, without secrets", "system support-bundle >bundle.json", cmd_system_support_bundle },

    { "user list", "", 0, "users and their roles", "user list", cmd_user_list },
    { "user add", "NAME", TAKES(OPT_ROLE) | TAKES(OPT_PHONE) | TAKES(OPT_PASSWORD_STDIN) | SCOPES | WRITES, "make a user; asks for the password on a terminal",
      "user add anna --role voice-administrator\nuser add desk --role attendant --site Redmond --password-stdin <password", cmd_user_add },
    { "user passwd", "NAME", TAKES(OPT_PASSWORD_STDIN) | WRITES, "give a user another password", "user passwd anna\nuser passwd anna --password-stdin <password", cmd_user_passwd },
    { "user update", "NAME", TAKES(OPT_PHONE) | WRITES, "change a user", "user update anna --phone sip:101@pbx.example", cmd_user_update },
    { "user disable", "NAME", WRITES, "let a user do nothing; sessions end, tokens are not taken", "user disable anna", cmd_user_disable },
    { "user enable", "NAME", WRITES, "let a user in again", "user enable anna", cmd_user_enable },
    { "user rm", "NAME", WRITES | ASKS, "remove a user with all roles, tokens and sessions", "user rm anna --yes", cmd_user_rm },
    { "role list", "", TAKES(OPT_USER), "who has which role where", "role list\nrole list --user anna", cmd_role_list },
    { "role grant", "USER ROLE", SCOPES | WRITES, "give a role, everywhere or in one scope", "role grant anna viewer\nrole grant desk attendant --range Lobby", cmd_role_grant },
    { "role revoke", "ID", WRITES | ASKS, "take a role away; role list has the ids", "role revoke rb_0000000000001 --yes", cmd_role_revoke },
    { "token list", "", TAKES(OPT_USER), "tokens of the API", "token list", cmd_token_list },
    { "token create", "NAME", TAKES(OPT_PERMISSIONS) | TAKES(OPT_NETWORKS) | TAKES(OPT_EXPIRES) | TAKES(OPT_USER) | WRITES,
      "make a token; it is printed once", "token create wallboard --permissions calls.read --expires 90d >token\ntoken create ci --user anna --networks 192.0.2.0/24", cmd_token_create },
    { "token revoke", "ID", WRITES | ASKS, "make a token worthless", "token revoke tok_0000000000001 --yes", cmd_token_revoke },
    { "session list", "", TAKES(OPT_USER), "who is signed in, from where", "session list", cmd_session_list },
    { "session end", "ID", WRITES | ASKS, "sign somebody out", "session end ses_0000000000001 --yes", cmd_session_end },
    { "audit list", "", TIMES | TAKES(OPT_ACTOR) | TAKES(OPT_ACTION), "who did what, newest first", "audit list --since 1d\naudit list --actor anna --action range", cmd_audit_list },
    { "audit export", "", TIMES | TAKES(OPT_ACTOR) | TAKES(OPT_ACTION), "the same, a line of JSON for each", "audit export --since 30d >audit.ndjson", cmd_audit_export },
    { "audit verify", "", 0, "is every entry what was written? Works each hash out anew", "audit verify", cmd_audit_verify },
    { "audit undo", "ID", TAKES(OPT_FORCE) | WRITES | ASKS, "take back a change of a range or of settings", "audit undo 57 --dry-run\naudit undo 57 --yes", cmd_audit_undo },
    { "definitions export", "", TAKES(OPT_SECRETS) | TAKES(OPT_WITH_MUSIC), "the whole configuration as one JSON document",
      "definitions export >callpark.json", cmd_definitions_export },
    { "definitions apply", "[FILE]", TAKES(OPT_FILE) | TAKES(OPT_PRUNE) | TAKES(OPT_CREATE_MISSING) | TAKES(OPT_DRAIN) | TAKES(OPT_FORCE) | WRITES | ASKS,
      "make it so, all or nothing", "definitions apply -f callpark.json --dry-run\ndefinitions apply -f callpark.json --prune --yes", cmd_definitions_apply },
    { "definitions diff", "[FILE]", TAKES(OPT_FILE) | TAKES(OPT_PRUNE) | TAKES(OPT_CREATE_MISSING), "what applying it would change", "definitions diff -f callpark.json", cmd_definitions_diff },

    { "setup", "", TAKES(OPT_USER), "a one-time link to set the server up, or to sign in", "setup\nsetup --user anna", cmd_setup },
    { "login", "USER", TAKES(OPT_NAME) | TAKES(OPT_PASSWORD_STDIN), "sign in at a server by HTTP, and remember it", "login anna --url https://park.example.com", cmd_login },
    { "logout", "", 0, "forget the present server and revoke its token", "logout", cmd_logout },
    { "whoami", "", 0, "who you are there, and what you may do", "whoami", cmd_whoami },
    { "context list", "", 0, "the servers that are remembered", "context list", cmd_context_list },
    { "context use", "NAME", 0, "talk to this one from now on", "context use https://park.example.com", cmd_context_use },
    { "context add", "NAME", 0, "remember an admin socket under a name", "context add local --socket /run/callpark/admin.sock", cmd_context_add },
    { "context rm", "NAME", 0, "forget one", "context rm local", cmd_context_rm },

    { "selftest", "", TAKES(OPT_SIP) | TAKES(OPT_KEEP) | TAKES(OPT_DESTINATION),
      "really call the server: park, music, retrieve, audio both ways, ring back, fallback",
      "selftest\nselftest --sip 192.0.2.10:5060", cmd_selftest },
    { "demo", "", TAKES(OPT_SIP) | TAKES(OPT_CALLS), "leave callers parked until Ctrl-C, so that there is something to look at",
      "demo\ndemo --calls 12", cmd_demo },
    { "completion", "SHELL", 0, "completion for bash, zsh or fish",
      "completion bash >/etc/bash_completion.d/callparkctl\ncompletion fish | source", cmd_completion },
    { "cheat", "", 0, "the commands of a day, on one screen", "cheat", cmd_cheat },
    { "version", "", 0, "of this program and of the server", "version", cmd_version },
    { 0 },
};
/* clang-format on */
