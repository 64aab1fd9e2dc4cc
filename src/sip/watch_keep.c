/* Subscriptions to lamps live on over a restart: each has a row in the store, written when it
 * begins and at each refresh, removed when it ends. Versions of what is told count time by
 * themselves (watch_out.c); the CSeq of a later run is put above all that may have been sent since.
 */
#include "sip/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/row_text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define NOTIFIES_A_SECOND 11 /* more than COALESCE_MSEC lets anybody have */

struct row {
    struct watch_words words;
    char target[URI_SIZE], listener[96];
    uint32_t kind, how, our_cseq, their_cseq;
    uint64_t first, last, written_at, expires_at; /* the last two by the wall clock */
    uint64_t clock;                               /* clock_offset() at that moment */
    char boot[40];
    bool trusted, profiled;
};

#define PLACE(what) ROW_PLACE(struct row, what)

static const struct field fields[] = {
    { "kind", FIELD_U32, PLACE(kind) },
    { "first", FIELD_U64, PLACE(first) },
    { "last", FIELD_U64, PLACE(last) },
    { "call_id", FIELD_TEXT, PLACE(words.name) },
    { "local", FIELD_TEXT, PLACE(words.local) },
    { "remote", FIELD_TEXT, PLACE(words.remote) },
    { "our_tag", FIELD_TEXT, PLACE(words.our_tag) },
    { "their_tag", FIELD_TEXT, PLACE(words.their_tag) },
    { "routes", FIELD_TEXT, PLACE(words.routes) },
    { "target", FIELD_TEXT, PLACE(target) },
    { "entity", FIELD_TEXT, PLACE(words.entity) },
    { "event_id", FIELD_TEXT, PLACE(words.event_id) },
    { "user", FIELD_TEXT, PLACE(words.user) },
    { "who", FIELD_TEXT, PLACE(words.who) },
    { "source", FIELD_TEXT, PLACE(words.source) },
    { "listener", FIELD_TEXT, PLACE(listener) },
    { "our_cseq", FIELD_U32, PLACE(our_cseq) },
    { "their_cseq", FIELD_U32, PLACE(their_cseq) },
    { "written_at", FIELD_U64, PLACE(written_at) },
    { "expires_at", FIELD_U64, PLACE(expires_at) },
    { "clock", FIELD_U64, PLACE(clock) },
    { "boot", FIELD_TEXT, PLACE(boot) },
    { "trusted", FIELD_BOOL, PLACE(trusted) },
    { "profiled", FIELD_BOOL, PLACE(profiled) },
    { "how", FIELD_U32, PLACE(how) },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* ---- writing ---- */

static void fill(struct row *r, const struct watch *w)
{
    msec now = clock_now();
    wall_msec wall = clock_wall();

    memset(r, 0, sizeof *r);
    text_copy(r->words.name, sizeof r->words.name, w->name);
    text_copy(r->words.local, sizeof r->words.local, w->local);
    text_copy(r->words.remote, sizeof r->words.remote, w->remote);
    text_copy(r->words.our_tag, sizeof r->words.our_tag, w->our_tag);
    text_copy(r->words.their_tag, sizeof r->words.their_tag, w->their_tag);
    text_copy(r->words.routes, sizeof r->words.routes, w->routes);
    text_copy(r->words.entity, sizeof r->words.entity, w->entity);
    text_copy(r->words.event_id, sizeof r->words.event_id, w->event_id);
    text_copy(r->words.user, sizeof r->words.user, w->user);
    text_copy(r->words.who, sizeof r->words.who, w->who);
    text_copy(r->words.source, sizeof r->words.source, w->source);
    text_copy(r->target, sizeof r->target, w->target);
    text_copy(r->listener, sizeof r->listener, w->edge->listeners[w->listener].text);
    r->kind = w->thing->kind;
    r->first = w->thing->first;
    r->last = w->thing->last;
    r->how = w->how;
    r->our_cseq = w->our_cseq;
    r->their_cseq = w->their_cseq;
    r->clock = clock_offset();
    text_copy(r->boot, sizeof r->boot, w->edge->boot);
    r->written_at = wall;
    r->expires_at = wall + (w->expires_at > now ? w->expires_at - now : 0);
    r->trusted = w->trusted;
    r->profiled = w->profiled;
}

void watch_keep(struct watch *w)
{
    struct sip *s = w->edge;
    struct sip_event *ev;
    struct row row;

    if (!s->setup->config.watches_kept)
        return;
    if (!w->number)
        w->number = ++s->watches->last_number;
    fill(&row, w);
    ev = report_begin_edge(s, SIP_WATCH);
    ev->watch.number = w->number;
    if (row_text_write(ev->watch.text, sizeof ev->watch.text, fields, FIELDS, &row))
        report_edge(s);
    else
        log_debug("sip", "a watcher's names are too long to be kept call-id=%s", w->name);
}

static void report_gone(struct sip *s, uint64_t number)
{
    struct sip_event *ev = report_begin_edge(s, SIP_WATCH);

    ev->watch.number = number;
    report_edge(s);
}

void watch_gone(struct watch *w)
{
    if (w->number && !w->edge->stopping)
        report_gone(w->edge, w->number);
}

/* ---- reading ---- */

static unsigned find_listener(const struct sip *s, const char *text)
{
    size_t transport = strcspn(text, ":") + 1;

    for (unsigned i = 0; i < s->listener_count; i++)
        if (text_is(s->listeners[i].text, text))
            return i;
    for (unsigned i = 0; i < s->listener_count; i++)
        if (strncmp(s->listeners[i].text, text, transport) == 0)
            return i;
    return 0;
}

/* A row that others wrote is looked at as any other. */
static bool read_row(struct row *r, const char *text)
{
    char unread[64];

    memset(r, 0, sizeof *r);
    if (!row_text_read(r, fields, FIELDS, text, unread)) {
        log_warning("sip", "a subscription in the store cannot be read: %s", unread);
        return false;
    }
    return r->kind <= WATCH_CALL_INFO && r->how <= LAMP_EARLY && r->first && r->first <= r->last &&
           (r->kind != WATCH_LIST || r->last - r->first < LIST_MAX) && r->words.name[0] &&
           r->words.our_tag[0] && r->words.their_tag[0] && r->words.local[0] &&
           r->words.remote[0] && r->target[0];
}

static uint32_t cseq_behind(const struct sip *s, const struct row *r)
{
    wall_msec now = keep_now(s, r->clock, r->boot);
    uint64_t since = now > r->written_at ? (now - r->written_at) / 1000 + 1 : 1;

    return (uint32_t)((r->our_cseq + since * NOTIFIES_A_SECOND) & 0x7fffffff);
}

static bool take_up(struct sip *s, const struct row *r, uint64_t number)
{
    wall_msec now = keep_now(s, r->clock, r->boot);
    uint64_t left = r->expires_at > now ? (r->expires_at - now) / 1000 : 0;
    struct watch *w;

    if (!left)
        return false;
    w = watch_make(s, &r->words, (enum watch_kind)r->kind, r->first, r->last);
    if (!w)
        return false;
    w->target = strdup(r->target);
    if (!w->target) {
        watch_forget(w);
        return false;
    }
    w->number = number;
    w->listener = find_listener(s, r->listener);
    w->our_cseq = cseq_behind(s, r);
    w->their_cseq = r->their_cseq;
    w->trusted = r->trusted;
    w->profiled = r->profiled;
    w->how = (enum lamp)r->how;
    w->full = w->dirty = true;
    watch_set_expiry(w, left < WATCH_MOST ? (uint32_t)left : WATCH_MOST);
    return true;
}

void watch_take_up(struct sip *s)
{
    struct sip_config *c = &s->setup->config;
    struct watches *all = s->watches;
    size_t taken = 0;
    struct row row;

    for (size_t i = 0; i < c->watch_count; i++) {
        const struct sip_kept_watch *kept = &c->watches[i];

        if (kept->number > all->last_number)
            all->last_number = kept->number;
        if (read_row(&row, kept->text) && take_up(s, &row, kept->number))
            taken++;
        else
            report_gone(s, kept->number);
    }
    all->waking = taken > 0;
    if (taken)
        log_info("sip", "%zu subscriptions to lamps are taken up", taken);
    c->watches = NULL; /* whose they are frees them when we have started */
    c->watch_count = 0;
}

void watch_awake(struct sip *s)
{
    struct watches *all = s->watches;

    if (!all->waking)
        return;
    all->waking = false;
    for (size_t i = 0; i < WATCH_BUCKETS; i++)
        for (struct watch *w = all->by_call[i]; w; w = w->next_by_call) {
            if (!watch_exists(s, w->thing))
                w->ending = "noresource";
            else if (!watch_may_any(w))
                w->ending = "rejected";
            w->full = true;
            watch_tell(w);
        }
}
