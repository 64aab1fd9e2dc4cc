/* Who may do what: permissions, the roles that bundle them, and where a role holds. The same list
 * serves the page, the API, tokens and the command line. Pure: who somebody is was found out
 * before. The tables are the loop's. */
#ifndef CALLPARK_CORE_ACCESS_H
#define CALLPARK_CORE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"
#include "core/deployment.h"

/* The words of the API stand in access.c, in this order. */
enum permission {
    MAY_RANGES_READ,       /* ranges.read */
    MAY_RANGES_WRITE,      /* ranges.write */
    MAY_PLACES_READ,       /* destinations.read: destinations and sites */
    MAY_PLACES_WRITE,      /* destinations.write */
    MAY_SETTINGS_READ,     /* settings.read: with music */
    MAY_SETTINGS_WRITE,    /* settings.write */
    MAY_CALLS_READ,        /* calls.read */
    MAY_CALLS_READ_PII,    /* calls.read.pii: callers' numbers in full */
    MAY_CALLS_RETRIEVE,    /* calls.retrieve */
    MAY_CALLS_RINGBACK,    /* calls.ringback */
    MAY_CALLS_EXTEND,      /* calls.extend */
    MAY_CALLS_TRANSFER,    /* calls.transfer */
    MAY_CALLS_HANGUP,      /* calls.hangup */
    MAY_CALLS_NOTE,        /* calls.note */
    MAY_RECORDS_READ,      /* records.read */
    MAY_AUDIT_READ,        /* audit.read */
    MAY_USERS_READ,        /* users.read: users, role bindings, tokens, sessions of all */
    MAY_USERS_WRITE,       /* users.write */
    MAY_SYSTEM_READ,       /* system.read */
    MAY_SYSTEM_WRITE,      /* system.write: drain, reload, demo */
    MAY_SYSTEM_BACKUP,     /* system.backup: backup, restore, support bundle */
    MAY_DEFINITIONS_READ,  /* definitions.read */
    MAY_DEFINITIONS_WRITE, /* definitions.write */
    MAY_METRICS_READ,      /* metrics.read */
    MAY_CALLS_PARK,        /* calls.park: with calls.retrieve and the next two, also for phones */
    MAY_CALLS_WATCH,       /* calls.watch: lamps of orbits */
    MAY_CALLS_CONTROL,     /* calls.control: have us call somebody (REFER) */
    PERMISSIONS
};

typedef uint32_t permission_set; /* bit 1 << permission */
#define PERMISSION_ALL ((permission_set)((UINT32_C(1) << PERMISSIONS) - 1))

const char *permission_name(enum permission p);
bool permission_find(const char *name, enum permission *out);

enum role { ROLE_ADMINISTRATOR, ROLE_VOICE_ADMINISTRATOR, ROLE_VIEWER, ROLE_ATTENDANT, ROLES };

const char *role_name(enum role role); /* "voice-administrator" */
bool role_find(const char *name, enum role *out);
permission_set role_permissions(enum role role);

/* ---- the tables ---- */

#define USERS_MAX 1000
#define BINDINGS_MAX 4000
#define TOKENS_MAX 1000
#define USER_SIZE 65 /* a name: 1 to 64 of a-z 0-9 . _ - @, no sign first; in lower case */
#define PASSWORD_HASH_SIZE 128
#define TOKEN_NAME_SIZE 65
#define SECRET_HASH_SIZE 32 /* SHA-256 */
#define SOURCE_SIZE 64      /* an address in words */

typedef uint64_t binding_id; /* 0: none; never used twice within a store */
typedef uint64_t token_id;
typedef uint64_t login_id;

struct user {
    char name[USER_SIZE];
    char password[PASSWORD_HASH_SIZE]; /* "": cannot sign in by password */
    char phone[URI_SIZE];              /* where "retrieve to my phone" rings; "": not known */
    /* The password of his phone as H(A1) of RFC 7616 in hex, by MD5 and by SHA-256, and the realm
     * that it holds for; "" : none. */
    char sip_md5[33], sip_sha256[65], sip_realm[FQDN_SIZE];
    bool disabled;
    wall_msec created_at;
    uint32_t version;
};

struct binding {
    binding_id id;
    char user[USER_SIZE];
    enum role role;
    struct scope scope; /* SCOPE_GLOBAL: everywhere */
};

/* A token of the API. It may do what its owner may, as far as `permissions` goes. */
struct access_token {
    token_id id;
    char name[TOKEN_NAME_SIZE];
    char user[USER_SIZE]; /* owner */
    unsigned char hash[SECRET_HASH_SIZE];
    permission_set permissions;
    char networks[LIST_SIZE]; /* from where it may be used, commas between; "": from anywhere */
    wall_msec created_at, expires_at; /* NEVER */
    wall_msec used_at;                /* roughly; 0: not yet */
    uint32_t version;
};

/* Somebody who signed in with a browser. What the API calls a session; in the code that word is
 * SDP's. Only a hash of the secret in the cookie is kept. */
struct login {
    login_id id;
    unsigned char hash[SECRET_HASH_SIZE];
    char user[USER_SIZE];
    char source[SOURCE_SIZE]; /* the address it began from */
    char agent[160];          /* of the browser */
    wall_msec created_at, seen_at, expires_at;
};

/* In order of name (users) or id (the rest). Large: the app allocates two, zeroed. */
struct access {
    struct user users[USERS_MAX];
    size_t user_count;
    struct binding bindings[BINDINGS_MAX];
    size_t binding_count;
    struct access_token tokens[TOKENS_MAX];
    size_t token_count;
};

void access_copy(struct access *to, const struct access *from); /* only what is filled */

/* "Anna" as "anna"; false with words when it is no name of a user. */
bool user_name_read(const char *text, char name[USER_SIZE], struct err *err);
const struct user *access_user(const struct access *a, const char *name);
const struct access_token *access_token_by_id(const struct access *a, token_id id);
const struct access_token *access_token_by_hash(const struct access *a,
                                                const unsigned char hash[SECRET_HASH_SIZE]);
const struct binding *access_binding(const struct access *a, binding_id id);

/* Put: insert or replace by name or id. -ENOSPC when the table is full or the user would have more
 * than GRANTS_MAX roles, -EEXIST for a binding that the user has already, -ENOENT for one or a
 * token of a user that does not exist. Removing a user takes the bindings and tokens along;
 * -ENOENT. */
int access_put_user(struct access *a, const struct user *u, struct err *err);
int access_put_binding(struct access *a, const struct binding *b, struct err *err);
int access_put_token(struct access *a, const struct access_token *t, struct err *err);
int access_remove_user(struct access *a, const char *name, struct err *err);
int access_remove_binding(struct access *a, binding_id id, struct err *err);
int access_remove_token(struct access *a, token_id id, struct err *err);

/* How many users that are not disabled have the role administrator everywhere. The last one is
 * neither removed nor disabled nor taken the role from. */
size_t access_administrators(const struct access *a);

/* ---- what one may do ---- */

#define GRANTS_MAX 16 /* roles of one user */

struct grant {
    permission_set may;
    struct scope where;
};

struct rights {
    struct grant grant[GRANTS_MAX];
    size_t count;
};

/* A place to be judged: as far as it is known. All empty: the deployment as a whole, which only a
 * role that holds everywhere covers. */
struct place_of {
    range_id range;          /* 0: none */
    const char *destination; /* NULL or "": none */
    const char *site;        /* likewise */
};

void rights_all(struct rights *r); /* everything */
void rights_of_user(const struct access *a, const char *user,
                    struct rights *r); /* none if disabled */
void rights_limit(struct rights *r, permission_set to);

bool rights_may(const struct rights *r, enum permission p, const struct place_of *where);
/* As rights_may(), or somewhere inside of `where`: whoever may read the settings of a range may
 * read those of its destination and site, which it inherits. Only for reading. */
bool rights_may_within(const struct rights *r, enum permission p, const struct deployment *d,
                       const struct place_of *where);
/* Anywhere at all: may the route be asked, though what it shows is filtered? */
bool rights_may_somewhere(const struct rights *r, enum permission p);
permission_set rights_union(const struct rights *r);

/* The place of a range, a destination, a scope, in words of the tables; it points to what it was
 * given and into `d`. */
struct place_of place_of_range(const struct deployment *d, const struct range *r);
struct place_of place_of_destination(const struct deployment *d, const char *fqdn);
struct place_of place_of_scope(const struct deployment *d, const struct scope *s);

/* "all", "site:Berlin", "destination:pool1.example.com", "range:rng_..." are the API's words; the
 * core knows the scope only. */
bool scope_exists(const struct deployment *d, const struct scope *s);

#endif
