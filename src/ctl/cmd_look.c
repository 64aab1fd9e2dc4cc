/* callparkctl top, cheat, event history, range gaps: for those who look. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "core/number.h"
#include "ctl/commands.h"

static const struct print_column board[] = { { "ORBIT", "orbit", CELL_TEXT },
                                             { "CALLER", "caller.uri", CELL_WHO },
                                             { "PARKED BY", "parker.uri", CELL_WHO },
                                             { "WAITING", "parked_at", CELL_SINCE },
                                             { "TIME LEFT", "next_step_at", CELL_LEFT },
                                             { "STATE", "state", CELL_TEXT },
                                             { "TRY", "attempt", CELL_TEXT },
                                             { "NEXT", "next_step", CELL_TEXT },
                                             { "NOTE", "note", CELL_TEXT },
                                             { 0 } };

/* Once a second: the time left ticks, whether or not something happens. */
int cmd_top(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = "/api/v1/parked-calls?sort=ringback_at";
    struct ctl_reply range CLEANUP(ctl_reply_done) = { 0 };
    int code = CTL_OK;

    if (ctl_option(ctl, OPT_RANGE)) {
        code = ctl_find_range(ctl, ctl_option(ctl, OPT_RANGE), &range);
        if (!code && !ctl_query(path, "range", ctl_string(range.json, "id")))
            code = ctl_fail(ctl, CTL_ERROR, "the id of the range is too long");
    }
    while (!code) {
        struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };

        code = ctl_list(ctl, path, &r);
        if (code)
            break;
        ctl->style.now = time(NULL);
        if (isatty(STDOUT_FILENO))
            fputs("\033[H\033[2J", ctl->out);
        fprintf(ctl->out, "%zu parked\n", json_array_size(json_object_get(r.json, "items")));
        print_list(ctl->out, &ctl->style, json_object_get(r.json, "items"), board);
        if (fflush(ctl->out) != 0)
            return CTL_ERROR; /* main() says why */
        (void)sleep(1);
    }
    return code;
}

int cmd_cheat(struct ctl *ctl)
{
    fputs(
        "Who waits?                callparkctl call list      (top: as it changes)\n"
        "Why is he there?          callparkctl call get 7003\n"
        "Fetch him to a phone      callparkctl call retrieve 7003 --to sip:101@pbx.example\n"
        "More time                 callparkctl call extend 7003 60s\n"
        "Ring the parker now       callparkctl call ringback 7003\n"
        "What became of calls      callparkctl record list --since 1d\n"
        "Set numbers aside         callparkctl range create Lobby 7000 7099 -d pool1.contoso.com\n"
        "Which range is 7042 in?   callparkctl range find 7042\n"
        "What is free?             callparkctl range gaps 7000 7999\n"
        "Wait longer everywhere    callparkctl settings set pickup_timeout=2m\n"
        "What holds for a range    callparkctl settings get --effective Lobby\n"
        "Who did that?             callparkctl audit list --since 1d\n"
        "Take it back              callparkctl audit undo 57\n"
        "Somebody new              callparkctl user add anna --role attendant\n"
        "All of it in a file       callparkctl definitions export >callpark.json\n"
        "Before an upgrade         callparkctl system backup /var/backups/callpark.db\n"
        "Is it fit?                callparkctl system health; callparkctl selftest\n",
        ctl->out);
    return CTL_OK;
}

static const struct print_column event[] = {
    { "ID", "id", CELL_TEXT },           { "WHEN", "data.at", CELL_TIME },
    { "EVENT", "event", CELL_TEXT },     { "ORBIT", "data.call.orbit", CELL_TEXT },
    { "WHY", "data.reason", CELL_TEXT }, { 0 }
};

/* The newest of what is kept: the number of the last one is asked for first. */
int cmd_event_history(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = "/api/v1/events/history", after[32];
    const char *count = ctl_option(ctl, OPT_COUNT);
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 }, end CLEANUP(ctl_reply_done) = { 0 };
    uint64_t number = 1000;
    json_int_t last;
    int code;

    if (count && !text_number(count, 1, 1000, &number))
        return ctl_fail(ctl, CTL_USAGE, "--count %.32s: a number from 1 to 1000", count);
    code = ctl_get(ctl, "/api/v1/events/history?limit=1", &end);
    if (code)
        return code;
    last = json_integer_value(json_object_get(end.json, "last"));
    (void)text_format(after, sizeof(after), "%lld",
                      (long long)(last > (json_int_t)number ? last - (json_int_t)number : 0));
    if (!ctl_query(path, "topics", ctl_option(ctl, OPT_TOPICS)) ||
        !ctl_query(path, "after", after) || !ctl_query(path, "limit", "1000"))
        return ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    code = ctl_get(ctl, path, &r);
    return code ? code : ctl_show_list(ctl, &r, event, "id");
}

/* ---- blocks that nobody has --------------------------------------------------------------------
 */

static const struct print_column gap[] = { { "START", "start", CELL_TEXT },
                                           { "END", "end", CELL_TEXT },
                                           { "SIZE", "size", CELL_TEXT },
                                           { "BEHIND", "behind", CELL_TEXT },
                                           { 0 } };

/* A range as numbers, in the order of numbers. */
struct block {
    number_key first, last;
    const char *name;
};

static int compare(const void *a, const void *b)
{
    const struct block *x = a, *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

static void add_gap(json_t *gaps, number_key first, number_key last, const char *behind)
{
    char start[NUMBER_SIZE], end[NUMBER_SIZE];

    if (first > last || number_prefix(first) != number_prefix(last) ||
        number_digits(first) != number_digits(last))
        return; /* no range could be made of it */
    number_text(start, first);
    number_text(end, last);
    (void)json_array_append_new(gaps, json_pack("{s:s, s:s, s:I, s:s}", "start", start, "end", end,
                                                "size", (json_int_t)last - (json_int_t)first + 1,
                                                "behind", behind));
}

static size_t read_blocks(const json_t *items, struct block *blocks)
{
    const json_t *range;
    size_t count = 0, i;

    json_array_foreach(items, i, range)
    {
        struct block *b = &blocks[count];

        b->name = ctl_string(range, "name");
        b->first = number_read(ctl_string(range, "start"), NULL);
        b->last = number_read(ctl_string(range, "end"), NULL);
        if (b->first && b->last)
            count++;
    }
    qsort(blocks, count, sizeof(*blocks), compare);
    return count;
}

/* Between each two ranges, as far as the bounds go. */
static void find_gaps(json_t *gaps, const struct block *blocks, size_t count, number_key low,
                      number_key high)
{
    const char *behind = "";
    number_key next = low;

    for (size_t i = 0; i < count; i++) {
        if (low && (blocks[i].last < low || blocks[i].first > high))
            continue;
        if (next && blocks[i].first > next)
            add_gap(gaps, next, blocks[i].first - 1, behind);
        next = blocks[i].last + 1;
        behind = blocks[i].name;
    }
    if (low && next <= high)
        add_gap(gaps, next, high, behind);
}

int cmd_range_gaps(struct ctl *ctl)
{
    json_t *gaps CLEANUP(ctl_json_done) = json_array();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    number_key low = 0, high = 0;
    struct err err = { 0 };
    struct block *blocks;
    size_t count;
    int code;

    if (ctl->args.word_count == 1)
        return ctl_fail(ctl, CTL_USAGE, "both ends are needed, such as 7000 7999");
    if (ctl->args.word_count == 2) {
        low = number_read(ctl->args.words[0], &err);
        high = low ? number_read(ctl->args.words[1], &err) : 0;
        if (!low || !high)
            return ctl_fail(ctl, CTL_INVALID, "%s", err.text);
    }
    code = ctl_list(ctl, "/api/v1/number-ranges", &r);
    if (code)
        return code;
    count = json_array_size(json_object_get(r.json, "items"));
    blocks = calloc(count + 1, sizeof(*blocks));
    if (!blocks)
        return ctl_fail(ctl, CTL_ERROR, "out of memory");
    count = read_blocks(json_object_get(r.json, "items"), blocks);
    find_gaps(gaps, blocks, count, low, high);
    free(blocks);
    ctl->style.name = "start";
    if (ctl->style.format == PRINT_TABLE && !json_array_size(gaps))
        ctl_say(ctl, "none");
    else
        print_list(ctl->out, &ctl->style, gaps, gap);
    return CTL_OK;
}
