/* The handlers that router.c knows, by the file that they are in. */
#ifndef CALLPARK_API_RESOURCES_H
#define CALLPARK_API_RESOURCES_H

#include "api/ask.h"

/* health.c, metrics.c, system.c */
handler get_livez, get_readyz, get_version;
handler get_metrics;
handler get_openapi, get_licences;
handler get_nodes, get_peers;           /* nodes.c */
handler get_demo, start_demo, end_demo; /* demo.c */
handler make_bundle;                    /* support.c */
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

/* calls.c, call_actions.c, records.c */
handler get_calls, get_call, get_timeline;
handler patch_call, retrieve_call, ring_back_call, extend_call, transfer_call, hang_up_call;
handler get_records;

/* events.c */
handler get_events, get_history;

#endif
