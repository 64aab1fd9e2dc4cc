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

    { "system drain", "", WRITES, "take no new parks; calls that are parked stay", "system drain", cmd_system_drain },
    { "system undrain", "", WRITES, "take parks again", "system undrain", cmd_system_undrain },
    { "system reload", "", WRITES, "read the configuration file again", "system reload", cmd_system_reload },
    { "system backup", "FILE", WRITES, "write the store to a file on the server", "system backup /var/backups/callpark.db", cmd_system_backup },

    { "selftest", "", TAKES(OPT_SIP) | TAKES(OPT_KEEP) | TAKES(OPT_DESTINATION),
      "really call the server: park, music, retrieve, audio both ways, ring back, fallback",
      "selftest\nselftest --sip 192.0.2.10:5060", cmd_selftest },
    { "demo", "", TAKES(OPT_SIP) | TAKES(OPT_CALLS), "leave callers parked until Ctrl-C, so that there is something to look at",
      "demo\ndemo --calls 12", cmd_demo },
    { "completion", "SHELL", 0, "completion for bash, zsh or fish",
      "completion bash >/etc/bash_completion.d/callparkctl\ncompletion fish | source", cmd_completion },
    { "version", "", 0, "of this program and of the server", "version", cmd_version },
    { 0 },
};
/* clang-format on */
