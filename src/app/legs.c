/* The table of legs as the app sees them, and their rows in the store. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

static struct app_leg **bucket(struct app *a, leg_id leg)
{
    return &a->legs[(leg ^ leg >> 14) & (LEG_BUCKETS - 1)];
}

struct app_leg *app_leg_new(struct app *a, leg_id leg)
{
    struct app_leg *l = calloc(1, sizeof(*l));
    struct app_leg **head = bucket(a, leg);

    if (!l)
        return NULL;
    a->legs_mute++;
    l->leg = leg;
    l->next = *head;
    *head = l;
    return l;
}

struct app_leg *app_leg_find(struct app *a, leg_id leg)
{
    struct app_leg *l = *bucket(a, leg);

    while (l && l->leg != leg)
        l = l->next;
    return l;
}

/* The keys of its audio are in it. */
static void wipe(struct app_leg *l)
{
    explicit_bzero(l, sizeof(*l));
    free(l);
}

void app_leg_drop(struct app *a, leg_id leg)
{
    struct app_leg **at = bucket(a, leg);
    struct app_leg *l;

    while (*at && (*at)->leg != leg)
        at = &(*at)->next;
    l = *at;
    if (!l)
        return;
    *at = l->next;
    if (l->media)
        (void)media_close(a->media, leg); /* a full queue: the worker's own sweep ends the stream */
    else
        a->legs_mute--;
    if (l->up) {
        struct change *change = turn_add(a, CHANGE_LEG_REMOVE);

        if (change)
            change->leg_gone = leg;
    }
    wipe(l);
}

void app_leg_drop_all(struct app *a)
{
    for (size_t i = 0; i < LEG_BUCKETS; i++) {
        while (a->legs[i]) {
            struct app_leg *l = a->legs[i];

            a->legs[i] = l->next;
            wipe(l);
        }
    }
}

static void dialog_text(char *to, size_t size, const struct sip_dialog *d)
{
    (void)text_format(to, size,
                      "we_called=%d\ncall_id=%s\nlocal_tag=%s\nremote_tag=%s\nlocal_uri=%s\n"
                      "remote_uri=%s\nremote_target=%s\nlocal_contact=%s\nroutes=%s\n"
                      "local_cseq=%u\nremote_cseq=%u\ninvite_cseq=%u\ntransport=%s\n"
                      "local=%s|%u\nremote=%s|%u\nsession_expires=%u\nwe_refresh=%d\n",
                      d->we_called, d->call_id, d->local_tag, d->remote_tag, d->local_uri,
                      d->remote_uri, d->remote_target, d->local_contact, d->routes, d->local_cseq,
                      d->remote_cseq, d->invite_cseq, d->transport, d->local.host, d->local.port,
                      d->remote.host, d->remote.port, d->session_expires, d->we_refresh);
}

static void append_hex(char *to, size_t size, const char *name, const uint8_t *bytes, size_t count)
{
    (void)text_append(to, size, "%s=", name);
    for (size_t i = 0; i < count; i++)
        (void)text_append(to, size, "%02x", bytes[i]);
    (void)text_append(to, size, "\n");
}

/* What a restart needs to go on with: whoever may read the store may hear the call. */
static void keys_text(char *to, size_t size, const struct app_leg *l)
{
    const struct session_crypto *c = &l->agreed.crypto;

    if (l->agreed.keying != KEYING_SDES)
        return;
    (void)text_append(to, size, "profile=%s\nsuite=%s\ntag=%u\n", profile_name(l->agreed.profile),
                      suite_name(c->suite), c->tag);
    append_hex(to, size, "key_in", c->key, c->key_size);
    append_hex(to, size, "mki_in", c->mki, c->mki_size);
    append_hex(to, size, "key_out", l->local.key,
               suite_key_size(c->suite) + suite_salt_size(c->suite));
}

static void media_text(char *to, size_t size, const struct app_leg *l)
{
    (void)text_format(to, size,
                      "codec=%s\npayload_type=%u\ndtmf=%d\nptime=%u\ndirection=%s\nrtp=%s|%u\n"
                      "rtcp=%s|%u\nrtcp_mux=%d\nlocal=%s|%u\nlocal_rtcp=%u\nssrc=%u\n",
                      codec_name(l->agreed.codec), l->agreed.payload_type,
                      l->agreed.dtmf_payload_type, l->agreed.ptime,
                      direction_name(l->agreed.direction), l->agreed.rtp.host, l->agreed.rtp.port,
                      l->agreed.rtcp.host, l->agreed.rtcp.port, l->agreed.rtcp_mux,
                      l->local.rtp.host, l->local.rtp.port, l->local.rtcp_port, l->local.ssrc);
}

void app_leg_save(struct app *a, const struct app_leg *l, call_id call)
{
    struct change *change = turn_add(a, CHANGE_LEG_PUT);

    if (!change)
        return;
    change->leg.leg = l->leg;
    change->leg.call = call;
    dialog_text(change->leg.dialog, sizeof(change->leg.dialog), &l->dialog);
    media_text(change->leg.media, sizeof(change->leg.media), l);
    keys_text(change->leg.media, sizeof(change->leg.media), l);
}
