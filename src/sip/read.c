/* See read.h. */
#include "sip/edge.h"

#include "sip/read.h"

#include <string.h>

/* What make_dialog() has the library do with it, so that fuzzing sees that too. */
static void copy_dialog(const sip_t *sip)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_route_t *route;

    su_home_init(home);
    for (route = sip_route_fixdup(home, sip->sip_record_route); route; route = route->r_next)
        (void)url_has_param(route->r_url, "lr");
    for (route = sip_route_reverse(home, sip->sip_record_route); route; route = route->r_next)
        (void)url_has_param(route->r_url, "lr");
    (void)sip_contact_dup(home, sip->sip_contact);
    (void)sip_to_dup(home, sip->sip_to);
    (void)sip_from_dup(home, sip->sip_from);
    su_home_deinit(home);
}

bool read_invite(const char *text, size_t length, struct invite *to, struct session_offer *offer)
{
    msg_t *msg;
    sip_t *sip;
    const char *sdp;
    size_t sdp_length;
    uint16_t refusal = 0;
    bool good;

    memset(to, 0, sizeof *to);
    memset(offer, 0, sizeof *offer);
    offer->dtmf_payload_type = -1;
    msg = msg_make(strict_class(), 0, text, (issize_t)length);
    sip = msg ? sip_object(msg) : NULL;
    good = sip && sip->sip_request && !(sip->sip_flags & MSG_FLG_ERROR) &&
           (sip->sip_flags & MSG_FLG_COMPLETE) && sip_sanity_check(sip) == 0 && !in_too_large(sip);
    if (good) {
        copy_dialog(sip);
        headers_invite(to, sip);
        if (headers_sdp(sip, &sdp, &sdp_length, &refusal))
            (void)sdp_take(sdp, sdp_length, NULL, offer);
        good = refusal == 0;
    }
    msg_destroy(msg);
    return good;
}
