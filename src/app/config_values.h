/* The readers of values of the configuration file, for config_keys.c only. Each reads `value` into
 * the member at `to`, or where else it belongs; -EINVAL with words that go on after the key. */
#ifndef CALLPARK_APP_CONFIG_VALUES_H
#define CALLPARK_APP_CONFIG_VALUES_H

#include "app/config_keys.h"

typedef int config_set_value(struct config_reading *r, const char *value, void *to, size_t size);

config_set_value config_set_text;
config_set_value config_set_srtp;
config_set_value config_set_over_plain;
config_set_value config_set_fqdn;
config_set_value config_set_listen;
config_set_value config_set_client_cert;
config_set_value config_set_verify;
config_set_value config_set_origins;
config_set_value config_set_networks;
config_set_value config_set_prefixes;
config_set_value config_set_proxies;
config_set_value config_set_url;
config_set_value config_set_header;
config_set_value config_set_domains;
config_set_value config_set_uri;
config_set_value config_set_route;
config_set_value config_set_ports;
config_set_value config_set_workers;
config_set_value config_set_count;
config_set_value config_set_t1;
config_set_value config_set_expires;
config_set_value config_set_switch;
config_set_value config_set_profile;
config_set_value config_set_opposite;
config_set_value config_set_publish_expires;
config_set_value config_set_level;
config_set_value config_set_form;
config_set_value config_set_store, config_set_trouble;
config_set_value config_set_realms;
config_set_value config_set_span;
config_set_value config_set_rate;
config_set_value config_set_unheard;
config_set_value config_set_hop_timeout;
config_set_value config_set_options;
config_set_value config_set_provision_mode;

#endif
