/* Figures for Prometheus (text format 0.0.4). Labels are bounded: a destination, a range of the
 * first two hundred, a reason; never an orbit or a caller. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/events.h"
#include "api/resources.h"
#include "base/text.h"

#define RANGES_SHOWN 200

struct metrics {
    struct csv text;                  /* grows */
    char destination[FQDN_SIZE + 32]; /* as a label */
};

static void put(struct metrics *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct metrics *m, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(line, sizeof line, format, arguments) < 0)
        line[0] = '\0';
    va_end(arguments);
    csv_raw(&m->text, line);
}

static void head(struct metrics *m, const char *name, const char *type, const char *help)
{
    put(m, "# HELP callpark_%s %s\n# TYPE callpark_%s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline are escaped; a name has no other control
 * characters. */
static void escape(char *to, size_t size, const char *from)
{
    to[0] = '\0';
    for (; *from; from++)
        (void)text_append(to, size, *from == '\\' || *from == '"' ? "\\%c" : "%c", *from); /* cut */
}

static void add_orbits(struct app *a, struct metrics *m)
{
    const struct ranges *all = &app_deployment(a)->ranges;
    const struct orbits *orbits = app_park(a)->orbits;

    head(m, "orbits", "gauge", "Orbits of this node by what they do.");
    for (size_t i = 0; i < all->count && i < RANGES_SHOWN; i++) {
        const struct range *r = &all->at[i];
        struct orbits_count n = orbits_count(orbits, r->first, r->last, app_now(a));
        char name[2 * NAME_SIZE];
        uint32_t rest = n.total - n.busy;

        if (!text_is_nocase(r->destination, app_config(a)->destination) ||
            r->type != RANGE_CALL_PARK)
            continue;
        escape(name, sizeof name, r->name);
        put(m, "callpark_orbits{%s,range=\"%s\",state=\"parked\"} %u\n", m->destination, name,
            n.busy);
        put(m, "callpark_orbits{%s,range=\"%s\",state=\"%s\"} %u\n", m->destination, name,
            r->state == RANGE_DRAINING ? "draining" : "free", rest);
    }
}

static void add_calls(struct app *a, struct metrics *m, const struct app_counts *c)
{
    head(m, "parked_calls", "gauge", "Calls in an orbit now.");
    put(m, "callpark_parked_calls{%s} %u\n", m->destination,
        orbits_count(app_park(a)->orbits, 0, 0, app_now(a)).busy);
    head(m, "parks_total", "counter", "Attempts to park a call, by what became of them.");
    put(m, "callpark_parks_total{%s,result=\"ok\"} %llu\n", m->destination,
        (unsigned long long)c->parks_ok);
    put(m, "callpark_parks_total{%s,result=\"no_free_orbit\"} %llu\n", m->destination,
        (unsigned long long)c->parks_full);
    put(m, "callpark_parks_total{%s,result=\"overload\"} %llu\n", m->destination,
        (unsigned long long)c->parks_overload);
    put(m, "callpark_parks_total{%s,result=\"rejected\"} %llu\n", m->destination,
        (unsigned long long)c->parks_refused);
    put(m, "callpark_parks_total{%s,result=\"error\"} %llu\n", m->destination,
        (unsigned long long)c->parks_failed);
    head(m, "call_ends_total", "counter", "Calls that left their orbit, by how.");
    for (unsigned i = OUT_NONE + 1; i <= OUT_INTERRUPTED; i++)
        put(m, "callpark_call_ends_total{%s,reason=\"%s\"} %llu\n", m->destination,
            outcome_name((enum outcome)i), (unsigned long long)c->ends[i]);
}

static void add_ring_backs(struct metrics *m, const struct app_counts *c)
{
    const struct {
        const char *result;
        uint64_t count;
    } results[] = {
        { "answered", c->ringbacks_answered },       { "busy", c->ringbacks_busy },
        { "no_answer", c->ringbacks_no_answer },     { "error", c->ringbacks_failed },
        { "unconfirmed", c->ringbacks_unconfirmed },
    };

    head(m, "ringbacks_total", "counter", "Ring backs to parkers, by what became of them.");
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        put(m, "callpark_ringbacks_total{%s,result=\"%s\"} %llu\n", m->destination,
            results[i].result, (unsigned long long)results[i].count);
}

static void add_waits(struct metrics *m, const struct app_counts *c)
{
    static const char *const limits[] = { "1",  "5",   "15",  "30",  "60",
                                          "90", "120", "300", "600", "+Inf" };
    uint64_t sum = 0;

    head(m, "park_duration_seconds", "histogram", "How long calls were parked.");
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sum += c->park_seconds_bucket[i];
        put(m, "callpark_park_duration_seconds_bucket{le=\"%s\"} %llu\n", limits[i],
            (unsigned long long)sum);
    }
    put(m, "callpark_park_duration_seconds_sum %.3f\n", c->park_seconds_sum);
    put(m, "callpark_park_duration_seconds_count %llu\n", (unsigned long long)sum);
}

static void one(struct metrics *m, const char *name, const char *type, const char *help,
                uint64_t value)
{
    head(m, name, type, help);
    put(m, "callpark_%s %llu\n", name, (unsigned long long)value);
}

static void add_lamps(const struct sip_counts *s, struct metrics *m)
{
    one(m, "lamp_watchers", "gauge", "Subscriptions to lamps.", s->watchers);
    one(m, "lamp_subscribes_total", "counter", "SUBSCRIBE requests that began one, or tried to.",
        s->subscribes);
    one(m, "lamp_watchers_refused_total", "counter",
        "SUBSCRIBE requests refused because there are too many, or a list is too long.",
        s->watchers_refused);
    one(m, "lamp_notifies_total", "counter", "NOTIFY requests sent to those who watch lamps.",
        s->notifies);
    one(m, "lamp_notifies_failed_total", "counter", "NOTIFY requests that were refused or lost.",
        s->notifies_failed);
    one(m, "lamp_publishes_total", "counter", "PUBLISH requests sent to the presence server.",
        s->publishes);
    one(m, "lamp_publishes_failed_total", "counter", "PUBLISH requests that were refused or lost.",
        s->publishes_failed);
}

static void add_auth(struct metrics *m, const struct sip_counts *s)
{
    static const char *const reasons[SIP_AUTH_FAILURES] = {
        [SIP_AUTH_PASSWORD] = "wrong_password",   [SIP_AUTH_USER] = "unknown_user",
        [SIP_AUTH_NONCE] = "unknown_nonce",       [SIP_AUTH_REPLAYED] = "replayed",
        [SIP_AUTH_MALFORMED] = "malformed",       [SIP_AUTH_THROTTLED] = "throttled",
        [SIP_AUTH_NOT_ALLOWED] = "not_permitted",
    };

    one(m, "sip_challenges_total", "counter", "SIP requests that were answered with 401.",
        s->challenges);
    head(m, "sip_auth_failures_total", "counter", "Phones that were not let in, by why.");
    for (unsigned i = 0; i < SIP_AUTH_FAILURES; i++)
        put(m, "callpark_sip_auth_failures_total{reason=\"%s\"} %llu\n", reasons[i],
            (unsigned long long)s->auth_failures[i]);
}

static void add_hop(const struct sip_hop *h, struct metrics *m, const char *name, double value)
{
    char system[2 * SIP_HOP_SYSTEM_SIZE], host[2 * FQDN_SIZE];
    bool v6 = strchr(h->host, ':') != NULL;

    escape(system, sizeof system, h->system);
    escape(host, sizeof host, h->host);
    put(m, "callpark_%s{system=\"%s\",server=\"%s:%s%s%s:%u\"} %g\n", name, system, h->transport,
        v6 ? "[" : "", host, v6 ? "]" : "", h->port, value);
}

/* One whose state nobody knows has none. */
static void add_hops(struct app *a, struct metrics *m)
{
    head(m, "hop_up", "gauge", "1 when this server of another system answers, 0 when it does not.");
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++) {
        const struct sip_hop *h = app_hop(a, i);

        if (h && h->state != SIP_HOP_UNKNOWN)
            add_hop(h, m, "hop_up", h->state == SIP_HOP_UP);
    }
    head(m, "hop_round_trip_seconds", "gauge", "How long its answer to the last OPTIONS took.");
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++) {
        const struct sip_hop *h = app_hop(a, i);

        if (h && h->measured)
            add_hop(h, m, "hop_round_trip_seconds", h->round_trip / 1000.0);
    }
}

static void add_sip(struct app *a, struct metrics *m)
{
    struct sip_counts s = { 0 };

    app_sip_count(a, &s);
    head(m, "sip_messages_total", "counter", "SIP messages, by direction and kind.");
    put(m, "callpark_sip_messages_total{direction=\"in\",kind=\"request\"} %llu\n",
        (unsigned long long)s.requests_in);
    put(m, "callpark_sip_messages_total{direction=\"out\",kind=\"response\"} %llu\n",
        (unsigned long long)s.responses_out);
    put(m, "callpark_sip_messages_total{direction=\"out\",kind=\"request\"} %llu\n",
        (unsigned long long)s.requests_out);
    put(m, "callpark_sip_messages_total{direction=\"in\",kind=\"response\"} %llu\n",
        (unsigned long long)s.responses_in);
    add_auth(m, &s);
    head(m, "sip_refused_total", "counter", "SIP requests that were refused by what they are.");
    put(m, "callpark_sip_refused_total{reason=\"untrusted\"} %llu\n",
        (unsigned long long)s.refused_untrusted);
    put(m, "callpark_sip_refused_total{reason=\"limit\"} %llu\n",
        (unsigned long long)s.refused_limit);
    put(m, "callpark_sip_refused_total{reason=\"overload\"} %llu\n", (unsigned long long)s.shed);
    put(m, "callpark_sip_refused_total{reason=\"malformed\"} %llu\n",
        (unsigned long long)s.malformed);
    one(m, "sip_unread_total", "counter",
        "Datagrams that the system dropped before they were read, in a flood.", s.unread);
    head(m, "sip_thinned_ratio", "gauge",
         "Share of new INVITEs that the system is to drop unread, in a flood; 0: none.");
    put(m, "callpark_sip_thinned_ratio %.3f\n", s.thinned / 1000.0);
    one(m, "sip_accounts", "gauge", "Addresses of ours that registrars shall know.", s.accounts);
    one(m, "sip_registered", "gauge", "Those of them that are registered.", s.registered);
    add_hops(a, m);
    one(m, "sip_legs", "gauge", "SIP dialogs that are open.", s.legs);
    one(m, "sip_restored_total", "counter", "SIP dialogs of before the start that were taken up.",
        s.restored);
    one(m, "sip_restored_lost_total", "counter",
        "Those that could not be taken up, or whose far end was gone.", s.restored_lost);
    one(m, "sip_restored_unheard", "gauge",
        "Those whose far end has not shown yet that it is still there.", s.restored_unheard);
    add_lamps(&s, m);
}

/* How late packets left their worker. */
static void add_lateness(struct metrics *m, const struct media_counts *n)
{
    static const uint64_t limits_us[MEDIA_LATE_STEPS - 1] = MEDIA_LATE_US;
    uint64_t sum = 0;

    head(m, "rtp_packet_lateness_seconds", "histogram",
         "How long after its time a packet of RTP left.");
    for (size_t i = 0; i < MEDIA_LATE_STEPS; i++) {
        sum += n->late[i];
        if (i < MEDIA_LATE_STEPS - 1)
            put(m, "callpark_rtp_packet_lateness_seconds_bucket{le=\"%g\"} %llu\n",
                (double)limits_us[i] / 1e6, (unsigned long long)sum);
    }
    put(m, "callpark_rtp_packet_lateness_seconds_bucket{le=\"+Inf\"} %llu\n",
        (unsigned long long)sum);
    put(m, "callpark_rtp_packet_lateness_seconds_sum %.6f\n", (double)n->late_us_sum / 1e6);
    put(m, "callpark_rtp_packet_lateness_seconds_count %llu\n", (unsigned long long)sum);
    one(m, "rtp_packets_skipped_total", "counter",
        "RTP packets that were not sent, as they would have been too late.", n->packets_skipped);
}

static void add_workers(struct metrics *m, const struct media_counts *n)
{
    one(m, "rtp_streams_room", "gauge",
        "RTP streams that still fit before new calls are not parked any more.", n->room);
    head(m, "rtp_worker_streams", "gauge", "RTP streams of a media worker.");
    for (unsigned i = 0; i < n->workers; i++)
        put(m, "callpark_rtp_worker_streams{worker=\"%u\"} %u\n", i, n->worker[i].streams);
    head(m, "rtp_worker_busy_ratio", "gauge", "Part of its time that a media worker is busy.");
    for (unsigned i = 0; i < n->workers; i++)
        put(m, "callpark_rtp_worker_busy_ratio{worker=\"%u\"} %.3f\n", i,
            n->worker[i].busy / 1000.0);
}

static void add_media(struct app *a, struct metrics *m, const struct app_counts *c)
{
    struct media_counts n = { 0 };

    app_media_count(a, &n);
    one(m, "rtp_streams", "gauge", "RTP streams that are open.", n.streams);
    head(m, "rtp_packets_total", "counter", "RTP packets, by direction.");
    put(m, "callpark_rtp_packets_total{direction=\"out\"} %llu\n",
        (unsigned long long)n.packets_out);
    put(m, "callpark_rtp_packets_total{direction=\"in\"} %llu\n", (unsigned long long)n.packets_in);
    one(m, "rtp_packets_late_total", "counter", "RTP packets that left more than 5 ms late.",
        n.packets_late);
    add_lateness(m, &n);
    add_workers(m, &n);
    one(m, "audio_stopped_total", "counter",
        "Legs of strangers that are sent no more audio, as nothing came from where it goes.",
        c->audio_stopped);
    one(m, "audio_refused_total", "counter",
        "INVITEs refused because their SDP names an address that is nobody's to name.",
        c->audio_refused);
    one(m, "rtp_packets_dropped_total", "counter", "RTP packets that were not for us.",
        n.packets_dropped);
    one(m, "srtp_packets_refused_total", "counter",
        "SRTP and SRTCP packets that were forged, replayed, or in the clear.", n.srtp_refused);
}

static void add_certificate(struct app *a, struct metrics *m)
{
    struct http_certificate c;

    if (http_certificate(app_http(a), &c))
        one(m, "certificate_expiry_timestamp_seconds", "gauge",
            "When the certificate of the page and the API ends.", c.not_after / 1000);
}

/* What is wrong with the store, one line for each kind, so that an alert can name it. */
static void add_store(struct metrics *m, struct app *a)
{
    struct app_store_state s;

    app_store_state(a, &s);
    head(m, "store_trouble", "gauge", "1 of the trouble that the store has.");
    for (unsigned i = STORE_FINE + 1; i <= STORE_SLOW; i++)
        put(m, "callpark_store_trouble{kind=\"%s\"} %d\n",
            store_trouble_name((enum store_trouble)i), s.trouble == (enum store_trouble)i);
    one(m, "store_kept", "gauge",
        "Steps, records and the like that wait for the end of a trouble of the store.", s.kept);
    one(m, "store_rows_behind", "gauge", "1 when calls are not all in the store as they are.",
        s.rows_behind);
    head(m, "store_lost_total", "counter", "What a trouble of the store left no room to keep.");
    put(m,
        "callpark_store_lost_total{what=\"steps\"} %llu\n"
        "callpark_store_lost_total{what=\"records\"} %llu\n"
        "callpark_store_lost_total{what=\"audit\"} %llu\n"
        "callpark_store_lost_total{what=\"logins\"} %llu\n"
        "callpark_store_lost_total{what=\"watches\"} %llu\n",
        (unsigned long long)s.lost.steps, (unsigned long long)s.lost.records,
        (unsigned long long)s.lost.audit, (unsigned long long)s.lost.logins,
        (unsigned long long)s.lost.watches);
}

static void add_rest(struct ask *q, struct metrics *m, const struct app_counts *c)
{
    char why[ERR_TEXT_SIZE];

    one(m, "pins_asked_total", "counter", "People who were asked for the PIN of a range.",
        c->pins_asked);
    one(m, "pins_wrong_total", "counter", "PINs that were wrong, or not whole in time.",
        c->pins_wrong);
    one(m, "retrieves_total", "counter", "Calls taken out by dialling their orbit.", c->retrieves);
    one(m, "store_up", "gauge", "1 when the store takes changes.", app_store_fine(q->app, why));
    one(m, "store_failures_total", "counter", "Changes that the store did not take.",
        c->store_failures);
    add_store(m, q->app);
    one(m, "draining", "gauge", "1 when new parks are refused.", app_draining(q->app));
    one(m, "event_subscribers", "gauge", "Event streams that are open.",
        http_streams(app_http(q->app)));
    one(m, "events_total", "counter", "Events that were told to watchers.",
        events_count(q->api->events));
    one(m, "events_dropped_total", "counter", "Events of the edges that found no room.",
        c->events_dropped);
    one(m, "queue_length", "gauge", "Events of the edges that wait.", c->queue_length);
    head(m, "http_requests_total", "counter", "Answers of the API, by hundred of their status.");
    for (unsigned i = 2; i < 6; i++)
        put(m, "callpark_http_requests_total{code=\"%uxx\"} %llu\n", i,
            (unsigned long long)q->api->requests[i]);
    put(m,
        "# HELP process_start_time_seconds Start of the process.\n"
        "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %llu\n",
        (unsigned long long)(c->started / 1000));
}

void get_metrics(struct ask *q)
{
    struct metrics m = { 0 };
    struct app_counts counts;
    char fqdn[FQDN_SIZE + 8];

    memset(&counts, 0, sizeof counts);
    app_count(q->app, &counts);
    escape(fqdn, sizeof fqdn, app_config(q->app)->destination);
    (void)text_format(m.destination, sizeof m.destination, "destination=\"%s\"", fqdn); /* fits */
    head(&m, "build_info", "gauge", "Which version runs.");
    put(&m, "callpark_build_info{version=\"%s\"} 1\n", CALLPARK_VERSION);
    add_calls(q->app, &m, &counts);
    add_orbits(q->app, &m);
    add_ring_backs(&m, &counts);
    add_waits(&m, &counts);
    add_sip(q->app, &m);
    add_media(q->app, &m, &counts);
    add_certificate(q->app, &m);
    add_rest(q, &m, &counts);
    reply_text(q, 200, "text/plain; version=0.0.4; charset=utf-8", csv_take(&m.text));
}
