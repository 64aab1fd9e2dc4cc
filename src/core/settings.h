/* Settings by scope: global < site < destination < range, the nearest that says something wins. The
 * table of keys is the one place that knows a setting's name, kind, bounds and default. Pure. */
#ifndef CALLPARK_CORE_SETTINGS_H
#define CALLPARK_CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"
#include "core/limits.h"

enum setting_key {
    SET_PICKUP_TIMEOUT, /* msec, NEVER: off */
    SET_MAX_PICKUP_ATTEMPTS,
    SET_RING_TIME,
    SET_TIMEOUT_URI,
    SET_MAX_PARK,
    SET_MUSIC_ON_HOLD,
    SET_ALLOCATION,
    SET_COOL_DOWN,
    /* Template of the display name: %o orbit, %n caller's name, %u caller's number. */
    SET_RINGBACK_PREFIX,
    SET_ALERT_INFO,
    SET_ANNOUNCE,         /* say the number to the parker */
    SET_MESSAGE,          /* write it to whoever sent the call here: SIP MESSAGE */
    SET_LANGUAGE,         /* "en", "de", ... of the spoken number */
    SET_LAMP,             /* confirmed or early */
    SET_FREE_ORBIT,       /* park or reject: an internal call to a free orbit */
    SET_RETRIEVE_ALLOW,   /* comma list of networks and identity patterns; empty: insiders */
    SET_MUSIC,            /* which uploaded file, by its SHA-256; empty: the configured piece */
    SET_NO_FORWARD,       /* a ring back that is forwarded (181) is called off */
    SET_PARK_ALLOW,       /* as retrieve_allow, for parking; empty: whoever may come in */
    SET_WATCH_ALLOW,      /* the same, for watching lamps */
    SET_ANNOUNCE_BACK,    /* call the parker and speak it: who was not told another way */
    SET_PIN,              /* digits that a retriever must give; empty: none. A secret */
    SET_RINGBACK_CONFIRM, /* who answers a ring back has the call once he has pressed 1 */
    SETTING_KEYS
};

enum allocation { ALLOC_LRU, ALLOC_RANDOM, ALLOC_SEQUENTIAL, ALLOC_LOWEST };
enum lamp { LAMP_CONFIRMED, LAMP_EARLY };
enum free_orbit { FREE_ORBIT_PARK, FREE_ORBIT_REJECT };

/* All settings with values: what a call lives by. */
struct rules {
    msec pickup_timeout;
    uint32_t max_pickup_attempts;
    msec ring_time;
    char timeout_uri[URI_SIZE];
    msec max_park;
    bool music_on_hold;
    enum allocation allocation;
    msec cool_down;
    char ringback_prefix[DISPLAY_SIZE];
    char alert_info[URI_SIZE];
    bool announce;
    bool message;
    char language[16];
    enum lamp lamp;
    enum free_orbit free_orbit;
    char retrieve_allow[LIST_SIZE];
    char music[MUSIC_SIZE];
    bool no_forward;
    char park_allow[LIST_SIZE];
    char watch_allow[LIST_SIZE];
    bool announce_back;
    char pin[PIN_SIZE];
    bool ringback_confirm;
};

/* What one scope says: only the keys in `set` count. */
struct settings {
    uint32_t set; /* bit 1 << setting_key */
    struct rules values;
    uint32_t version;
};

enum setting_kind { KIND_DURATION, KIND_COUNT, KIND_URI, KIND_SWITCH, KIND_CHOICE, KIND_TEXT };

struct setting_info {
    const char *name;     /* "pickup_timeout" */
    const char *original; /* "CallPickupTimeoutThreshold", or "" */
    const char *meaning;  /* one sentence */
    enum setting_kind kind;
    uint64_t low, high; /* of durations (msec) and counts */
    bool may_be_off;
    const char *choices; /* "lru|random|sequential|lowest" */
    bool secret;         /* shown to nobody, in no answer, log or audit entry */
};

const struct setting_info *setting_info(enum setting_key key);
bool setting_find(const char *name,
                  enum setting_key *key); /* our name or the original's, no case */

void rules_default(struct rules *r);

/* Set one key from text ("90s", "1m30s", "00:01:30", "off", "on", "lru", "sip:..."). Refuses bad
 * values with a sentence that names the bounds. */
int settings_set(struct settings *s, enum setting_key key, const char *text, struct err *err);
void settings_unset(struct settings *s, enum setting_key key);

/* Copy what `nearer` says over `r`. */
void rules_apply(struct rules *r, const struct settings *nearer);

/* A setting's value as text, durations in seconds ("90"), "off", "on"; `to` of LIST_SIZE. */
void rules_text(char to[LIST_SIZE], const struct rules *r, enum setting_key key);

/* What stands for a secret that is set, wherever a setting is shown; given back, it means: as it
 * is. */
#define SETTING_KEPT "****"

/* Where `to` says SETTING_KEPT, put in what `now` says; -EINVAL with words when that says nothing.
 */
int settings_keep(struct settings *to, const struct settings *now, struct err *err);

/* Rules that only hold together: pickup_timeout off needs max_park. 0 or -EINVAL with words. */
int rules_check(const struct rules *r, struct err *err);

const char *allocation_name(enum allocation a);

#endif
