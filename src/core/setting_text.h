/* What settings that are texts may hold: URIs, templates, languages, lists, files of music. Each
 * check returns 0, or -EINVAL and words that go on after the setting's name and value ("has no
 * host: ..."). Pure. */
#ifndef CALLPARK_CORE_SETTING_TEXT_H
#define CALLPARK_CORE_SETTING_TEXT_H

#include "base/err.h"

/* `sip:`, `sips:` or `tel:` with somebody behind it; no headers, nothing that could end a line. */
int setting_text_uri(const char *text, struct err *err);

/* 4 to 8 digits, or SETTING_KEPT. */
int setting_text_pin(const char *text, struct err *err);

/* A display name with %o, %n, %u and %% in it. */
int setting_text_template(const char *text, struct err *err);

/* The value of an Alert-Info header (RFC 3261 20.4): <uri> and parameters. */
int setting_text_alert(const char *text, struct err *err);

/* "en", "pt-BR". */
int setting_text_language(const char *text, struct err *err);

/* A comma list: addresses, networks, patterns of identities. */
int setting_text_allow(const char *text, struct err *err);

/* The SHA-256 of an uploaded file, as the store names it: 64 hex digits in lower case. */
int setting_text_music(const char *text, struct err *err);

#endif
