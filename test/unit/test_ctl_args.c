/* The command line: which command it is, what it is given, and what is said when it does not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/commands.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define MOST 10

static int parse(struct ctl_args *a, const char *const *words, struct err *err)
{
    char *argv[MOST + 1];
    int argc = 0;

    argv[argc++] = (char *)(uintptr_t) "callparkctl";
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    return args_parse(a, ctl_commands, argc, argv, err);
}

static void reads_command_lines(void **state)
{
    static const struct {
        const char *words[MOST];
        const char *path;
        size_t count;
        const char *first;
        enum ctl_option_id option;
        const char *value;
    } table[] = {
        { { "range", "list" }, "range list", 0, NULL, OPT_OUTPUT, NULL },
        { { "range", "list", "-o", "json" }, "range list", 0, NULL, OPT_OUTPUT, "json" },
        { { "-ojson", "range", "list" }, "range list", 0, NULL, OPT_OUTPUT, "json" },
        { { "range", "--output=csv", "list" }, "range list", 0, NULL, OPT_OUTPUT, "csv" },
        { { "range", "create", "Lobby", "*7000", "*7099", "-d", "pool1" },
          "range create",
          3,
          "Lobby",
          OPT_DESTINATION,
          "pool1" },
        { { "range", "create", "--", "-x", "1", "2" }, "range create", 3, "-x", OPT_YES, NULL },
        { { "range", "import", "-" }, "range import", 1, "-", OPT_YES, NULL },
        { { "range", "delete", "A B", "--yes" }, "range delete", 1, "A B", OPT_YES, "" },
        { { "settings", "set", "a=1", "b=2", "c=3" }, "settings set", 3, "a=1", OPT_SITE, NULL },
        { { "settings", "get" }, "settings get", 0, NULL, OPT_EFFECTIVE, NULL },
        { { "call", "extend", "7003", "60s" }, "call extend", 2, "7003", OPT_TO, NULL },
        { { "status", "--watch" }, "status", 0, NULL, OPT_WATCH, "" },
        { { "help", "range", "create" }, "range create", 0, NULL, OPT_HELP, "" },
        { { "range", "create", "-h" }, "range create", 0, NULL, OPT_HELP, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ctl_args a;
        struct err err = { 0 };

        if (parse(&a, table[i].words, &err))
            fail_msg("line %zu: %s", i, err.text);
        assert_string_equal(a.command->path, table[i].path);
        assert_int_equal(a.word_count, table[i].count);
        if (table[i].first)
            assert_string_equal(a.words[0], table[i].first);
        if (table[i].value)
            assert_string_equal(a.value[table[i].option], table[i].value);
        else
            assert_null(a.value[table[i].option]);
    }
}

static void says_what_was_meant(void **state)
{
    static const struct {
        const char *words[MOST];
        const char *part;
    } table[] = {
        { { "rnage", "list" }, "did you mean 'range list'?" },
        { { "range", "lsit" }, "did you mean 'range list'?" },
        { { "rang" }, "did you mean 'range'?" },
        { { "satus" }, "did you mean 'status'?" },
        { { "range", "frobnicate" }, "there is no command 'range frobnicate'" },
        { { "xyzzyplugh" }, "there is no command 'xyzzyplugh'" },
        { { "range", "list", "--destnation", "x" }, "did you mean '--destination'?" },
        { { "range", "list", "--drain" }, "'range list' takes no option '--drain'" },
        { { "range", "list", "-Z" }, "there is no option" },
        { { "range", "list", "-o" }, "--output needs a value" },
        { { "range", "list", "--yes=1" }, "--yes takes no value" },
        { { "range", "get" }, "'range get' needs more: callparkctl range get RANGE" },
        { { "range", "get", "A", "B" }, "does not know what to do with 'B'" },
        { { "settings", "set" }, "needs more" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ctl_args a;
        struct err err = { 0 };

        assert_true(parse(&a, table[i].words, &err) < 0);
        if (!strstr(err.text, table[i].part))
            fail_msg("line %zu: '%s' does not say '%s'", i, err.text, table[i].part);
    }
}

static void counts_arguments(void **state)
{
    static const struct {
        const char *arguments;
        size_t least, most;
    } table[] = {
        { "", 0, 0 },
        { "NAME", 1, 1 },
        { "NAME START END", 3, 3 },
        { "[KEY]", 0, 1 },
        { "KEY=VALUE...", 1, CTL_WORDS_MAX },
        { "[KEY...]", 0, CTL_WORDS_MAX },
        { "CALL [TEXT]", 1, 2 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        size_t least, most;

        args_bounds(table[i].arguments, &least, &most);
        assert_int_equal(least, table[i].least);
        assert_int_equal(most, table[i].most);
    }
}

/* A line as a shell would take it apart: blanks, single quotes; a pipe or redirection ends it.
 * `line` is changed. How many words. */
static int shell_words(char *line, const char *words[MOST])
{
    int count = 0;

    while (*line && !strchr("|<>", *line) && count < MOST - 1) {
        char quote = *line == '\'' ? '\'' : ' ';

        line += quote == '\'';
        words[count++] = line;
        line = strchr(line, quote) ? strchr(line, quote) : line + strlen(line);
        if (*line)
            *line++ = '\0';
        line += strspn(line, " ");
    }
    words[count] = NULL;
    return count;
}

/* The table itself: every command has words for its help, and each of its examples is a command
 * line that is taken as that command. */
static void every_example_is_taken(void **state)
{
    (void)state;
    for (const struct ctl_command *c = ctl_commands; c->path; c++) {
        char *lines = strdup(c->examples), *rest = lines, *line;

        assert_non_null(c->run);
        assert_true(*c->summary && *lines);
        while ((line = strsep(&rest, "\n")) != NULL) {
            const char *words[MOST];
            struct ctl_args a;
            struct err err = { 0 };

            assert_true(shell_words(line, words) > 0);
            if (parse(&a, words, &err))
                fail_msg("%s: %s", c->path, err.text);
            assert_ptr_equal(a.command, c);
        }
        free(lines);
    }
}

static void groups_and_nothing(void **state)
{
    const char *const none[] = { NULL }, *const group[] = { "range", NULL };
    struct ctl_args a;

    (void)state;
    assert_int_equal(parse(&a, none, NULL), 0);
    assert_null(a.command);
    assert_int_equal(parse(&a, group, NULL), 0);
    assert_null(a.command);
    assert_string_equal(a.group, "range");
}

/* Statuses of the server as exit codes, each that ux.md 7.1 tells apart. */
static void statuses_are_exit_codes(void **state)
{
    static const unsigned table[][2] = {
        { 200, CTL_OK },
        { 202, CTL_OK },
        { 204, CTL_OK },
        { 400, CTL_INVALID },
        { 401, CTL_NOT_PERMITTED },
        { 403, CTL_NOT_PERMITTED },
        { 404, CTL_NOT_FOUND },
        { 410, CTL_NOT_FOUND },
        { 409, CTL_CONFLICT },
        { 412, CTL_CONFLICT },
        { 422, CTL_INVALID },
        { 428, CTL_CONFLICT },
        { 500, CTL_ERROR },
        { 503, CTL_ERROR },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(ctl_exit_of(table[i][0]), table[i][1]);
}

static void escapes_paths(void **state)
{
    static const struct {
        const char *piece, *path;
    } table[] = {
        { "rng_01", "/x/rng_01/y" }, { "#700", "/x/%23700/y" },     { "a/b", "/x/a%2Fb/y" },
        { "*700", "/x/%2A700/y" },   { "\xC3\xBC", "/x/%C3%BC/y" }, { "a b?c", "/x/a%20b%3Fc/y" },
    };
    char path[CTL_PATH_SIZE], small[4];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_true(ctl_path(path, "/x/", table[i].piece, "/y"));
        assert_string_equal(path, table[i].path);
    }
    assert_false(client_escape(small, sizeof small, "##"));
    assert_true(client_escape(small, sizeof small, "#"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_command_lines), cmocka_unit_test(says_what_was_meant),
        cmocka_unit_test(counts_arguments),    cmocka_unit_test(every_example_is_taken),
        cmocka_unit_test(groups_and_nothing),  cmocka_unit_test(statuses_are_exit_codes),
        cmocka_unit_test(escapes_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
