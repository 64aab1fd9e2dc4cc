/* Takes a command line apart by the table of commands, and says what was meant when it does not
 * fit. */
#include "ctl/args.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

/* clang-format off */
const struct ctl_option ctl_option_table[CTL_OPTIONS] = {
    [OPT_HELP]        = { "help", 'h', NULL, "this help" },
    [OPT_SOCKET]      = { "socket", 0, "PATH", "admin socket of the server (CALLPARK_SOCKET, else /run/callpark/admin.sock)" },
    [OPT_URL]         = { "url", 0, "URL", "talk to the server by HTTP, with the token of CALLPARK_TOKEN or CALLPARK_TOKEN_FILE (CALLPARK_URL)" },
    [OPT_OUTPUT]      = { "output", 'o', "FORMAT", "table, json (the body of the API as it is), ndjson, csv, tsv or name" },
    [OPT_FIELDS]      = { "fields", 0, "LIST", "only these fields, in this order: id,caller.name" },
    [OPT_QUIET]       = { "quiet", 'q', NULL, "say nothing but data and errors" },
    [OPT_YES]         = { "yes", 'y', NULL, "do not ask before something dangerous" },
    [OPT_NO_INPUT]    = { "no-input", 0, NULL, "never ask; what would need an answer is refused" },
    [OPT_DRY_RUN]     = { "dry-run", 'n', NULL, "check and show what would come of it; change nothing" },
    [OPT_NAME]        = { "name", 0, "NAME", "a name; in listings a pattern such as '*Red*'" },
    [OPT_START]       = { "start", 0, "NUMBER", "first number" },
    [OPT_END]         = { "end", 0, "NUMBER", "last number" },
    [OPT_DESTINATION] = { "destination", 'd', "FQDN", "the pool of servers, by FQDN or service ID" },
    [OPT_TYPE]        = { "type", 0, "TYPE", "call_park or group_pickup" },
    [OPT_PARK_NUMBER] = { "park-number", 0, "NUMBER", "number that parks into any free orbit of the range" },
    [OPT_ALLOCATION]  = { "allocation", 0, "HOW", "lru, random, sequential or lowest" },
    [OPT_DRAIN]       = { "drain", 0, NULL, "let the calls in it finish, take no new ones" },
    [OPT_FORCE]       = { "force", 0, NULL, "ring back every call in it at once, then send it to the fallback" },
    [OPT_UPSERT]      = { "upsert", 0, NULL, "change ranges that exist by that name" },
    [OPT_REPLACE]     = { "replace", 0, NULL, "also delete ranges that the file does not name" },
    [OPT_PARTIAL]     = { "partial", 0, NULL, "take what can be taken and leave out the rest; without it, all or nothing" },
    [OPT_TO]          = { "to", 0, "URI", "an address: whom to connect the caller with, or what is dialled" },
    [OPT_STATE]       = { "state", 0, "STATE", "only those in this state" },
    [OPT_RANGE]       = { "range", 0, "RANGE", "a range, by name or id" },
    [OPT_SITE]        = { "site", 0, "SITE", "a site, by name" },
    [OPT_SERVICE_ID]  = { "service-id", 0, "ID", "service ID: ApplicationServer:pool1.contoso.com" },
    [OPT_EFFECTIVE]   = { "effective", 0, "RANGE", "what holds for this range in the end, and which scope says so" },
    [OPT_SINCE]       = { "since", 0, "TIME", "from then on: 7d, 90m, or 2026-11-01T00:00:00Z" },
    [OPT_UNTIL]       = { "until", 0, "TIME", "up to then" },
    [OPT_OUTCOME]     = { "outcome", 0, "HOW", "retrieved, ringback_answered, forwarded, abandoned, timed_out, hung_up, failed" },
    [OPT_ORBIT]       = { "orbit", 0, "NUMBER", "this orbit; in listings only those of it" },
    [OPT_TOPICS]      = { "topics", 0, "LIST", "calls, ranges, settings, system" },
    [OPT_COUNT]       = { "count", 0, "N", "end after so many" },
    [OPT_WATCH]       = { "watch", 'w', NULL, "stay, and show what changes" },
    [OPT_SIP]         = { "sip", 0, "HOST:PORT", "SIP address of the server, if not the one it names itself (UDP)" },
    [OPT_KEEP]        = { "keep", 0, NULL, "leave the temporary range behind" },
    [OPT_CALLS]       = { "calls", 0, "N", "how many callers, 1 to 50" },
    [OPT_ROLE]        = { "role", 0, "ROLE", "administrator, voice-administrator, viewer or attendant" },
    [OPT_USER]        = { "user", 0, "NAME", "a user" },
    [OPT_PHONE]       = { "phone", 0, "URI", "where 'retrieve to my phone' rings; '' for none" },
    [OPT_REMOVE] = { "remove", 0, NULL, "take it away instead" },
    [OPT_PASSWORD_STDIN] = { "password-stdin", 0, NULL, "read the password from standard input" },
    [OPT_PERMISSIONS] = { "permissions", 0, "LIST", "only these of what the owner may: calls.read,calls.retrieve" },
    [OPT_NETWORKS]    = { "networks", 0, "LIST", "it is taken from there only: 192.0.2.0/24" },
    [OPT_EXPIRES]     = { "expires", 0, "TIME", "valid for so long: 30d, 12h" },
    [OPT_ACTOR]       = { "actor", 0, "WHO", "only what this one did" },
    [OPT_ACTION]      = { "action", 0, "WHAT", "only such: range, range.deleted, auth; of explain: park or retrieve, as the phone system says" },
    [OPT_FILE]        = { "file", 'f', "FILE", "the document ('-': standard input)" },
    [OPT_PRUNE]       = { "prune", 0, NULL, "also delete what the document does not name" },
    [OPT_CREATE_MISSING] = { "create-missing", 0, NULL, "make what is not there and leave alone what is" },
    [OPT_SECRETS]     = { "secrets", 0, NULL, "with the hashes of passwords and tokens" },
    [OPT_WITH_MUSIC]  = { "with-music", 0, NULL, "with the music files themselves" },
    [OPT_WITH_PHONE]  = { "with-phone", 0, NULL, "also a phone that answers, to retrieve calls to; its address is the line 'phone URI'" },
    [OPT_FROM]        = { "from", 0, "WHO", "who calls: 105, +4930123456, sip:105@pbx.example, anonymous" },
    [OPT_REFERRED_BY] = { "referred-by", 0, "WHO", "who transferred the call (Referred-By)" },
    [OPT_SOURCE]      = { "source", 0, "ADDRESS", "where it comes from; without it, a trusted network" },
    [OPT_HISTORY]     = { "history", 0, "WHO", "who sent the call on, as History-Info shows" },
    [OPT_REPLACES]    = { "replaces", 0, "LEG", "the leg to be replaced: an orbit, or 'Call-ID;to-tag=...;from-tag=...'" },
    [OPT_SECONDS]     = { "seconds", 0, "N", "end by itself after so many" },
    [OPT_CALL_ID]     = { "call-id", 0, "ID", "Call-ID of a dialog that he has with somebody else" },
    [OPT_LOCAL_TAG]   = { "local-tag", 0, "TAG", "his own tag in that dialog" },
    [OPT_REMOTE_TAG]  = { "remote-tag", 0, "TAG", "the tag of his far end" },
    [OPT_PARKER]      = { "parker", 0, "URI", "who is rung back when nobody retrieves the call" },
};
/* clang-format on */

ctl_options args_common(void)
{
    return TAKES(OPT_HELP) | TAKES(OPT_SOCKET) | TAKES(OPT_URL) | TAKES(OPT_OUTPUT) |
           TAKES(OPT_FIELDS) | TAKES(OPT_QUIET) | TAKES(OPT_NO_INPUT);
}

bool args_given(const struct ctl_args *a, enum ctl_option_id id)
{
    return a->value[id] != NULL;
}

static int no_option(const char *typed, size_t length, struct err *err)
{
    const char *names[CTL_OPTIONS], *meant;
    char name[64];

    (void)text_copy_n(name, sizeof(name), typed, length);
    for (int i = 0; i < CTL_OPTIONS; i++)
        names[i] = ctl_option_table[i].name;
    meant = nearest_word(name, names, CTL_OPTIONS);
    if (meant)
        return err_set(err, -EINVAL, "there is no option '--%s'; did you mean '--%s'?", name,
                       meant);
    return err_set(err, -EINVAL, "there is no option '--%s'; see 'callparkctl --help'", name);
}

static int find_option(const char *name, size_t length)
{
    for (int i = 0; i < CTL_OPTIONS; i++)
        if (strlen(ctl_option_table[i].name) == length &&
            memcmp(ctl_option_table[i].name, name, length) == 0)
            return i;
    return -1;
}

static int find_letter(char letter)
{
    for (int i = 0; i < CTL_OPTIONS; i++)
        if (ctl_option_table[i].letter == letter)
            return i;
    return -1;
}

/* One argument that starts with a dash; `next` is the one behind it and *used becomes true when it
 * was the option's value. */
static int take_option(struct ctl_args *a, const char *text, const char *next, bool *used,
                       struct err *err)
{
    bool is_long = text[1] == '-';
    const char *name = text + (is_long ? 2 : 1);
    size_t length = is_long ? strcspn(name, "=") : 1;
    const char *value = name[length] ? name + length : NULL;
    int id = is_long ? find_option(name, length) : find_letter(*name);

    if (id < 0)
        return no_option(name, length, err);
    if (value && *value == '=')
        value++;
    if (!ctl_option_table[id].value) {
        if (value)
            return err_set(err, -EINVAL, "'%.64s': --%s takes no value", text,
                           ctl_option_table[id].name);
        a->value[id] = "";
        return 0;
    }
    if (!value) {
        value = next;
        *used = true;
    }
    if (!value)
        return err_set(err, -EINVAL, "--%s needs a value: --%s %s", ctl_option_table[id].name,
                       ctl_option_table[id].name, ctl_option_table[id].value);
    a->value[id] = value;
    return 0;
}

static int split(struct ctl_args *a, int argc, char **argv, struct err *err)
{
    bool only_words = false;

    for (int i = 1; i < argc; i++) {
        bool used = false;
        int failed = 0;

        if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (a->word_count == CTL_WORDS_MAX)
                return err_set(err, -EINVAL, "at most %d words fit on a command line",
                               CTL_WORDS_MAX);
            a->words[a->word_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else {
            failed = take_option(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used, err);
        }
        if (failed)
            return failed;
        i += used;
    }
    return 0;
}

/* How many of the words are the path of this command; 0 if they are not. */
static size_t path_words(const char *path, const struct ctl_args *a)
{
    size_t n = 0;

    for (;;) {
        size_t length = strcspn(path, " ");

        if (n == a->word_count || strlen(a->words[n]) != length ||
            memcmp(a->words[n], path, length) != 0)
            return 0;
        n++;
        if (path[length] == '\0')
            return n;
        path += length + 1;
    }
}

static bool is_group(const struct ctl_command *table, const char *word)
{
    size_t length = strlen(word);

    for (; table->path; table++)
        if (strncmp(table->path, word, length) == 0 && table->path[length] == ' ')
            return true;
    return false;
}

#define COMMANDS_MAX 128

/* The command or group that was meant by the first words, NULL if none comes near. Within a known
 * group only its own commands are meant. */
static const char *meant_by(const struct ctl_command *table, const char *typed, const char *group)
{
    static char groups[COMMANDS_MAX][24];
    const char *words[2 * COMMANDS_MAX];
    size_t count = 0, length = group ? strlen(group) : 0;

    for (size_t i = 0; table[i].path && i < COMMANDS_MAX; i++) {
        const char *path = table[i].path;

        if (group && (strncmp(path, group, length) != 0 || path[length] != ' '))
            continue;
        words[count++] = path;
        if (!group && strchr(path, ' ')) {
            (void)text_copy_n(groups[i], sizeof(groups[i]), path, strcspn(path, " "));
            words[count++] = groups[i];
        }
    }
    return nearest_word(typed, words, count);
}

static int no_command(const struct ctl_command *table, const struct ctl_args *a, struct err *err)
{
    const char *group = a->word_count > 1 && is_group(table, a->words[0]) ? a->words[0] : NULL;
    char typed[64];
    const char *meant;

    if (a->word_count > 1)
        (void)text_format(typed, sizeof(typed), "%s %s", a->words[0], a->words[1]);
    else
        (void)text_copy(typed, sizeof(typed), a->words[0]);
    meant = meant_by(table, typed, group);
    if (!meant && !group)
        meant = meant_by(table, a->words[0], NULL);
    if (meant)
        return err_set(err, -EINVAL, "there is no command '%s'; did you mean '%s'?", typed, meant);
    return err_set(err, -EINVAL, "there is no command '%s'; see 'callparkctl%s%s --help'", typed,
                   group ? " " : "", group ? group : "");
}

static int find_command(struct ctl_args *a, const struct ctl_command *table, struct err *err)
{
    size_t used = 0;

    for (const struct ctl_command *c = table; c->path; c++) {
        size_t n = path_words(c->path, a);

        if (n > used) {
            used = n;
            a->command = c;
        }
    }
    if (used) {
        a->word_count -= used;
        memmove(a->words, a->words + used, a->word_count * sizeof(a->words[0]));
        return 0;
    }
    if (a->word_count == 1 && is_group(table, a->words[0])) {
        a->group = a->words[0];
        return 0;
    }
    return no_command(table, a, err);
}

void args_bounds(const char *arguments, size_t *least, size_t *most)
{
    *least = *most = 0;
    while (*arguments) {
        size_t length = strcspn(arguments, " ");

        if (*arguments != '[')
            ++*least;
        ++*most;
        if (length > 3 &&
            strncmp(arguments + length - 3 - (arguments[length - 1] == ']'), "...", 3) == 0)
            *most = CTL_WORDS_MAX;
        arguments += length + (arguments[length] == ' ');
    }
}

/* Does the command take what was given? */
static int check(const struct ctl_args *a, struct err *err)
{
    const struct ctl_command *c = a->command;
    size_t least, most;

    for (int i = 0; i < CTL_OPTIONS; i++)
        if (a->value[i] && !((args_common() | c->options) & TAKES(i)))
            return err_set(err, -EINVAL, "'%s' takes no option '--%s'; see 'callparkctl %s --help'",
                           c->path, ctl_option_table[i].name, c->path);
    args_bounds(c->arguments, &least, &most);
    if (a->word_count < least)
        return err_set(err, -EINVAL, "'%s' needs more: callparkctl %s %s", c->path, c->path,
                       c->arguments);
    if (a->word_count > most)
        return err_set(err, -EINVAL,
                       "'%s' does not know what to do with '%.64s': callparkctl %s %s", c->path,
                       a->words[most], c->path, c->arguments);
    return 0;
}

int args_parse(struct ctl_args *out, const struct ctl_command *table, int argc, char **argv,
               struct err *err)
{
    struct ctl_args a = { 0 };
    int failed = split(&a, argc, argv, err);

    /* "help range create" is "range create --help". */
    if (!failed && a.word_count && strcmp(a.words[0], "help") == 0) {
        a.value[OPT_HELP] = "";
        a.word_count--;
        memmove(a.words, a.words + 1, a.word_count * sizeof(a.words[0]));
    }
    if (!failed && a.word_count)
        failed = find_command(&a, table, err);
    if (!failed && a.command && !a.value[OPT_HELP])
        failed = check(&a, err);
    if (failed)
        return failed;
    *out = a;
    return 0;
}
