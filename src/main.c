/* callparkd: the story of a start. Read the arguments and the file, open the store, start the
 * edges, say so, run until a signal comes. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "api/api.h"
#include "app/app.h"
#include "base/text.h"
#include "media/convert.h"
#include "media/decoder.h"
#include "sys/confine.h"
#include "sys/helper.h"
#include "sys/keep.h"
#include "sys/kept.h"
#include "sys/log.h"

enum { EXIT_FAULT = 1, EXIT_USAGE = 2 };

static struct app *running;

/* What the helper does for us, by the numbers of media/decoder.h and app/app.h. */
static helper_work *const works[] = {
    [WORK_DECODE] = decoder_work, [WORK_CONVERT] = convert_work, [WORK_DEMO] = app_demo_work
};
#define WORKS (sizeof(works) / sizeof(works[0]))

static void on_signal(int number)
{
    if (number == SIGHUP)
        app_want_reload(running);
    else
        app_stop(running);
}

static void watch_signals(void)
{
    struct sigaction act;

    memset(&act, 0, sizeof(act));
    sigemptyset(&act.sa_mask);
    act.sa_handler = on_signal;
    (void)sigaction(SIGTERM, &act, NULL); /* these cannot fail with signals that exist */
    (void)sigaction(SIGINT, &act, NULL);
    (void)sigaction(SIGHUP, &act, NULL);
    act.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &act, NULL);
}

/* The C library enlarges the memory of each thread page by page, with a system call for each, and
 * gives back what is free at once; both show when calls come and go by the hundred. */
static void keep_memory(void)
{
    (void)mallopt(M_TOP_PAD, 1 << 20); /* as before if it is not known */
    (void)mallopt(M_TRIM_THRESHOLD, 16 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

static void usage(FILE *to)
{
    fputs(
        "Usage: callparkd -c FILE               park calls as FILE says\n"
        "       callparkd --check-config -c FILE   only check FILE\n"
        "       callparkd --keep -c FILE       where no systemd is: a parent that keeps the "
        "sockets,\n"
        "                                      starts the server again when it crashes, and on\n"
        "                                      SIGUSR2 from the newer program, nobody hung up on\n"
        "       callparkd --version\n"
        "       callparkd --web-root DIR -c FILE   the page from DIR (node web/build.js DIR) "
        "instead\n"
        "                                          of the one built in\n"
        "\n"
        "Without -c the file is /etc/callpark/callpark.conf. SIGHUP reads it again; SIGTERM ends\n"
        "the server without hanging up on anybody. callparkctl is the command line to it.\n",
        to);
}

static void say_where(struct app *a)
{
    const struct app_config *config = app_config(a);
    char address[96], url[256];

    for (unsigned i = 0; i < SIP_LISTEN_MAX; i++) {
        app_listener(a, i, address);
        if (address[0])
            log_info("sip", "listening on %s", address);
    }
    http_url(app_http(a), url);
    if (url[0])
        log_info("http", "page and API are at %s, the first token in %s", url, app_token_path(a));
    if (config->http.socket[0])
        log_info("http", "callparkctl finds it at %s", config->http.socket);
    log_info("app", "callparkd %s, node %s, serves %s", CALLPARK_VERSION, config->node,
             config->destination);
}

static int fault(const struct err *err)
{
    fprintf(stderr, "callparkd: %s\n", err->text);
    return EXIT_FAULT;
}

static int serve(const struct app_config *config)
{
    struct err err = { 0 };
    struct api *api = NULL;
    struct app *a;
    int result;

    log_setup(config->log_level, config->log_form, config->log_full_numbers);
    if (kept_start(&err) || helper_start("/proc/self/exe", NULL, 0, &err) ||
        confine_rights(config->unconfined, &err))
        return fault(&err);
    confine_environment("CALLPARK_");
    if (app_new(&a, config, &err))
        return fault(&err);
    running = a;
    if (api_new(&api, a, &err)) {
        app_free(a);
        return fault(&err);
    }
    if (!config->unconfined && confine_calls(&err)) {
        app_free(a);
        api_free(api);
        return fault(&err);
    }
    watch_signals();
    kept_settle(); /* all that can be wanted again has been asked for */
    say_where(a);
    (void)sd_notify(0, "READY=1"); /* nobody may be listening, which is fine */
    result = app_run(a);
    (void)sd_notify(0, "STOPPING=1");
    log_info("app", "ending; nobody is hung up on");
    kept_leave();
    app_free(a);
    api_free(api);
    helper_stop();
    kept_stop();
    return result ? EXIT_FAULT : EXIT_SUCCESS;
}

/* Shortened as getopt_long() takes it, too. */
static bool says_keep(const char *argument)
{
    return strlen(argument) > 2 && text_starts("--keep", argument);
}

/* The same command without --keep, in a child. */
static int keep(const struct app_config *config, int argc, char **argv)
{
    char path[PATH_MAX], **arguments = calloc((size_t)argc + 1, sizeof *arguments);
    struct err err = { 0 };
    size_t count = 0;
    int code;

    if (!arguments || keep_path(path, sizeof path, argv[0], &err)) {
        free(arguments);
        return fault(&err);
    }
    for (int i = 0; i < argc; i++)
        if (!says_keep(argv[i]))
            arguments[count++] = argv[i];
    log_setup(config->log_level, config->log_form, config->log_full_numbers);
    code = keep_run(path, arguments);
    free(arguments);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },   { "check-config", no_argument, NULL, 't' },
        { "web-root", required_argument, NULL, 'w' }, { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },           { "helper", no_argument, NULL, 'H' },
        { "keep", no_argument, NULL, 'k' },           { NULL, 0, NULL, 0 }
    };
    static struct app_config config; /* too large for a stack */
    const char *path = "/etc/callpark/callpark.conf", *web_root = "";
    struct err err = { 0 };
    bool only_check = false, keeps = false;
    int letter;

    (void)umask(077); /* what is made is ours alone, unless it is said where it is made */
    keep_memory();
    while ((letter = getopt_long(argc, argv, "c:tvh", options, NULL)) != -1) {
        switch (letter) {
        case 'c':
            path = optarg;
            break;
        case 'w':
            web_root = optarg;
            break;
        case 't':
            only_check = true;
            break;
        case 'k':
            keeps = true;
            break;
        case 'v':
            puts("callparkd " CALLPARK_VERSION);
            return EXIT_SUCCESS;
        case 'H': /* by ourselves alone: sys/helper.h */
            return confine_rights(false, &err) ? fault(&err) : helper_serve(works, WORKS);
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        default:
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "callparkd: '%s' is no option; the file goes behind -c\n", argv[optind]);
        return EXIT_USAGE;
    }
    if (config_read(&config, path, &err))
        return fault(&err);
    if (!text_copy(config.web_root, sizeof(config.web_root), web_root)) {
        fprintf(stderr, "callparkd: the path behind --web-root is too long\n");
        return EXIT_USAGE;
    }
    if (only_check) {
        if (sip_check(&config.sip, &err))
            return fault(&err);
        printf("%s: fine\n", path);
        return EXIT_SUCCESS;
    }
    return keeps ? keep(&config, argc, argv) : serve(&config);
}
