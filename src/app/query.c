/* What the API may look at, and the questions that go on to the store. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

struct http_server *app_http(struct app *a)
{
    return a->http;
}

const struct app_config *app_config(const struct app *a)
{
    return &a->config;
}

const struct deployment *app_deployment(const struct app *a)
{
    return a->deployment;
}

const struct deployment *app_deployment_before(const struct app *a)
{
    return a->draft; /* the two are exchanged */
}

struct park *app_park(struct app *a)
{
    return &a->park;
}

const struct call *app_call(struct app *a, call_id id)
{
    return calls_find(a->park.calls, id);
}

msec app_now(const struct app *a)
{
    return a->now;
}

wall_msec app_wall(const struct app *a, msec moment)
{
    return moment >= a->now ? a->wall + (moment - a->now) : a->wall - (a->now - moment);
}

const char *app_token_path(const struct app *a)
{
    return a->config.token_file;
}

bool app_draining(const struct app *a)
{
    return a->park.house.draining;
}

/* An address that means "any" is no address to go to; the machine's name is. */
static void reachable(char host[256], const char *address)
{
    const char *port = strrchr(address, ':');

    (void)text_copy_n(host, 256, address, port ? (size_t)(port - address) : strlen(address));
    if ((text_is(host, "0.0.0.0") || text_is(host, "[::]")) && !gethostname(host, 255))
        host[255] = '\0';
}

bool app_web_url(const struct app *a, char to[300])
{
    char address[96], host[256];

    if (a->config.http.public_url[0])
        return text_copy(to, 300, a->config.http.public_url);
    http_address(a->http, address);
    if (!address[0])
        return false;
    reachable(host, address);
    return text_format(to, 300, "%s://%s%s", a->config.http.tls_cert[0] ? "https" : "http", host,
                       strrchr(address, ':'));
}

static uint64_t size_of(const char *path, const char *behind)
{
    char name[520];
    struct stat found;

    return text_format(name, sizeof(name), "%s%s", path, behind) && stat(name, &found) == 0
               ? (uint64_t)found.st_size
               : 0;
}

void app_store(const struct app *a, struct app_store *out)
{
    const char *url = a->config.store_url, *where = strchr(url, ':');

    memset(out, 0, sizeof(*out));
    out->schema = store_schema();
    if (!where)
        return;
    (void)text_copy_n(out->kind, sizeof(out->kind), url, (size_t)(where - url)); /* fits */
    (void)text_copy(out->where, sizeof(out->where), where + 1);                  /* fits */
    if (text_is(out->kind, "sqlite"))
        out->bytes = size_of(out->where, "") + size_of(out->where, "-wal");
}

void app_listener(const struct app *a, unsigned n, char to[96])
{
    sip_listener(a->sip, n, to);
}

void app_count(struct app *a, struct app_counts *out)
{
    a->counts.queue_length = (uint32_t)queue_length(a->queue);
    a->counts.started = a->started;
    *out = a->counts;
}

void app_sip_count(struct app *a, struct sip_counts *out)
{
    sip_count(a->sip, out);
}

const struct sip_hop *app_hop(const struct app *a, unsigned place)
{
    return place < SIP_HOPS_MAX && a->hops[place].state ? &a->hops[place] : NULL;
}

void app_media_count(struct app *a, struct media_counts *out)
{
    media_count(a->media, out);
}

void app_ask(struct app *a, const struct store_query *query, app_rows *done, void *context)
{
    struct app_token token = { .kind = TOKEN_QUERY, .context = context, .rows = done };
    struct store_query q = *query;

    turn_end_group(a);
    turn_submit(a); /* so that the answer holds what this turn has promised */
    q.token = turn_token(a, &token);
    if (q.token && !store_ask(a->store, &q))
        return;
    (void)turn_take_token(a, q.token, &token);
    done(context, NULL, "the store is too far behind: try again");
}

void app_backup(struct app *a, const char *path, app_backup_done *done, void *context)
{
    struct app_token token = { .kind = TOKEN_BACKUP, .context = context, .backup = done };
    uint64_t number = turn_token(a, &token);

    if (number && !store_backup(a->store, path, number))
        return;
    (void)turn_take_token(a, number, &token);
    done(context, "the store is too far behind: try again");
}

void app_drain(struct app *a, bool draining)
{
    struct app_event ev = { .name = draining ? "system.draining" : "system.undrained",
                            .topic = "system",
                            .at = a->wall,
                            .why = draining ? "no new calls are parked from now on"
                                            : "calls are parked again",
                            .subject = "" };

    a->park.house.draining = draining;
    log_info("app", "%s", ev.why);
    app_tell(a, &ev);
}

/* What cannot change while calls are there is refused by name rather than ignored. */
static int check_reload(const struct app_config *old, const struct app_config *fresh,
                        struct err *err)
{
    const char *key = NULL;

    if (!text_is(old->store_url, fresh->store_url))
        key = "[store] url";
    else if (!text_is(old->destination, fresh->destination))
        key = "[node] destination";
    else if (old->media.port_first != fresh->media.port_first ||
             old->media.port_last != fresh->media.port_last)
        key = "[media] rtp-ports";
    else if (memcmp(old->sip.listen, fresh->sip.listen, sizeof(old->sip.listen)) != 0)
        key = "[sip] listen";
    else if (!text_is(old->http.listen, fresh->http.listen) ||
             !text_is(old->http.socket, fresh->http.socket))
        key = "[web] listen or admin-socket";
    else if (!text_is(old->http.tls_cert, fresh->http.tls_cert) ||
             !text_is(old->http.tls_key, fresh->http.tls_key))
        key = "[web] tls-cert or tls-key";
    else if (old->http.behind_proxy != fresh->http.behind_proxy ||
             memcmp(old->http.trusted_proxy, fresh->http.trusted_proxy,
                    sizeof(old->http.trusted_proxy)) != 0)
        key = "[web] behind-proxy or trusted-proxy";
    else if (!text_is(old->http.proxy_header, fresh->http.proxy_header) ||
             !text_is(old->http.proxy_groups, fresh->http.proxy_groups))
        key = "[auth] proxy-header or proxy-groups";
    if (key)
        return err_set(err, -EINVAL, "%s needs a restart to change", key);
    return 0;
}

int app_reload(struct app *a, struct err *err)
{
    struct app_config fresh;
    bool draining = a->park.house.draining;
    int result;

    http_reread(a->http);
    result = config_read(&fresh, a->config.path, err);

    if (!result)
        result = check_reload(&a->config, &fresh, err);
    if (!result)
        memcpy(fresh.sip.nonce_key, a->config.sip.nonce_key, sizeof(fresh.sip.nonce_key));
    if (!result)
        result = sip_reload(a->sip, &fresh.sip, err);
    if (result)
        return result;
    fresh.sip.first_leg = a->config.sip.first_leg;
    (void)text_copy(fresh.web_root, sizeof(fresh.web_root), a->config.web_root); /* fits */
    a->config = fresh;
    a->park.house = fresh.house;
    a->park.house.draining = draining;
    trouble_reloaded(a);
    phones_changed(a);
    log_setup(fresh.log_level, fresh.log_form, fresh.log_full_numbers);
    log_info("app", "the configuration was read again from %s", fresh.path);
    if (a->watcher.reloaded)
        a->watcher.reloaded(a->watcher.to);
    return 0;
}
