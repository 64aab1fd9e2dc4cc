/* The dialog of a leg as text: what the store keeps is written and read here. Pure. */
#include "sip/row_text.h"

#include <string.h>

#include "base/text.h"
#include "sip/sip.h"

#define PLACE(what) ROW_PLACE(struct sip_dialog, what)

static const struct field fields[] = {
    { "we_called", FIELD_BOOL, PLACE(we_called) },
    { "call_id", FIELD_TEXT, PLACE(call_id) },
    { "local_tag", FIELD_TEXT, PLACE(local_tag) },
    { "remote_tag", FIELD_TEXT, PLACE(remote_tag) },
    { "local_uri", FIELD_TEXT, PLACE(local_uri) },
    { "remote_uri", FIELD_TEXT, PLACE(remote_uri) },
    { "remote_target", FIELD_TEXT, PLACE(remote_target) },
    { "local_contact", FIELD_TEXT, PLACE(local_contact) },
    { "routes", FIELD_TEXT, PLACE(routes) },
    { "local_cseq", FIELD_U32, PLACE(local_cseq) },
    { "remote_cseq", FIELD_U32, PLACE(remote_cseq) },
    { "invite_cseq", FIELD_U32, PLACE(invite_cseq) },
    { "cseq_reserved", FIELD_U32, PLACE(cseq_reserved) },
    { "transport", FIELD_TEXT, PLACE(transport) },
    { "local", FIELD_ADDRESS, PLACE(local) },
    { "remote", FIELD_ADDRESS, PLACE(remote) },
    { "session_expires", FIELD_U32, PLACE(session_expires) },
    { "we_refresh", FIELD_BOOL, PLACE(we_refresh) },
    { "refresh_at", FIELD_U64, PLACE(refresh_at) },
    { "expires_at", FIELD_U64, PLACE(expires_at) },
    { "clock", FIELD_U64, PLACE(clock) },
    { "boot", FIELD_TEXT, PLACE(boot) },
    { "origin_id", FIELD_U64, PLACE(origin_id) },
    { "origin_version", FIELD_U64, PLACE(origin_version) },
    { "origin_host", FIELD_TEXT, PLACE(origin_host) },
    { "media", FIELD_ADDRESS, PLACE(media) },
    { "we_offered", FIELD_BOOL, PLACE(we_offered) },
    { "allows_update", FIELD_BOOL, PLACE(allows_update) },
    { "trusted", FIELD_BOOL, PLACE(trusted) },
    { "web", FIELD_BOOL, PLACE(web) },
    { "routed", FIELD_BOOL, PLACE(routed) },
    { "replaced", FIELD_BOOL, PLACE(replaced) },
    { "replaces", FIELD_U64, PLACE(replaces) },
    { "user", FIELD_TEXT, PLACE(user) },
    { "account", FIELD_TEXT, PLACE(account) },
    { "party_display", FIELD_TEXT, PLACE(party.display) },
    { "party_uri", FIELD_TEXT, PLACE(party.uri) },
    { "party_contact", FIELD_TEXT, PLACE(party.contact) },
    { "party_hidden", FIELD_BOOL, PLACE(party.hidden) },
    { "identity_told", FIELD_TEXT, PLACE(identity_told) },
    { "branch", FIELD_TEXT, PLACE(branch) },
    { "request_uri", FIELD_TEXT, PLACE(request_uri) },
    { "way", FIELD_TEXT, PLACE(way) },
    { "local_sdp", FIELD_BODY, PLACE(local_sdp) },
    { "invite", FIELD_BODY, PLACE(invite) },
    { "told_phrase", FIELD_TEXT, PLACE(told_phrase) },
    { "told_orbit", FIELD_TEXT, PLACE(told_orbit) },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

bool sip_dialog_write(char *to, size_t size, const struct sip_dialog *d)
{
    return row_text_write(to, size, fields, FIELDS, d);
}

/* What a dialog cannot be without. */
static const char *missing(const struct sip_dialog *d)
{
    return !d->call_id[0]      ? "call_id"
           : !d->local_tag[0]  ? "local_tag"
           : !d->local_uri[0]  ? "local_uri"
           : !d->remote_uri[0] ? "remote_uri"
                               : NULL;
}

bool sip_dialog_read(struct sip_dialog *d, const char *text, char unread[64])
{
    const char *lacks;

    memset(d, 0, sizeof *d);
    if (!row_text_read(d, fields, FIELDS, text, unread))
        return false;
    lacks = missing(d);
    if (lacks)
        text_format(unread, 64, "%s is missing", lacks);
    return !lacks;
}
