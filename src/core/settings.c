/* The table of all settings, and reading, writing and inheriting by it. Not for which scope applies
 * to a call, see deployment.c. */
#include "core/settings.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "core/setting_text.h"

#define SECONDS(n) ((n)*UINT64_C(1000))
#define MINUTES(n) SECONDS((n)*UINT64_C(60))
#define HOURS(n) MINUTES((n)*UINT64_C(60))
#define DAYS(n) HOURS((n)*UINT64_C(24))

struct row {
    struct setting_info info;
    size_t offset, size;                             /* in struct rules */
    int (*check)(const char *text, struct err *err); /* of texts that are not empty */
    const char *initial;
};

#define FIELD(name) offsetof(struct rules, name), sizeof(((struct rules *)0)->name)

/* clang-format off */
static const struct row rows[SETTING_KEYS] = {
    [SET_PICKUP_TIMEOUT] = {
        { "pickup_timeout", "CallPickupTimeoutThreshold",
          "How long a call waits in its orbit before the parker is rung back.",
          KIND_DURATION, SECONDS(10), HOURS(1), true, "", false },
        FIELD(pickup_timeout), NULL, "90s" },
    [SET_MAX_PICKUP_ATTEMPTS] = {
        { "max_pickup_attempts", "MaxCallPickupAttempts",
          "How often the parker is rung back before the call goes to timeout_uri.",
          KIND_COUNT, 1, 10, false, "", false },
        FIELD(max_pickup_attempts), NULL, "1" },
    [SET_RING_TIME] = {
        { "ring_time", "", "How long the parker's phone rings in one attempt.",
          KIND_DURATION, SECONDS(5), SECONDS(120), false, "", false },
        FIELD(ring_time), NULL, "25s" },
    [SET_TIMEOUT_URI] = {
        { "timeout_uri", "OnTimeoutURI",
          "Where the call goes after the last attempt; none: the caller is hung up on.",
          KIND_URI, 0, 0, false, "", false },
        FIELD(timeout_uri), setting_text_uri, "" },
    [SET_MAX_PARK] = {
        { "max_park", "", "How long a call may be parked in all.",
          KIND_DURATION, MINUTES(1), DAYS(7), false, "", false },
        FIELD(max_park), NULL, "24h" },
    [SET_MUSIC_ON_HOLD] = {
        { "music_on_hold", "EnableMusicOnHold", "Whether the caller hears music; off: silence.",
          KIND_SWITCH, 0, 1, false, "on|off", false },
        FIELD(music_on_hold), NULL, "on" },
    [SET_ALLOCATION] = {
        { "allocation", "",
          "Which free orbit is given next: the one unused for longest, any, the next, the lowest.",
          KIND_CHOICE, 0, 3, false, "lru|random|sequential|lowest", false },
        FIELD(allocation), NULL, "lru" },
    [SET_COOL_DOWN] = {
        { "cool_down", "", "How long a freed orbit is not given out again.",
          KIND_DURATION, 0, HOURS(1), false, "", false },
        FIELD(cool_down), NULL, "2s" },
    [SET_RINGBACK_PREFIX] = {
        { "ringback_prefix", "",
          "The name that the parker's phone shows: %o orbit, %n caller's name, %u caller's number.",
          KIND_TEXT, 0, DISPLAY_SIZE - 1, false, "", false },
        FIELD(ringback_prefix), setting_text_template, "Park %o: %n" },
    [SET_ALERT_INFO] = {
        { "alert_info", "", "The Alert-Info header of a ring back, by which a phone picks its ring tone.",
          KIND_TEXT, 0, URI_SIZE - 1, false, "", false },
        FIELD(alert_info), setting_text_alert, "<urn:alert:service:recall:hold>;info=park-recall" },
    [SET_ANNOUNCE] = {
        { "announce", "", "Whether the number of the orbit is spoken to the parker.",
          KIND_SWITCH, 0, 1, false, "on|off", false },
        FIELD(announce), NULL, "on" },
    [SET_MESSAGE] = {
        { "message", "", "Whether the parker is sent a text message with the number of the orbit.",
          KIND_SWITCH, 0, 1, false, "on|off", false },
        FIELD(message), NULL, "off" },
    [SET_ANNOUNCE_BACK] = {
        { "announce_back", "",
          "Whether a parker who has not been told the number is called, and hears it as his phone picks up by itself.",
          KIND_SWITCH, 0, 1, false, "on|off", false },
        FIELD(announce_back), NULL, "off" },
    [SET_LANGUAGE] = {
        { "language", "", "The language in which the number is spoken.",
          KIND_TEXT, 2, 15, false, "", false },
        FIELD(language), setting_text_language, "en" },
    [SET_LAMP] = {
        { "lamp", "", "How an orbit with a call is shown to phones that watch it: steady or blinking.",
          KIND_CHOICE, 0, 1, false, "confirmed|early", false },
        FIELD(lamp), NULL, "confirmed" },
    [SET_FREE_ORBIT] = {
        { "free_orbit", "", "What happens when somebody inside dials a free orbit: he is parked, or refused.",
          KIND_CHOICE, 0, 1, false, "park|reject", false },
        FIELD(free_orbit), NULL, "park" },
    [SET_RETRIEVE_ALLOW] = {
        { "retrieve_allow", "",
          "Who may retrieve: networks and identities, with commas between them; empty: everybody inside.",
          KIND_TEXT, 0, LIST_SIZE - 1, false, "", false },
        FIELD(retrieve_allow), setting_text_allow, "" },
    [SET_MUSIC] = {
        { "music", "",
          "Which uploaded file the caller hears, by its SHA-256; empty: the built-in or configured piece.",
          KIND_TEXT, 0, MUSIC_SIZE - 1, false, "", false },
        FIELD(music), setting_text_music, "" },
    [SET_NO_FORWARD] = {
        { "no_forward", "",
          "Whether a ring back is called off when the parker's phone forwards it elsewhere.",
          KIND_SWITCH, 0, 1, false, "on|off", false },
        FIELD(no_forward), NULL, "on" },
    [SET_PARK_ALLOW] = {
        { "park_allow", "",
          "Who may park: networks and identities, with commas between them; empty: everybody who is let in.",
          KIND_TEXT, 0, LIST_SIZE - 1, false, "", false },
        FIELD(park_allow), setting_text_allow, "" },
    [SET_WATCH_ALLOW] = {
        { "watch_allow", "",
          "Who may watch lamps: networks and identities, with commas between them; empty: everybody who is let in.",
          KIND_TEXT, 0, LIST_SIZE - 1, false, "", false },
        FIELD(watch_allow), setting_text_allow, "" },
    [SET_PIN] = {
        { "pin", "",
          "A PIN of 4 to 8 digits that whoever retrieves by dialling must enter; empty: none. It is never shown.",
          KIND_TEXT, 0, PIN_SIZE - 1, false, "", true },
        FIELD(pin), setting_text_pin, "" },
    [SET_RINGBACK_CONFIRM] = {
        { "ringback_confirm", "",
          "Whether whoever answers a ring back must press 1 to get the call, so that no mailbox gets it.",
          KIND_SWITCH, 0, 1, false, "on|off", false },
        FIELD(ringback_confirm), NULL, "off" },
};
/* clang-format on */

static const struct row *row_of(enum setting_key key)
{
    assert((unsigned)key < SETTING_KEYS);
    return &rows[key];
}

const struct setting_info *setting_info(enum setting_key key)
{
    return &row_of(key)->info;
}

bool setting_find(const char *name, enum setting_key *key)
{
    if (!name || !*name)
        return false;
    for (unsigned i = 0; i < SETTING_KEYS; i++)
        if (text_is_nocase(name, rows[i].info.name) ||
            text_is_nocase(name, rows[i].info.original)) {
            *key = (enum setting_key)i;
            return true;
        }
    return false;
}

static void *field(struct rules *r, const struct row *row)
{
    return (char *)r + row->offset;
}

static const void *field_const(const struct rules *r, const struct row *row)
{
    return (const char *)r + row->offset;
}

/* --- words --- */

/* "10s", "1h", "7d": the largest unit that divides it. */
static void span_words(char *to, size_t size, msec span)
{
    static const struct {
        msec unit;
        char letter;
    } units[] = { { DAYS(1), 'd' }, { HOURS(1), 'h' }, { MINUTES(1), 'm' } };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (span && span % units[i].unit == 0) {
            (void)text_format(to, size, "%u%c", (unsigned)(span / units[i].unit), units[i].letter);
            return;
        }
    (void)text_format(to, size, "%us", (unsigned)(span / SECONDS(1)));
}

static int refuse(const struct row *row, const char *text, struct err *err, const char *use)
{
    char shown[64];

    return err_set(err, -EINVAL, "%s cannot be '%s': use %s", row->info.name,
                   text_shown(shown, sizeof shown, text), use);
}

/* "lru|random|lowest" as "lru, random or lowest". */
static int refuse_choice(const struct row *row, const char *text, struct err *err)
{
    char words[80] = "";

    for (const char *p = row->info.choices; *p;) {
        size_t length = strcspn(p, "|");
        bool last = p[length] == '\0' || !strchr(p + length + 1, '|');

        (void)text_append(words, sizeof words, "%.*s%s", (int)length, p,
                          !p[length] ? ""
                          : last     ? " or "
                                     : ", ");
        p += length + (p[length] ? 1 : 0);
    }
    return refuse(row, text, err, words);
}

/* --- reading --- */

static int set_duration(const struct row *row, void *to, const char *text, struct err *err)
{
    char low[24], high[24], words[80];
    msec value = NEVER;

    if (row->info.may_be_off && text_is_nocase(text, "off")) {
        memcpy(to, &value, sizeof value);
        return 0;
    }
    if (!text_duration(text, &value) || value < row->info.low || value > row->info.high) {
        span_words(low, sizeof low, row->info.low);
        span_words(high, sizeof high, row->info.high);
        (void)text_format(words, sizeof words, "%s to %s%s", low, high,
                          row->info.may_be_off ? ", or off" : "");
        return refuse(row, text, err, words);
    }
    memcpy(to, &value, sizeof value);
    return 0;
}

static int set_count(const struct row *row, void *to, const char *text, struct err *err)
{
    char words[48];
    uint64_t value;
    uint32_t count;

    if (!text_number(text, row->info.low, row->info.high, &value)) {
        (void)text_format(words, sizeof words, "%u to %u", (unsigned)row->info.low,
                          (unsigned)row->info.high);
        return refuse(row, text, err, words);
    }
    count = (uint32_t)value;
    memcpy(to, &count, sizeof count);
    return 0;
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && !text_is_nocase(text, *words))
        words++;
    return *words != NULL;
}

static int set_switch(const struct row *row, void *to, const char *text, struct err *err)
{
    static const char *const on[] = { "on", "true", "yes", "1", "$true", NULL };
    static const char *const off[] = { "off", "false", "no", "0", "$false", NULL };
    bool value = is_one_of(text, on);

    if (!value && !is_one_of(text, off))
        return refuse(row, text, err, "on or off");
    memcpy(to, &value, sizeof value);
    return 0;
}

/* All enums of settings are stored alike, which lets one function serve them. */
_Static_assert(sizeof(enum allocation) == sizeof(uint32_t), "an enum is 32 bits");

static int set_choice(const struct row *row, void *to, const char *text, struct err *err)
{
    size_t wanted = strlen(text);
    uint32_t value = 0;

    for (const char *p = row->info.choices; *p; value++) {
        char choice[24];
        size_t length = strcspn(p, "|");

        if (length == wanted && text_copy_n(choice, sizeof choice, p, length) &&
            text_is_nocase(choice, text)) {
            memcpy(to, &value, sizeof value);
            return 0;
        }
        p += length + (p[length] ? 1 : 0);
    }
    return refuse_choice(row, text, err);
}

static int set_text(const struct row *row, char *to, const char *text, struct err *err)
{
    struct err why = { 0 };
    char shown[64];

    if (row->info.kind == KIND_URI && text_is_nocase(text, "none"))
        text = "";
    (void)text_shown(shown, sizeof shown, row->info.secret ? SETTING_KEPT : text);
    if (!text_is_plain(text))
        return err_set(err, -EINVAL,
                       "%s has control characters or broken UTF-8 in it: '%s'; take them out",
                       row->info.name, shown);
    if (strlen(text) >= row->size)
        return err_set(err, -EINVAL, "%s is longer than %zu bytes: shorten it", row->info.name,
                       row->size - 1);
    if ((*text || row->info.low > 0) && row->check(text, &why) != 0)
        return err_set(err, -EINVAL, "%s '%s' %s", row->info.name, shown, why.text);
    (void)text_copy(to, row->size, text); /* its length was checked */
    return 0;
}

static int set_field(const struct row *row, struct rules *r, const char *text, struct err *err)
{
    switch (row->info.kind) {
    case KIND_DURATION:
        return set_duration(row, field(r, row), text, err);
    case KIND_COUNT:
        return set_count(row, field(r, row), text, err);
    case KIND_SWITCH:
        return set_switch(row, field(r, row), text, err);
    case KIND_CHOICE:
        return set_choice(row, field(r, row), text, err);
    case KIND_URI:
    case KIND_TEXT:
        return set_text(row, field(r, row), text, err);
    }
    assert(false); /* the table has no other kind */
    return -EINVAL;
}

int settings_set(struct settings *s, enum setting_key key, const char *text, struct err *err)
{
    const struct row *row = row_of(key);
    char trimmed[LIST_SIZE];
    int failed;

    if (!text_trim(trimmed, sizeof trimmed, text))
        return err_set(err, -EINVAL, "%s is far too long: shorten it", row->info.name);
    failed = set_field(row, &s->values, trimmed, err);
    if (!failed)
        s->set |= UINT32_C(1) << key;
    return failed;
}

void settings_unset(struct settings *s, enum setting_key key)
{
    const struct row *row = row_of(key);

    s->set &= ~(UINT32_C(1) << key);
    memset(field(&s->values, row), 0, row->size);
}

int settings_keep(struct settings *to, const struct settings *now, struct err *err)
{
    bool kept = to->set & UINT32_C(1) << SET_PIN && text_is(to->values.pin, SETTING_KEPT);

    if (!kept)
        return 0;
    if (!now || !(now->set & UINT32_C(1) << SET_PIN) || !*now->values.pin)
        return err_set(err, -EINVAL,
                       "pin is '" SETTING_KEPT
                       "', which means as it is, but none is set here: give "
                       "its digits");
    memcpy(to->values.pin, now->values.pin, sizeof to->values.pin);
    return 0;
}

/* --- inheriting, showing --- */

/* Reading so many texts takes longer than all else that a park decides, and they never change: each
 * thread reads them once. */
void rules_default(struct rules *r)
{
    /* Of a program and not of a library: then it is no call to find it. */
    static _Thread_local struct settings all __attribute__((tls_model("initial-exec")));

    for (unsigned i = 0; i < SETTING_KEYS && !(all.set & UINT32_C(1) << (SETTING_KEYS - 1)); i++) {
        int failed = settings_set(&all, (enum setting_key)i, rows[i].initial, NULL);

        assert(!failed);
    }
    *r = all.values;
}

void rules_apply(struct rules *r, const struct settings *nearer)
{
    for (unsigned i = 0; i < SETTING_KEYS; i++)
        if (nearer->set & UINT32_C(1) << i)
            memcpy(field(r, &rows[i]), field_const(&nearer->values, &rows[i]), rows[i].size);
}

static void choice_text(char to[LIST_SIZE], const char *choices, uint32_t value)
{
    for (; value > 0 && strchr(choices, '|'); value--)
        choices = strchr(choices, '|') + 1;
    (void)text_copy_n(to, LIST_SIZE, choices, strcspn(choices, "|"));
}

void rules_text(char to[LIST_SIZE], const struct rules *r, enum setting_key key)
{
    const struct row *row = row_of(key);
    const void *from = field_const(r, row);
    uint32_t small = 0;
    msec span = 0;
    bool on = false;

    *to = '\0';
    switch (row->info.kind) {
    case KIND_DURATION:
        memcpy(&span, from, sizeof span);
        if (span == NEVER)
            (void)text_copy(to, LIST_SIZE, "off");
        else
            (void)text_format(to, LIST_SIZE, "%llu", (unsigned long long)(span / SECONDS(1)));
        break;
    case KIND_COUNT:
        memcpy(&small, from, sizeof small);
        (void)text_format(to, LIST_SIZE, "%u", small);
        break;
    case KIND_SWITCH:
        memcpy(&on, from, sizeof on);
        (void)text_copy(to, LIST_SIZE, on ? "on" : "off");
        break;
    case KIND_CHOICE:
        memcpy(&small, from, sizeof small);
        choice_text(to, row->info.choices, small);
        break;
    case KIND_URI:
    case KIND_TEXT:
        (void)text_copy(to, LIST_SIZE, from);
        break;
    }
}

int rules_check(const struct rules *r, struct err *err)
{
    if (r->pickup_timeout == NEVER && (r->max_park == NEVER || r->max_park == 0))
        return err_set(err, -EINVAL,
                       "pickup_timeout is off and max_park is not set, so a forgotten caller would "
                       "wait for ever: set max_park, such as max_park=24h");
    return 0;
}

const char *allocation_name(enum allocation a)
{
    static const char *const names[] = { "lru", "random", "sequential", "lowest" };

    return names[(unsigned)a <= ALLOC_LOWEST ? a : ALLOC_LRU];
}
