/* Every command: one table, which parsing, help and completion read, and one function for each. */
#ifndef CALLPARK_CTL_COMMANDS_H
#define CALLPARK_CTL_COMMANDS_H

#include "ctl/ctl.h"

extern const struct ctl_command ctl_commands[]; /* ends with a path of NULL */

int cmd_status(struct ctl *ctl);
int cmd_version(struct ctl *ctl);
int cmd_system_hops(struct ctl *ctl);
int cmd_system_drain(struct ctl *ctl);
int cmd_system_undrain(struct ctl *ctl);
int cmd_system_reload(struct ctl *ctl);
int cmd_system_backup(struct ctl *ctl);

int cmd_range_list(struct ctl *ctl);
int cmd_range_get(struct ctl *ctl);
int cmd_range_create(struct ctl *ctl);
int cmd_range_update(struct ctl *ctl);
int cmd_range_delete(struct ctl *ctl);
int cmd_range_validate(struct ctl *ctl);
int cmd_range_find(struct ctl *ctl);
int cmd_range_import(struct ctl *ctl);
int cmd_range_export(struct ctl *ctl);
int cmd_orbit_get(struct ctl *ctl);

int cmd_call_list(struct ctl *ctl);
int cmd_call_get(struct ctl *ctl);
int cmd_call_timeline(struct ctl *ctl);
int cmd_call_park(struct ctl *ctl);
int cmd_call_retrieve(struct ctl *ctl);
int cmd_call_ringback(struct ctl *ctl);
int cmd_call_extend(struct ctl *ctl);
int cmd_call_transfer(struct ctl *ctl);
int cmd_call_hangup(struct ctl *ctl);
int cmd_call_note(struct ctl *ctl);
int cmd_call_watch(struct ctl *ctl);
int cmd_record_list(struct ctl *ctl);
int cmd_record_export(struct ctl *ctl);
int cmd_event_tail(struct ctl *ctl);
int cmd_explain(struct ctl *ctl);

int cmd_settings_get(struct ctl *ctl);
int cmd_settings_set(struct ctl *ctl);
int cmd_settings_reset(struct ctl *ctl);

int cmd_destination_list(struct ctl *ctl);
int cmd_destination_get(struct ctl *ctl);
int cmd_destination_add(struct ctl *ctl);
int cmd_destination_update(struct ctl *ctl);
int cmd_destination_remove(struct ctl *ctl);
int cmd_site_list(struct ctl *ctl);
int cmd_site_add(struct ctl *ctl);
int cmd_site_remove(struct ctl *ctl);

int cmd_user_list(struct ctl *ctl);
int cmd_user_add(struct ctl *ctl);
int cmd_user_passwd(struct ctl *ctl);
int cmd_user_sip_password(struct ctl *ctl);
int cmd_user_update(struct ctl *ctl);
int cmd_user_disable(struct ctl *ctl);
int cmd_user_enable(struct ctl *ctl);
int cmd_user_rm(struct ctl *ctl);
int cmd_role_list(struct ctl *ctl);
int cmd_role_grant(struct ctl *ctl);
int cmd_role_revoke(struct ctl *ctl);
int cmd_token_list(struct ctl *ctl);
int cmd_token_create(struct ctl *ctl);
int cmd_token_revoke(struct ctl *ctl);
int cmd_session_list(struct ctl *ctl);
int cmd_session_end(struct ctl *ctl);
int cmd_audit_list(struct ctl *ctl);
int cmd_audit_export(struct ctl *ctl);
int cmd_audit_verify(struct ctl *ctl);
int cmd_audit_undo(struct ctl *ctl);
int cmd_definitions_export(struct ctl *ctl);
int cmd_definitions_apply(struct ctl *ctl);
int cmd_definitions_diff(struct ctl *ctl);

int cmd_setup(struct ctl *ctl);
int cmd_login(struct ctl *ctl);
int cmd_logout(struct ctl *ctl);
int cmd_whoami(struct ctl *ctl);
int cmd_context_list(struct ctl *ctl);
int cmd_context_use(struct ctl *ctl);
int cmd_context_add(struct ctl *ctl);
int cmd_context_rm(struct ctl *ctl);

int cmd_system_health(struct ctl *ctl);
int cmd_system_restore(struct ctl *ctl);
int cmd_system_support_bundle(struct ctl *ctl);
int cmd_range_gaps(struct ctl *ctl);
int cmd_settings_diff(struct ctl *ctl);
int cmd_music_get(struct ctl *ctl);
int cmd_music_set(struct ctl *ctl);
int cmd_music_play(struct ctl *ctl);
int cmd_music_reset(struct ctl *ctl);
int cmd_event_history(struct ctl *ctl);
int cmd_top(struct ctl *ctl);
int cmd_cheat(struct ctl *ctl);

int cmd_selftest(struct ctl *ctl);
int cmd_demo(struct ctl *ctl);
int cmd_completion(struct ctl *ctl);

/* Show the help that the command line asks for: of a command, a group, or all. */
void help_show(const struct ctl *ctl);

/* The scope that --site, --destination or --range name, as the API has it; "all" without any.
 * CTL_OK, or the exit code with words said. */
#define CTL_SCOPE_SIZE 512
int ctl_scope(struct ctl *ctl, char scope[CTL_SCOPE_SIZE]);
/* The path of the settings of the scope that these options name. */
int ctl_settings_path(struct ctl *ctl, char path[CTL_PATH_SIZE]);
/* "a, b" as an array of words. */
json_t *ctl_words(const char *list);
/* What definitions or a restore changed, or would. */
int ctl_show_changes(struct ctl *ctl, struct ctl_reply *r);

/* The commands and options for the manual page, in scdoc's notation. */
void manual_write(FILE *out);

/* The value of an option, "90m" ago or "2026-11-01T00:00:00Z", as a parameter of the path; nothing
 * when it is not given. CTL_OK, or CTL_USAGE with words said. */
int ctl_query_moment(struct ctl *ctl, char *path, const char *name, enum ctl_option_id option);

#endif
