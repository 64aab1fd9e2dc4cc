/* Reading callpark.conf. inih finds sections, names and values, config_keys.c knows what they mean;
 * lines are counted and bounded here, because inih's own reader cuts long lines in two without a
 * word. And what follows from what was given. */
#include "app/config.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_keys.h"
#include "base/text.h"

#define LINE_MAX_SIZE 2000 /* longest line that inih is given; its own limit is not known to us */

struct reading {
    struct config_reading keys;
    const char *name; /* of the file, for errors */
    FILE *stream;
    unsigned line;
    int result;
};

/* inih's callback: 0 is its sign of an error. Only the first error is kept. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;

    if (!r->result)
        r->result = config_take(&r->keys, section, name, value ? value : "");
    return !r->result;
}

/* A section that has no keys never comes to take_pair(), so its name is checked here. */
static void check_heading(struct reading *r, const char *line)
{
    char section[64];
    const char *end = strchr(line, ']');

    line += strspn(line, " \t");
    if (*line != '[' || !end || end < line)
        return;
    (void)text_copy_n(section, sizeof(section), line + 1, (size_t)(end - line - 1));
    r->result = config_section(&r->keys, section);
}

/* fgets for inih: hands on one line, or ends the reading with an error that has the line's number.
 * inih gives room for `size` bytes; a line that does not fit is refused instead of being cut in
 * two. */
static char *next_line(char *to, int size, void *user)
{
    struct reading *r = user;
    int room = size < LINE_MAX_SIZE ? size : LINE_MAX_SIZE;

    if (r->result || !fgets(to, room, r->stream))
        return NULL;
    r->line++;
    if (strlen(to) + 1 == (size_t)room && to[strlen(to) - 1] != '\n')
        r->result = err_set(r->keys.err, -EINVAL,
                            "the line is longer than %d characters: shorten it", room - 2);
    else if (to[0] && strspn(to, " \t") && to[strspn(to, " \t\r\n")] &&
             !strchr(";#", to[strspn(to, " \t")]))
        r->result =
            err_set(r->keys.err, -EINVAL, "the line begins with a blank: put it at the margin");
    else
        check_heading(r, to);
    return r->result ? NULL : to;
}

static void set_defaults(struct app_config *config)
{
    memset(config, 0, sizeof(*config));
    (void)text_copy(config->node, sizeof(config->node), "node1");
    (void)text_copy(config->destination, sizeof(config->destination), "pool1.example.com");
    (void)text_copy(config->house.park_user, sizeof(config->house.park_user), "park");
    (void)text_copy(config->http.listen, sizeof(config->http.listen), "127.0.0.1:8080");
    (void)text_copy(config->http.socket, sizeof(config->http.socket), "/run/callpark/admin.sock");
    (void)text_copy(config->store_url, sizeof(config->store_url),
                    "sqlite:/var/lib/callpark/callpark.db");
    config->http.connections_max = 1200;
    config->sip.calls_max = LEGS_MAX;
    config->sip.calls_per_source = LEGS_MAX;
    config->sip.t1 = 500;
    config->sip.options_interval = 60000;
    config->sip.session_expires = 1800;
    (void)text_format(config->sip.user_agent, sizeof(config->sip.user_agent), "callpark/%s",
                      CALLPARK_VERSION);
    config->media.port_first = 20000;
    config->media.port_last = 24999;
    config->media.workers = 1;
    config->unheard = (msec)10 * 1000;
    config->media.streams_max = LEGS_MAX;
    config->log_level = LOG_LEVEL_INFO;
    config->auth.local = true;
    config->rate_limit = 100;
    config->session_idle = (msec)30 * 60 * 1000;
    config->session_max = (msec)12 * 60 * 60 * 1000;
}

/* The host part of "udp:HOST:PORT"; brackets of an IPv6 address are taken off. */
static void listener_host(char to[ADDRESS_SIZE], const char *listen)
{
    const char *host = strchr(listen, ':') + 1;
    const char *end = strrchr(host, ':');

    if (*host == '[') {
        host++;
        end = strchr(host, ']');
    }
    (void)text_copy_n(to, ADDRESS_SIZE, host, end && end > host ? (size_t)(end - host) : 0);
}

/* Media is bound where SIP listens, unless told otherwise. */
static void bind_media(struct app_config *config)
{
    for (unsigned i = 0; i < config->sip.listen_count; i++) {
        char host[ADDRESS_SIZE];

        listener_host(host, config->sip.listen[i]);
        if (strchr(host, ':') && !config->media.bind6[0])
            (void)text_copy(config->media.bind6, ADDRESS_SIZE, host);
        else if (host[0] && !strchr(host, ':') && !config->media.bind4[0])
            (void)text_copy(config->media.bind4, ADDRESS_SIZE, host);
    }
}

/* The host in the identities that we make: our domain, else the name or address that we are reached
 * at. */
static void name_identities(struct app_config *config)
{
    char host[ADDRESS_SIZE];

    listener_host(host, config->sip.listen[0]);
    if (config->house.domain_count)
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), config->house.domains[0]);
    else if (config->sip.advertise[0])
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), config->sip.advertise);
    else if (text_is(host, "0.0.0.0") || text_is(host, "::"))
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), config->media.advertise4);
    else if (strchr(host, ':'))
        (void)text_format(config->sip.domain, sizeof(config->sip.domain), "[%s]", host);
    else
        (void)text_copy(config->sip.domain, sizeof(config->sip.domain), host);
}

static int check_sip_tls(const struct sip_config *sip, struct err *err)
{
    const struct sip_tls *tls = &sip->tls;

    if (!tls->cert[0] != !tls->key[0])
        return err_set(err, -EINVAL,
                       "[sip] tls-cert and tls-key belong together: name both files, or neither");
    for (unsigned i = 0; i < sip->listen_count; i++)
        if (!tls->cert[0] &&
            (text_starts(sip->listen[i], "tls:") || text_starts(sip->listen[i], "wss:")))
            return err_set(err, -EINVAL,
                           "[sip] listen = %.80s needs a certificate: name its files in tls-cert "
                           "and tls-key",
                           sip->listen[i]);
    if (tls->client_cert && !tls->ca[0])
        return err_set(err, -EINVAL,
                       "[sip] tls-client-cert needs tls-ca: name the file with the certificates of "
                       "those who sign for your phones and peers");
    return 0;
}

/* What follows from what was given, and what only holds together. */
static int complete(struct app_config *config, struct err *err)
{
    if (!config->sip.listen_count) {
        (void)text_copy(config->sip.listen[0], sizeof(config->sip.listen[0]), "udp:127.0.0.1:5060");
        (void)text_copy(config->sip.listen[1], sizeof(config->sip.listen[1]), "tcp:127.0.0.1:5060");
        config->sip.listen_count = 2;
    }
    if (!config->sip.trusted_count) {
        (void)text_copy(config->sip.trusted[0], sizeof(config->sip.trusted[0]), "127.0.0.0/8");
        (void)text_copy(config->sip.trusted[1], sizeof(config->sip.trusted[1]), "::1");
        config->sip.trusted_count = 2;
    }
    if (!config->http.tls_cert[0] != !config->http.tls_key[0])
        return err_set(err, -EINVAL,
                       "[web] tls-cert and tls-key belong together: name both files, or neither");
    if (check_sip_tls(&config->sip, err))
        return err->code;
    if (config->auth.proxy && !config->http.trusted_proxy_count)
        return err_set(err, -EINVAL,
                       "[auth] realms has proxy: say in [web] trusted-proxy which address it has, "
                       "or anybody could say who he is");
    if (config_check_peers(config, err) || config_check_registers(config, err) ||
        config_check_prefixes(&config->house, err))
        return -EINVAL;
    bind_media(config);
    if (text_is(config->media.bind4, "0.0.0.0") && !config->media.advertise4[0])
        return err_set(err, -EINVAL,
                       "SIP listens on 0.0.0.0: say in [media] advertise which address of this "
                       "machine the phones send their audio to");
    (void)text_copy(config->house.destination, FQDN_SIZE, config->destination);
    name_identities(config);
    if (!config->sip.realm[0])
        (void)text_copy(config->sip.realm, sizeof(config->sip.realm), config->sip.domain);
    if (strpbrk(config->sip.realm, "\"\\"))
        return err_set(err, -EINVAL, "[sip] realm: a realm has no \" and no \\ in it");
    (void)text_format(config->media.cname, sizeof(config->media.cname), "callpark@%.50s",
                      config->node);
    config->sip.watches_kept = text_starts(config->store_url, "sqlite:");
    if (!config->token_file[0] && config->sip.watches_kept)
        (void)text_format(config->token_file, sizeof(config->token_file), "%s.token",
                          config->store_url + strlen("sqlite:"));
    return 0;
}

static int read_stream(struct app_config *config, const char *name, FILE *stream, struct err *err)
{
    struct err words = { 0 };
    struct reading r = { .keys = { .config = config, .err = &words },
                         .name = name,
                         .stream = stream };
    int line;

    set_defaults(config);
    if (config_environment(&r.keys))
        return err_set(err, words.code, "%s", words.text);
    line = ini_parse_stream(next_line, &r, take_pair, &r);
    if (!r.result && line > 0) {
        r.line = (unsigned)line;
        r.result = err_set(&words, -EINVAL, "neither [section] nor key = value");
    }
    if (!r.result && line < 0)
        r.result = err_set(&words, -ENOMEM, "out of memory");
    if (r.result)
        return err_set(err, r.result, "%s:%u: %s", name, r.line, words.text);
    if (complete(config, &words))
        return err_set(err, words.code, "%s: %s", name, words.text);
    return 0;
}

int config_read(struct app_config *config, const char *path, struct err *err)
{
    FILE *stream = fopen(path, "re");
    int result;

    if (!stream)
        return err_set(err, -errno, "%s: cannot be read: %s", path, strerror(errno));
    result = read_stream(config, path, stream, err);
    (void)fclose(stream); /* it was only read */
    if (!result && !text_copy(config->path, sizeof(config->path), path))
        result = err_set(err, -ENAMETOOLONG, "%.100s...: the path is too long", path);
    return result;
}

int config_read_text(struct app_config *config, const char *name, const char *text, struct err *err)
{
    FILE *stream;
    char *copy;
    int result;

    if (!*text)
        text = "\n";     /* a stream wants something to read */
    copy = strdup(text); /* and memory that it could write to */
    stream = copy ? fmemopen(copy, strlen(copy), "r") : NULL;
    result = stream ? read_stream(config, name, stream, err)
                    : err_set(err, -ENOMEM, "%s: out of memory", name);
    if (stream)
        (void)fclose(stream); /* it was only read */
    free(copy);
    return result;
}
