/* The admin page: what is built in is served to anybody, packed or not, and kept by browsers as
 * long as it may be; a folder in its place shows nothing but what lies in it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "api/page.h"
#include "api/page_root.h"
#include "api_fake.h"
#include "base/text.h"

/* Nobody in particular, from somewhere. */
static void be_a_stranger(struct app *a)
{
    a->by_tcp = true;
    a->source = "192.0.2.7";
    a->authorization = NULL;
}

static const struct page_file *some_asset(void)
{
    for (const struct page_file *f = page_files; f->path; f++)
        if (text_starts(f->path, "/assets/"))
            return f;
    fail_msg("the build put no assets in");
    return NULL;
}

static void strangers_get_the_page(void **state)
{
    static const char *const addresses[] = { "/",       "/ranges",   "/calls/call_0000000000001",
                                             "/signin", "/settings", "/setup" };
    struct app *a = *state;
    char request[64];

    be_a_stranger(a);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        const struct answer *got;

        (void)text_format(request, sizeof request, "GET %s", addresses[i]);
        got = fake_ask(a, request, NULL, NULL);
        assert_int_equal(got->status, 200);
        assert_true(text_starts(got->type, "text/html"));
        assert_string_equal(got->cache, "no-cache");
        assert_string_equal(got->encoding, "");
        assert_non_null(strstr(got->body, "<!doctype html>"));
        assert_int_equal(strlen(got->body), got->length);
    }
}

static void what_is_no_page_asks_who_asks(void **state)
{
    static const struct exchange table[] = {
        { "GET /nothing", NULL, NULL, 401, NULL },
        { "GET /rangesx", NULL, NULL, 401, NULL },
        { "GET /index.html", NULL, NULL, 401, NULL },
        { "GET /licenses.json", NULL, NULL, 401, NULL },
        { "GET /assets/nothing.js", NULL, NULL, 404, NULL },
        { "GET /assets/../index.html", NULL, NULL, 404, NULL },
        { "POST /ranges", NULL, "{}", 405, NULL },
        { "DELETE /", NULL, NULL, 405, NULL },
    };

    be_a_stranger(*state);
    FAKE_EXCHANGES(*state, table);
}

static void unpacked_is_what_was_packed(const struct page_file *f, const struct answer *packed,
                                        const char *plain)
{
    z_stream z = { .next_in = (z_const Bytef *)packed->bytes, .avail_in = (uInt)packed->length };
    char *text = malloc(f->size);

    assert_non_null(text);
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_out = (Bytef *)text;
    z.avail_out = (uInt)f->size;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_out, 0);
    assert_memory_equal(text, plain, f->size);
    (void)inflateEnd(&z);
    free(text);
}

static void assets_come_packed_to_who_unpacks_them(void **state)
{
    struct app *a = *state;
    const struct page_file *f = some_asset();
    char request[256], plain_tag[32], *plain;
    const struct answer *got;

    be_a_stranger(a);
    (void)text_format(request, sizeof request, "GET %s", f->path);
    got = fake_ask(a, request, NULL, NULL);
    assert_int_equal(got->status, 200);
    assert_string_equal(got->type, f->type);
    assert_non_null(strstr(got->cache, "immutable"));
    assert_int_equal(got->length, f->size);
    plain = strdup(got->body);
    (void)text_copy(plain_tag, sizeof plain_tag, got->etag);
    a->takes_gzip = true;
    got = fake_ask(a, request, NULL, NULL);
    assert_int_equal(got->status, 200);
    assert_string_equal(got->encoding, "gzip");
    assert_string_not_equal(got->etag, plain_tag); /* another form, another tag */
    unpacked_is_what_was_packed(f, got, plain);
    a->if_none_match = plain_tag;
    got = fake_ask(a, request, NULL, NULL);
    assert_int_equal(got->status, 304);
    assert_null(got->bytes);
    free(plain);
}

static void licences_are_told(void **state)
{
    const struct answer *got = fake_ask(*state, "GET /api/licenses", NULL, NULL);
    const char *wanted[] = { "preact", "htm", "uplot", "libmicrohttpd", "GnuTLS", "Sofia-SIP" };

    assert_int_equal(got->status, 200);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(got->body, wanted[i]))
            fail_msg("%s is missing", wanted[i]);
    assert_true(strlen(fake_at(got->json, "items.0.text")) > 200);
}

static void no_way_leads_out_of_a_folder(void **state)
{
    static const struct {
        const char *path;
        bool allowed;
    } cases[] = {
        { "/index.html", true },
        { "/assets/app-4F_2.js", true },
        { "/assets/a/b.c.css", true },
        { "", false },
        { "/", false },
        { "index.html", false },
        { "//etc/passwd", false },
        { "/assets//x", false },
        { "/assets/", false },
        { "/..", false },
        { "/assets/../../etc/passwd", false },
        { "/assets/..%2Fx", false },
        { "/assets/..\\x", false },
        { "/.git/config", false },
        { "/assets/.hidden", false },
        { "/assets/-rf", false },
        { "/assets/a b", false },
        { "/assets/\xc3\xa4", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (page_root_allows(cases[i].path) != cases[i].allowed)
            fail_msg("%s", cases[i].path);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[128];
    int fd;

    (void)text_format(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void take_away(const char *folder, const char *name)
{
    char path[128];

    (void)text_format(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

static void a_folder_stands_in(void **state)
{
    struct app *a = *state;
    char folder[] = "/tmp/test_page_XXXXXX", assets[64];
    static const struct exchange refused[] = {
        { "GET /assets/app.css", NULL, NULL, 404, NULL },
        { "GET /assets/../secret", NULL, NULL, 404, NULL },
        { "GET /assets/", NULL, NULL, 404, NULL },
        { "GET /assets", NULL, NULL, 401, NULL },
    };

    assert_non_null(mkdtemp(folder));
    (void)text_format(assets, sizeof assets, "%s/assets", folder);
    assert_int_equal(mkdir(assets, 0700), 0);
    put(folder, "index.html", "<p>mine");
    put(folder, "secret", "secret");
    put(assets, "app.js", "1;");
    (void)text_copy(a->config.web_root, sizeof a->config.web_root, folder);
    be_a_stranger(a);
    assert_string_equal(fake_ask(a, "GET /ranges", NULL, NULL)->body, "<p>mine");
    assert_string_equal(fake_ask(a, "GET /assets/app.js", NULL, NULL)->body, "1;");
    assert_true(text_starts(a->answer.type, "text/javascript"));
    assert_string_equal(a->answer.cache, "");
    FAKE_EXCHANGES(a, refused);
    take_away(assets, "app.js");
    take_away(folder, "assets");
    take_away(folder, "secret");
    take_away(folder, "index.html");
    assert_int_equal(rmdir(folder), 0);
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(strangers_get_the_page),
        WITH_APP(what_is_no_page_asks_who_asks),
        WITH_APP(assets_come_packed_to_who_unpacks_them),
        WITH_APP(licences_are_told),
        WITH_APP(no_way_leads_out_of_a_folder),
        WITH_APP(a_folder_stands_in),
    };

    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
