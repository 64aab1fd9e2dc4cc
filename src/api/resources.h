/* The handlers that router.c knows, by the file that they are in. */
#ifndef CALLPARK_API_RESOURCES_H
#define CALLPARK_API_RESOURCES_H

#include "api/ask.h"

/* health.c, metrics.c, system.c */
handler get_livez, get_readyz, get_version;
handler get_metrics;
handler get_openapi, get_licences;
handler get_nodes, get_peers, get_hops, get_certificates; /* nodes.c */
handler get_demo, start_demo, end_demo;                   /* demo.c */
handler get_definitions, put_definitions;                 /* definitions.c */
handler restore_system;                                   /* restore.c */
handler make_bundle;                                      /* support.c */
handler get_system, drain_system, undrain_system, reload_system, backup_system;

/* ranges.c, ranges_write.c, import.c, export.c, orbits.c */
handler get_ranges, get_range;
handler post_range, validate_range, put_range, patch_range, delete_range;
handler import_ranges;
handler export_ranges;
handler get_range_orbits, get_orbit;

/* destinations.c, sites.c, settings.c */
handler get_destinations, post_destination, get_destination, put_destination, patch_destination,
    delete_destination;
handler get_sites, post_site, get_site, delete_site;
handler get_setting_keys, get_effective, get_global, put_global, get_of_site, put_of_site,
    get_of_destination, put_of_destination, get_of_range, put_of_range;

/* music.c */
handler get_music, put_music, delete_music, preview_music, get_music_file;

/* calls.c, call_actions.c, records.c */
handler get_calls, post_call, get_call, get_timeline;
handler patch_call, retrieve_call, ring_back_call, extend_call, transfer_call, hang_up_call;
handler get_records;
handler post_explain; /* explain.c */

/* login.c, me.c, setup.c */
handler post_login, post_logout, get_realms;
handler get_me, patch_me;
handler get_setup, post_setup, post_setup_link;

/* users.c, role_bindings.c, tokens.c, sessions.c */
handler get_users, post_user, get_user, patch_user, delete_user;
handler put_sip_password, delete_sip_password;
handler get_role_bindings, post_role_binding, delete_role_binding;
handler get_tokens, post_token, get_token, delete_token;
handler get_sessions, delete_session, delete_sessions;

/* audit.c, undo.c */
handler get_audit_events, get_audit_event, get_audit_head, undo_audit_event;

/* events.c */
handler get_events, get_history;

#endif
