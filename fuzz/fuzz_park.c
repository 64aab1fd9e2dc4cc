/* The parking machine with bytes as events: whatever comes in whatever order, park_check() holds
 * after each, and the machine comes to rest. Three bytes are one event: what, for which leg or
 * call, and a value. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"
#include "core/park.h"
#include "fuzz.h"

#define START 1000
#define LEGS 16    /* of each kind */
#define ROWS 8     /* calls that a restart puts back */
#define TICKS 1000 /* at one moment; more is a machine that never rests */

static struct deployment deployment;
static void *memory;
static struct park p;
static msec now;

static const char *const numbers[] = { "park", "700", "701", "702", "*701", "7000", "999", "" };
static const char *const people[] = { "sip:105@pbx", "sip:106@pbx", "sip:+4930123456@x", "" };

/* ---- a core to begin with -----------------------------------------------------------------------
 */

static void put_range(range_id id, const char *first, const char *last)
{
    struct range r = { .type = RANGE_CALL_PARK };

    if (range_read(&r, id == 1 ? "one" : "two", first, last, NULL).fault != RANGE_FINE)
        abort();
    r.id = id;
    (void)text_copy(r.destination, FQDN_SIZE, "pool.example");
    if (id == 1)
        (void)text_copy(r.park_number, NUMBER_SIZE, "7000");
    ranges_put(&deployment.ranges, &r);
}

static void deploy(void)
{
    struct destination here = { .fqdn = "pool.example" };

    memset(&deployment, 0, sizeof deployment);
    if (deployment_put_destination(&deployment, &here, NULL))
        abort();
    put_range(1, "700", "702");
    put_range(2, "*700", "*701");
}

/* Taken back from the system and given again, the pages are zero. */
static void new_core(call_id first)
{
    size_t size = calls_size() + orbits_size();
    leg_id next_leg = p.next_leg ? p.next_leg : 2;

    if (!memory)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, size, MADV_DONTNEED))
        abort();
    memset(&p, 0, sizeof p);
    p.deployment = &deployment;
    p.calls = calls_init(memory, first);
    p.orbits = orbits_init((char *)memory + calls_size(), 1);
    p.next_leg = next_leg;
    (void)text_copy(p.house.park_user, DIALLED_SIZE, "park");
    (void)text_copy(p.house.destination, FQDN_SIZE, "pool.example");
    orbits_rebuild(p.orbits, &deployment.ranges, "pool.example");
}

/* ---- steps --------------------------------------------------------------------------------------
 */

static void step(const struct event *ev)
{
    static struct actions out;

    park_step(&p, ev, now, &out);
    for (unsigned i = 0; i < out.count; i++)
        assert(out.at[i].type != ACT_SAVE || calls_find(p.calls, out.at[i].call));
    park_check(&p);
}

static void wait_until(msec until)
{
    static const struct event tick = { .type = EV_TICK };

    while (park_next_deadline(&p) <= until) {
        unsigned ticks = 0;

        if (park_next_deadline(&p) > now)
            now = park_next_deadline(&p);
        while (park_next_deadline(&p) <= now) {
            step(&tick);
            assert(++ticks < TICKS);
        }
    }
    now = until;
}

/* A leg that somebody else began, or one of ours. */
static leg_id leg_of(uint8_t byte)
{
    leg_id n = byte % LEGS;

    return byte & 16 ? 2 + 2 * n : 1 + 2 * n;
}

static const struct call *call_of(uint8_t byte)
{
    const struct call *c = calls_next(p.calls, 0);

    for (byte %= ROWS; byte && c; byte--)
        c = calls_next(p.calls, c->id);
    return c;
}

static void invite(uint8_t which, uint8_t value, uint8_t more)
{
    struct invite in = { .leg = leg_of(which), .trusted = (more & 64) == 0 };
    struct event ev = { .type = EV_INVITE, .invite = &in };

    (void)text_copy(in.dialled, DIALLED_SIZE, numbers[value & 7]);
    (void)text_copy(in.from.uri, URI_SIZE, people[value >> 3 & 3]);
    in.has_referred_by = value & 32;
    (void)text_copy(in.referred_by.uri, URI_SIZE, people[value >> 6]);
    in.replaces = (enum replaces)(more % (REPLACES_PICKUP + 1));
    in.pickup_call = call_of(which) ? call_of(which)->id : 0;
    in.replaces_leg = leg_of(which >> 4 | (more & 16));
    in.early_only = more & 32;
    in.media_refusal = more & 128 ? 488 : 0;
    step(&ev);
}

static void leg_event(enum event_type type, uint8_t which, uint8_t value)
{
    static const uint16_t codes[] = { 404, 486, 488, 408, 482, 603, 503, 480 };
    struct event ev = { .type = type, .leg = leg_of(which) };
    struct call *c = calls_by_leg(p.calls, ev.leg);

    ev.code = codes[value & 7];
    ev.heard = value & 8;
    ev.answered = value & 16;
    ev.digit = "0123456789*#1159"[value & 15];
    ev.wait = c ? c->wait - (value >> 5 & 1) : value;
    (void)text_copy(ev.party.uri, URI_SIZE, people[value >> 6]);
    step(&ev);
}

static void call_event(enum event_type type, uint8_t which, uint8_t value)
{
    struct event ev = { .type = type };
    const struct call *c = call_of(which);

    ev.call = c ? c->id : value;
    ev.write = c ? c->write - (value & 1) : value;
    ev.span = (msec)value * 1000;
    if (value & 2)
        (void)text_copy(ev.uri, URI_SIZE, "sip:9@pbx");
    step(&ev);
}

static void refer(uint8_t which, uint8_t value, uint8_t more)
{
    static const char *const replaces[] = { "", "7@pbx;from-tag=1;to-tag=2" };
    static uint32_t number;
    struct refer r = { .leg = more & 1 ? leg_of(which) : 0, .near = value & 32 };
    struct event ev = { .type = more & 2 ? EV_DO_PARK : EV_REFER, .refer = &r };

    r.number = ev.type == EV_REFER ? ++number : 0;
    r.commanded = ev.type == EV_DO_PARK;
    r.allowed = value & 64;
    (void)text_copy(r.dialled, DIALLED_SIZE, numbers[value & 7]);
    (void)text_copy(r.target_user, DIALLED_SIZE, numbers[which & 7]);
    (void)text_copy(r.target, URI_SIZE, people[value >> 3 & 3]);
    (void)text_copy(r.from.uri, URI_SIZE, people[which >> 5 & 3]);
    (void)text_copy(r.replaces, REPLACES_SIZE, replaces[more >> 2 & 1]);
    r.names = (enum replaces)(which % (REPLACES_PICKUP + 1));
    r.replaces_leg = leg_of(value);
    step(&ev);
}

/* ---- what administrators do ---------------------------------------------------------------------
 */

static void set(uint8_t value)
{
    static const struct {
        enum setting_key key;
        const char *text;
    } settings[] = {
        { SET_TIMEOUT_URI, "sip:op@pbx" },
        { SET_MAX_PICKUP_ATTEMPTS, "3" },
        { SET_MAX_PICKUP_ATTEMPTS, "1" },
        { SET_PICKUP_TIMEOUT, "off" },
        { SET_PICKUP_TIMEOUT, "10" },
        { SET_MAX_PARK, "1m" },
        { SET_COOL_DOWN, "0" },
        { SET_COOL_DOWN, "1h" },
        { SET_ANNOUNCE, "off" },
        { SET_FREE_ORBIT, "reject" },
        { SET_RETRIEVE_ALLOW, "105" },
        { SET_ALLOCATION, "random" },
        { SET_PIN, "1159" },
        { SET_RINGBACK_CONFIRM, "on" },
    };
    size_t n = value % (sizeof settings / sizeof *settings);

    (void)settings_set(&deployment.global, settings[n].key, settings[n].text, NULL);
}

static void administer(uint8_t which, uint8_t value)
{
    if (which & 1)
        set(value);
    else if (which & 2)
        p.house.draining = value & 1;
    else if (which & 4)
        orbits_close(p.orbits, number_read("700", NULL), number_read("702", NULL), value & 1);
    else if (value & 1)
        (void)ranges_remove(&deployment.ranges, 2);
    else
        put_range(2, "*700", value & 2 ? "*701" : "*705");
    orbits_rebuild(p.orbits, &deployment.ranges, "pool.example");
    park_check(&p);
}

/* What was written is put back, as far as the orbits are still there. */
static void restart(uint8_t one, uint8_t two)
{
    static struct call rows[ROWS];
    static struct actions out;
    unsigned count = 0;
    call_id highest = 0;

    for (const struct call *c = calls_next(p.calls, 0); c; c = calls_next(p.calls, c->id)) {
        highest = c->id > highest ? c->id : highest;
        if (count < ROWS && c->caller_leg)
            rows[count++] = *c;
    }
    new_core(highest);
    for (unsigned i = 0; i < count; i++) {
        unsigned as = (unsigned)(one | two << 8) >> i;
        struct restore legs = { as & 64 ? LEG_RESTORED_UP : (enum restored_leg)(as & 3),
                                (enum restored_leg)(as >> 2 & 3),
                                (enum restored_leg)(as >> 4 & 3) };

        (void)park_restore(&p, &rows[i], &legs, now, &out);
        park_check(&p);
    }
}

static void one(const uint8_t *b)
{
    uint8_t what = b[0] % 28;

    if (b[0] >= 248)
        leg_event((enum event_type)(EV_SAID + b[0] % 3), b[1], b[2]);
    else if (b[0] >= 244)
        call_event(EV_DO_FORCE_OUT, b[1], b[2]);
    else if (b[0] >= 224)
        refer(b[1], b[2], b[0] - 224);
    else if (what < 6)
        invite(b[1], b[2], b[0] / 28 * 16 | (b[1] & 15));
    else if (what < 8)
        leg_event(EV_LEG_UP, b[1], b[2]);
    else if (what < 15)
        leg_event((enum event_type)(EV_CANCELLED + what - 8), b[1], b[2]);
    else if (what < 24)
        call_event((enum event_type)(EV_SAVED + what - 15), b[1], b[2]);
    else if (what < 26)
        wait_until(now + (msec)b[1] * (b[2] & 1 ? 10 : 1000));
    else if (what < 27)
        administer(b[1], b[2]);
    else
        restart(b[1], b[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    p.next_leg = 2;
    now = START;
    deploy();
    new_core(0);
    for (; size >= 3; data += 3, size -= 3)
        one(data);
    wait_until(now + UINT64_C(8) * 24 * 3600000);
    return 0;
}
