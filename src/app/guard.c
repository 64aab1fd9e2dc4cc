/* Whom audio may be sent to, so that nobody can have us flood somebody who knows nothing of it
 * (sip.md 6.2, docs/decisions/025): which addresses an SDP may name, and how much goes to the far
 * end of a stranger's leg before anything came from there. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "app/inside.h"
#include "base/network.h"
#include "base/text.h"
#include "sys/log.h"

/* ---- addresses of our own ---- */

static bool same_host(const char *a, const char *b)
{
    struct ip one, other;

    return ip_read(a, &one) && ip_read(b, &other) && memcmp(&one, &other, sizeof(one)) == 0;
}

static bool is_address_of(const struct ifaddrs *one, const char *host)
{
    char text[INET6_ADDRSTRLEN] = "";
    const void *bytes = NULL;

    if (!one->ifa_addr)
        return false;
    if (one->ifa_addr->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
    else if (one->ifa_addr->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr;
    return bytes && inet_ntop(one->ifa_addr->sa_family, bytes, text, sizeof(text)) &&
           same_host(text, host);
}

/* Asked for a port of ours alone, which is rare: it costs some system calls. */
static bool is_this_machine(const char *host)
{
    struct ifaddrs *all;
    bool found = session_is_loopback(host);

    if (found || getifaddrs(&all))
        return found;
    for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next)
        found = is_address_of(one, host);
    freeifaddrs(all);
    return found;
}

static bool is_bound_to(const char *bound, const char *advertised, const char *host)
{
    if (same_host(advertised, host))
        return true;
    return text_is(bound, "0.0.0.0") || text_is(bound, "::") ? is_this_machine(host)
                                                             : same_host(bound, host);
}

/* "udp:127.0.0.1:5060", "tls:[::1]:5061" */
static bool is_listener(const char *listener, const char *advertised, const struct address *place)
{
    char host[ADDRESS_SIZE], port[8];
    const char *at = strchr(listener, ':'), *end = strrchr(listener, ':');
    bool bracket = at && at[1] == '[';

    if (!at || end <= at)
        return false;
    (void)text_format(port, sizeof(port), "%u", place->port); /* fits */
    at += bracket ? 2 : 1;
    (void)text_copy_n(host, sizeof(host), at, (size_t)(end - at) - (bracket ? 1 : 0));
    return text_is(end + 1, port) && is_bound_to(host, advertised, place->host);
}

static bool is_ours(const struct app *a, const struct address *place)
{
    const struct media_config *media = &a->config.media;
    char listener[96];

    for (unsigned n = 0; app_listener(a, n, listener), listener[0]; n++)
        if (is_listener(listener, a->config.sip.advertise, place))
            return true;
    return media_has_port(a->media, place->host, place->port) &&
           (is_bound_to(media->bind4, media->advertise4, place->host) ||
            is_bound_to(media->bind6, media->advertise6, place->host));
}

/* ---- what an SDP may name ---- */

static const char *fault_of(const struct app *a, const struct app_leg *l,
                            const struct address *place)
{
    bool loopback = a->config.media_loopback || session_is_loopback(l->source);
    const char *fault = session_address_fault(place, loopback);

    if (!fault && is_ours(a, place))
        fault = "is an address of this server itself: offer the one of the phone";
    return fault;
}

/* With ICE the address is found, by checks that only the far end can have made, and not told. */
static bool names_places(const struct session *s)
{
    bool ice = s->keying == KEYING_DTLS && s->ice.present && !s->ice.lite;

    return !ice && s->rtp.port != 0;
}

static void words(char why[WHY_SIZE], const struct address *place, const char *fault)
{
    (void)text_format(why, WHY_SIZE, "%s%s%s:%u %s", strchr(place->host, ':') ? "[" : "",
                      place->host, strchr(place->host, ':') ? "]" : "", place->port, fault);
}

static bool may_be_sent_to(const struct app *a, const struct app_leg *l, const struct session *s,
                           char why[WHY_SIZE])
{
    const struct address *places[] = { &s->rtp, &s->rtcp };

    for (size_t i = 0; i < 2 && names_places(s); i++) {
        const char *fault = places[i]->port ? fault_of(a, l, places[i]) : NULL;

        if (fault) {
            words(why, places[i], fault);
            return false;
        }
    }
    return true;
}

/* A line of audio is there, but not one that our policy takes (302: RFC 3261 20.43). */
static const char *why_no_audio(const struct session_offer *theirs)
{
    if (theirs->warning != 302)
        return "the offer has no audio that this server can play";
    if (theirs->srtp == SRTP_REQUIRED)
        return "the audio must be SRTP (srtp = required), and there are no keys for it";
    return theirs->srtp == SRTP_OFF ? "the audio must be in the clear (srtp = off)"
                                    : "the audio is SRTP without keys that count, or unknown";
}

static void name_disagreement(enum session_verdict verdict, const struct session_offer *theirs,
                              struct fault *f)
{
    const char *fault = session_address_fault(&theirs->rtp, true);

    f->warning = theirs->warning ? theirs->warning : 305;
    if (verdict == SESSION_NO_AUDIO) {
        (void)text_copy(f->why, WHY_SIZE, why_no_audio(theirs));
    } else if (verdict == SESSION_NO_KEYS) {
        (void)text_copy(f->why, WHY_SIZE, "the audio must be SRTP, and there are no keys for it");
    } else if (verdict == SESSION_BAD_ADDRESS && fault) {
        f->warning = 399;
        words(f->why, &theirs->rtp, fault);
    } else {
        (void)text_copy(f->why, WHY_SIZE, "no audio format in common");
    }
}

bool guard_agree(const struct app *a, const struct app_leg *l, const struct session_offer *theirs,
                 enum codec prefer, struct session *out, struct fault *fault)
{
    struct session_wish wish = { prefer, false };
    WIPED struct session agreed;
    enum session_verdict verdict = session_agree(theirs, &wish, &agreed);

    if (verdict != SESSION_AGREED) {
        name_disagreement(verdict, theirs, fault);
        return false;
    }
    fault->warning = 399;
    if (!may_be_sent_to(a, l, &agreed, fault->why))
        return false;
    *out = agreed;
    return true;
}

/* ---- how much goes to where nothing came from ---- */

void guard_leg(struct app *a, const struct app_leg *l)
{
    if (l->stranger && a->config.unheard != NEVER)
        (void)media_guard(a->media, l->leg, a->config.unheard);
}

static void name_stop(const struct app *a, const struct media_event *m, char why[WHY_SIZE])
{
    bool six = strchr(m->place.host, ':') != NULL;

    if (m->type == MEDIA_STOPPED)
        (void)text_format(why, WHY_SIZE,
                          "no more audio to %s%s%s:%u: nothing has come from there in the %llu s "
                          "that a stranger has for it",
                          six ? "[" : "", m->place.host, six ? "]" : "", m->place.port,
                          (unsigned long long)(a->config.unheard / 1000));
    else
        (void)text_format(why, WHY_SIZE, "audio again: something came from %s%s%s:%u",
                          six ? "[" : "", m->place.host, six ? "]" : "", m->place.port);
}

void guard_told(struct app *a, const struct media_event *m)
{
    const struct call *c = calls_by_leg(a->park.calls, m->leg);
    struct action step = { .type = ACT_STEP,
                           .step =
                               m->type == MEDIA_STOPPED ? STEP_AUDIO_STOPPED : STEP_AUDIO_RESUMED,
                           .call = c ? c->id : 0,
                           .leg = m->leg };

    name_stop(a, m, step.why);
    a->counts.audio_stopped += m->type == MEDIA_STOPPED;
    if (c) {
        act(a, &step);
        turn_end_group(a);
    } else {
        log_info("media", "leg %llu: %s", (unsigned long long)m->leg, step.why);
    }
}
