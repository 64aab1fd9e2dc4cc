/* The file read at start. It holds what is needed to start; ranges, settings and the like are in
 * the store. Every error names the file and the line, and an unknown key the nearest known one. */
#ifndef CALLPARK_APP_CONFIG_H
#define CALLPARK_APP_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "core/access.h"
#include "core/decide.h"
#include "core/limits.h"
#include "http/http.h"
#include "media/media.h"
#include "sip/sip.h"
#include "sys/log.h"

enum provision_mode {
    PROVISION_CREATE_MISSING, /* what is there stays as it is */
    PROVISION_ENFORCE         /* what is there becomes as the file says */
};

/* New calls while the store cannot be written. */
enum trouble_policy {
    TROUBLE_REFUSE,
    TROUBLE_MEMORY /* they are parked all the same; a restart would lose them */
};

struct app_config {
    char path[512]; /* of the file, for SIGHUP */
    char node[NAME_SIZE], destination[FQDN_SIZE], site[NAME_SIZE];
    bool unconfined; /* for a debugger, or where seccomp is not there: sys/confine.h */
    struct sip_config sip;
    struct media_config media;
    msec unheard;        /* of audio to a stranger's address that nothing came from; NEVER: any */
    bool media_loopback; /* whoever signals from elsewhere may name a loopback address, too */
    struct http_config http;
    unsigned rate_limit; /* requests a second of one asker; 0: any */
    struct {
        bool local, proxy; /* realms: by password; as the proxy in front says */
        /* Of the proxy's groups, which one has a role everywhere; "" : none. */
        char group[ROLES][256];
    } auth;
    msec session_idle, session_max;
    char provision_file[512]; /* definitions that are applied at start; "" : none */
    enum provision_mode provision_mode;
    char token_file[512]; /* made at the first start, readable by its user only */
    char web_root[512];   /* the page from this folder (--web-root); "" : the one built in */
    char store_url[512];
    enum trouble_policy store_trouble;
    struct house house;
    enum log_level log_level;
    enum log_form log_form;
    bool log_full_numbers;
};

/* Read and check the whole file. The first error ends it. */
int config_read(struct app_config *config, const char *path, struct err *err);

/* The same from memory; `name` stands for the file in errors. For tests and fuzzing. */
int config_read_text(struct app_config *config, const char *name, const char *text,
                     struct err *err);

#endif
