/* Bodies and paths as clients may send them, through the whole API: the first byte says where to.
 * Whatever comes, there is one answer with a status of ours, and nothing is changed by a dry run.
 */
#include "../test/unit/api_fake.c"
#include "../test/unit/api_fake_admin.c"
#include "../test/unit/api_fake_http.c"
#include "../test/unit/api_fake_music.c"
#include "../test/unit/api_fake_people.c"
#include "../test/unit/api_log.c"

#include "fuzz.h"

static struct app *the_app(void)
{
    static void *app;

    if (!app) {
        (void)fake_set_up(&app);
        (void)fake_ask(app, "POST /api/v1/number-ranges", NULL,
                       "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
                       "\"destination\":\"pool1.example.com\"}");
        (void)fake_park(app, "4107", "100", "200");
    }
    return app;
}

static const struct {
    const char *request, *type;
} targets[] = {
    { "POST /api/v1/number-ranges:validate", "application/json" },
    { "POST /api/v1/number-ranges?dry_run=1", "application/json" },
    { "PATCH /api/v1/number-ranges/rng_0000000000001?dry_run=1", "application/json" },
    { "POST /api/v1/number-ranges:import?dry_run=1", "application/json" },
    { "POST /api/v1/number-ranges:import?dry_run=1&mode=upsert", "text/csv" },
    { "PUT /api/v1/settings/global?dry_run=1", "application/json" },
    { "POST /api/v1/destinations?dry_run=1", "application/json" },
};
#define TARGETS (sizeof targets / sizeof targets[0])

/* The rest of the input as the target of a GET. */
static void get(struct app *a, const char *target)
{
    char request[600];

    if (strlen(target) < HTTP_PATH_SIZE && target[0] == '/' && http_query_valid(target)) {
        (void)text_format(request, sizeof request, "GET %s", target);
        (void)fake_ask(a, request, NULL, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app *a = the_app();
    char *body;

    if (size == 0 || memchr(data, 0, size))
        return 0;
    body = calloc(1, size);
    memcpy(body, data + 1, size - 1);
    a->content_type = NULL;
    if (data[0] % (TARGETS + 1) == TARGETS) {
        get(a, body);
    } else {
        a->content_type = targets[data[0] % (TARGETS + 1)].type;
        (void)fake_ask(a, targets[data[0] % (TARGETS + 1)].request, "*", body);
    }
    assert_true(a->answer.status >= 200 && a->answer.status < 600);
    assert_int_equal(a->deployment.ranges.count, 1);
    free(body);
    return 0;
}
