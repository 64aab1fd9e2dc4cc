/* callparkctl: reads the command line, finds the server, runs one command. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/context.h"

#define DEFAULT_SOCKET "/run/callpark/admin.sock"
#define TOKEN_SIZE 256

/* An environment variable that is set and not empty. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

/* The token from CALLPARK_TOKEN or the first line of CALLPARK_TOKEN_FILE; never from the command
 * line, where every user of the machine could read it. */
static int read_token(struct ctl *ctl, char token[TOKEN_SIZE])
{
    const char *path = environment("CALLPARK_TOKEN_FILE");
    FILE *file;
    bool read;

    if (environment("CALLPARK_TOKEN"))
        return text_copy(token, TOKEN_SIZE, environment("CALLPARK_TOKEN"))
                   ? CTL_OK
                   : ctl_fail(ctl, CTL_USAGE, "CALLPARK_TOKEN is too long to be a token");
    if (!path)
        return CTL_OK;
    file = fopen(path, "r");
    if (!file)
        return ctl_fail(ctl, CTL_USAGE, "CALLPARK_TOKEN_FILE: %.200s: %s", path, strerror(errno));
    read = fgets(token, TOKEN_SIZE, file) != NULL;
    (void)fclose(file); /* nothing was written to it */
    token[strcspn(token, "\r\n")] = '\0';
    return read && *token ? CTL_OK : ctl_fail(ctl, CTL_USAGE, "%.200s holds no token", path);
}

/* A field of a context; NULL: it says nothing of that. */
static const char *said(const json_t *context, const char *field)
{
    const char *text = json_string_value(json_object_get(context, field));

    return text && *text ? text : NULL;
}

/* Where the server is: as the command line says, else the environment, else the present context. */
static void find_server(struct ctl *ctl, const json_t *context, struct client_config *config)
{
    config->socket = ctl_option(ctl, OPT_SOCKET);
    config->url = ctl_option(ctl, OPT_URL);
    if (config->socket || config->url)
        return;
    config->socket = environment("CALLPARK_SOCKET");
    config->url = config->socket ? NULL : environment("CALLPARK_URL");
    if (config->socket || config->url)
        return;
    config->socket = said(context, "socket");
    config->url = said(context, "url");
}

static int connect_server(struct ctl *ctl)
{
    char token[TOKEN_SIZE] = "";
    json_t *contexts CLEANUP(ctl_json_done) = context_read(ctl);
    const json_t *context = contexts ? context_current(contexts) : NULL;
    struct client_config config = { 0 };
    struct err err = { 0 };
    int code;

    if (!contexts)
        return CTL_ERROR;
    if (ctl_option(ctl, OPT_SOCKET) && ctl_option(ctl, OPT_URL))
        return ctl_fail(ctl, CTL_USAGE, "--socket or --url, not both");
    find_server(ctl, context, &config);
    if (!config.url && !config.socket)
        config.socket = DEFAULT_SOCKET;
    code = config.url ? read_token(ctl, token) : CTL_OK;
    if (code)
        return code;
    config.token = *token ? token : NULL;
    if (!config.token && config.url && text_is(said(context, "url"), config.url))
        config.token = said(context, "token");
    ctl->client = client_new(&config, &err);
    return ctl->client ? CTL_OK : ctl_fail(ctl, CTL_USAGE, "%s", err.text);
}

/* Does the command talk to a server at all? */
static bool is_remote(const struct ctl_command *c)
{
    return c->run != cmd_completion && c->run != cmd_cheat && !text_starts(c->path, "context ");
}

static int prepare(struct ctl *ctl)
{
    const char *format = ctl_option(ctl, OPT_OUTPUT);

    if (format && !print_format_find(format, &ctl->style.format))
        return ctl_fail(ctl, CTL_USAGE, "-o %.32s: one of table, json, ndjson, csv, tsv, name",
                        format);
    ctl->style.fields = ctl_option(ctl, OPT_FIELDS);
    ctl->style.now = time(NULL);
    ctl->style.color =
        isatty(STDOUT_FILENO) && !environment("NO_COLOR") && !text_is(environment("TERM"), "dumb");
    ctl->json_errors = ctl->style.format == PRINT_JSON || ctl->style.format == PRINT_NDJSON;
    ctl->quiet = ctl_option(ctl, OPT_QUIET) != NULL;
    ctl->may_ask = isatty(STDIN_FILENO) && !ctl_option(ctl, OPT_NO_INPUT);
    return CTL_OK;
}

/* A full disk or a closed pipe behind standard output is an error, not a success. */
static int finish(const struct ctl *ctl, int code)
{
    if ((fflush(stdout) || ferror(stdout)) && code == CTL_OK)
        return ctl_fail(ctl, CTL_ERROR, "standard output: %s", strerror(errno));
    return code;
}

int main(int argc, char **argv)
{
    struct ctl ctl = { .out = stdout, .talk = stderr };
    struct err err = { 0 };
    int code;

    (void)setlocale(LC_TIME, ""); /* without it, times are plain */
    if (args_parse(&ctl.args, ctl_commands, argc, argv, &err))
        return ctl_fail(&ctl, CTL_USAGE, "%s", err.text);
    if (ctl_option(&ctl, OPT_HELP)) {
        help_show(&ctl);
        return finish(&ctl, CTL_OK);
    }
    if (!ctl.args.command) {
        ctl.out = stderr;
        help_show(&ctl);
        return CTL_USAGE;
    }
    code = prepare(&ctl);
    if (!code && is_remote(ctl.args.command))
        code = connect_server(&ctl);
    if (!code)
        code = ctl.args.command->run(&ctl);
    client_free(ctl.client);
    return finish(&ctl, code);
}
