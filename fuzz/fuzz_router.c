/* Whole requests as anybody may send them, through router, identities and handlers: some in one
 * input, so that what one makes another may change. First line METHOD TARGET, then headers, an
 * empty line, the body; a line with % divides. `By: tcp` comes from a stranger, `As: NAME` from who
 * is signed in, everything else by the admin socket.
 *
 * Whatever comes, there is one answer with a status of ours; a stranger and a viewer change nothing
 * of what calls live by. */
#include "../test/unit/api_fake.c"
#include "../test/unit/api_fake_admin.c"
#include "../test/unit/api_fake_http.c"
#include "../test/unit/api_fake_music.c"
#include "../test/unit/api_fake_people.c"
#include "../test/unit/api_log.c"

#include "fuzz.h"
#include "http/target.h"

#define REQUESTS_MAX 8

struct request {
    char method[8], path[HTTP_PATH_SIZE], query[2048], if_match[128];
    const char *body;
    bool strong; /* the sender may have rights to change something */
};

/* One app for all inputs, as its tables are large. `at_first` are those that requests change. */
static struct app *app;
static struct {
    struct deployment deployment;
    struct access access;
    range_id last_range;
    uint64_t last_access;
    unsigned lists_made;
} at_first;

static void make_app(void)
{
    void *made;

    (void)fake_set_up(&made);
    app = made;
    (void)fake_ask(app, "POST /api/v1/number-ranges", NULL,
                   "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
                   "\"destination\":\"pool1.example.com\"}");
    (void)fake_park(app, "4107", "100", "200");
    fake_user(app, "root", ROLE_ADMINISTRATOR, NULL);
    fake_user(app, "vera", ROLE_VIEWER, NULL);
    memcpy(&at_first.deployment, &app->deployment, sizeof app->deployment);
    memcpy(&at_first.access, &app->access, sizeof app->access);
    at_first.last_range = app->last_range;
    at_first.last_access = app->last_access;
    at_first.lists_made = app->lists_made;
}

/* Nothing of one input is there for the next. */
static void begin(void)
{
    struct err err;

    if (!app)
        make_app();
    if (app->lists_made != at_first.lists_made) {
        memcpy(&app->deployment, &at_first.deployment, sizeof app->deployment);
        memcpy(&app->access, &at_first.access, sizeof app->access);
        app->last_range = at_first.last_range;
        app->lists_made = at_first.lists_made;
    }
    app->last_access = at_first.last_access;
    app->login_count = app->link_count = app->audit_count = app->music_count = 0;
    app->draining = false;
    memset(&app->throttle, 0, sizeof app->throttle);
    memset(&app->demo, 0, sizeof app->demo);
    api_free(app->api);
    assert_int_equal(api_new(&app->api, app, &err), 0);
}

/* How each request begins. */
static void reset(struct app *a, struct request *r)
{
    memset(r, 0, sizeof *r);
    a->by_tcp = a->secure = a->takes_gzip = false;
    a->authorization = a->accept = a->if_none_match = a->last_event_id = a->content_type = NULL;
    a->idempotency_key = a->cookie = a->origin = a->sec_fetch_site = a->host = NULL;
    a->proxy_user = a->proxy_groups = NULL;
    a->source = "192.0.2.7";
}

static void come_as(struct app *a, struct request *r, const char *name)
{
    if (strcmp(name, "root") == 0 || strcmp(name, "vera") == 0) {
        fake_sign_in(a, name);
        r->strong = r->strong || strcmp(name, "root") == 0;
    }
}

/* Does the edge take a header of this length? */
static void take_header(struct app *a, struct request *r, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
        size_t size;
    } headers[] = {
        { "Authorization", &a->authorization, 128 },
        { "Accept", &a->accept, 128 },
        { "If-None-Match", &a->if_none_match, 128 },
        { "Last-Event-ID", &a->last_event_id, 24 },
        { "Content-Type", &a->content_type, 96 },
        { "Idempotency-Key", &a->idempotency_key, 80 },
        { "Cookie", &a->cookie, 512 },
        { "Origin", &a->origin, 256 },
        { "Sec-Fetch-Site", &a->sec_fetch_site, 24 },
        { "Host", &a->host, 256 },
    };

    if (strcmp(name, "By") == 0)
        a->by_tcp = true;
    else if (strcmp(name, "As") == 0)
        come_as(a, r, value);
    else if (strcmp(name, "If-Match") == 0)
        (void)text_copy(r->if_match, sizeof r->if_match, value); /* what fits will do */
    /* A token or a session may be guessed. */
    r->strong = r->strong || strcmp(name, "Authorization") == 0 || strcmp(name, "Cookie") == 0;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (strcmp(name, headers[i].name) == 0 && strlen(value) < headers[i].size)
            *headers[i].to = value;
}

/* One line, ended where the line feed was; `text` moves behind it. */
static char *next_line(char **text)
{
    char *line = *text, *end = line + strcspn(line, "\n");

    *text = *end ? end + 1 : end;
    *end = '\0';
    return line;
}

/* False: the edge would have refused it. */
static bool read_all(struct app *a, struct request *r, char *text)
{
    char *line = next_line(&text), *target = strchr(line, ' ');

    if (!target || !text_copy_n(r->method, sizeof r->method, line, (size_t)(target - line)) ||
        target_split(target + 1, r->path, sizeof r->path, r->query, sizeof r->query) != TARGET_FINE)
        return false;
    while (*text && *(line = next_line(&text))) {
        char *colon = strchr(line, ':');

        if (!colon)
            continue;
        *colon = '\0';
        take_header(a, r, line, colon + 1 + (colon[1] == ' '));
    }
    r->body = *text ? text : NULL;
    return true;
}

/* What calls live by, as far as a number tells. */
struct state {
    size_t ranges, destinations, sites, users, bindings;
    struct settings global;
};

static struct state look(const struct app *a)
{
    struct state s;

    memset(&s, 0, sizeof s);
    s.ranges = a->deployment.ranges.count;
    s.destinations = a->deployment.destination_count;
    s.sites = a->deployment.site_count;
    s.users = a->access.user_count;
    s.bindings = a->access.binding_count;
    memcpy(&s.global, &a->deployment.global, sizeof s.global);
    return s;
}

static void ask(struct app *a, struct request *r)
{
    char line[sizeof r->method + sizeof r->path + sizeof r->query + 4];
    struct state before = look(a), after;

    /* A path with an escaped question mark: fake_ask() would take it for the query. */
    if (strchr(r->path, '?'))
        return;
    (void)text_format(line, sizeof line, "%s %s%s%s", r->method, r->path, r->query[0] ? "?" : "",
                      r->query); /* fits */
    (void)fake_ask(a, line, r->if_match[0] ? r->if_match : NULL, r->body);
    assert_true(a->answer.status >= 200 && a->answer.status < 600);
    after = look(a);
    if (a->by_tcp && !r->strong)
        assert_memory_equal(&before, &after, sizeof before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text, *next;

    if (memchr(data, 0, size))
        return 0;
    text = calloc(1, size + 1);
    if (size > 0)
        memcpy(text, data, size);
    begin();
    next = text;
    for (int i = 0; i < REQUESTS_MAX && next; i++) {
        char *this = next, *end = strstr(next, "\n%\n");
        struct request r;

        next = end ? end + 3 : NULL;
        if (end)
            *end = '\0';
        reset(app, &r);
        if (read_all(app, &r, this))
            ask(app, &r);
    }
    free(text);
    return 0;
}
