/* What the files about signing in, and about users and what they may do, share. Internal to
 * src/api. */
#ifndef CALLPARK_API_AUTH_H
#define CALLPARK_API_AUTH_H

#include "api/ask.h"
#include "api/fields.h"

/* ---- identity.c ---- */

/* From now on q is asked by who holds this login. */
void identity_of_login(struct ask *q, const struct login *l);
/* Somebody who is not signed in, for the log and the audit trail. */
void identity_of_nobody(struct ask *q, const char *words);
/* Where a request comes from, for limits and delays: an IPv4 address, or the network of 64 bits
 * that an IPv6 address is in, since whoever has one address of it has them all. */
#define ORIGIN_SIZE 64
void identity_origin(const char *source, char to[ORIGIN_SIZE]);

/* ---- cookie.c ---- */

void cookie_set(struct ask *q, const char *secret);
void cookie_clear(struct ask *q);
/* A browser sends a cookie along whoever made it ask. Was it a page of ours? False: replied to.
 * Without `strict` who says nothing about it, as programs do, is let through. */
bool cookie_same_site(struct ask *q, bool strict);

/* ---- token_text.c: cpk_pat_..., the text of a token ---- */

#define TOKEN_TEXT_SIZE 45 /* prefix, 30 random digits, 6 of the checksum, NUL */
void token_text_make(char to[TOKEN_TEXT_SIZE]);
/* Could it be one? Its checksum says so without a look at any table. */
bool token_text_fits(const char *text);
void token_text_hash(const char *text, unsigned char hash[SECRET_HASH_SIZE]);

/* ---- scope_text.c: "all", "site:Berlin", "destination:pool1.example.com", "range:rng_..." ---- */

#define SCOPE_TEXT_SIZE (FQDN_SIZE + NAME_SIZE + 16)
void scope_text(const struct scope *s, char to[SCOPE_TEXT_SIZE]);
/* What people say: a range also by its name. -EINVAL with words when it is none, or names what does
 * not exist. */
int scope_text_read(const struct deployment *d, const char *text, struct scope *out,
                    struct err *err);
/* For a sentence: "everywhere", "at the site Berlin". */
void scope_words(const struct deployment *d, const struct scope *s, char to[SCOPE_TEXT_SIZE]);

/* ---- me.c ---- */

json_t *me_json(struct ask *q);
json_t *permissions_json(permission_set may);

/* ---- password.c ---- */

/* Is it good enough for `user`? A fault of `field` when it is not. */
void password_check(struct fields *f, const char *field, const char *password, const char *user);
/* Sign in as `user`: a new login and its cookie. False: replied to. */
bool sign_in(struct ask *q, const char *user);

/* ---- users.c ---- */

json_t *user_json(const struct access *a, const struct user *u);
/* May the one who asks change the account of `user`, who has `rights` of his own? Only if he may
 * all that they allow himself: else a small right would be a way to a great one. False: replied to.
 */
bool users_may_change(struct ask *q, const char *user);
/* The same for himself: a token with less than its user may leaves his account alone. */
bool users_may_change_self(struct ask *q);
/* The same for one role: to give it, or to take it. */
bool users_may_give(struct ask *q, enum role role, const struct scope *scope);
void user_phone_read(struct ask *q, struct fields *f, char phone[URI_SIZE]);

/* ---- tokens.c ---- */

json_t *token_json(const struct access_token *t);

#endif
