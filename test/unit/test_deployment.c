/* Sites, destinations, and which scope a setting comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "core/deployment.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct deployment *d;

static void put_site(const char *name)
{
    struct site s = { 0 };

    (void)text_copy(s.name, sizeof s.name, name);
    assert_int_equal(deployment_put_site(d, &s, NULL), 0);
}

static void put_destination(const char *fqdn, const char *service_id, const char *site)
{
    struct destination dest = { 0 };

    (void)text_copy(dest.fqdn, sizeof dest.fqdn, fqdn);
    (void)text_copy(dest.service_id, sizeof dest.service_id, service_id);
    (void)text_copy(dest.site, sizeof dest.site, site);
    assert_int_equal(deployment_put_destination(d, &dest, NULL), 0);
}

static void put_range(range_id id, const char *name, const char *number, const char *destination)
{
    struct range r = { .id = id, .version = 1 };

    assert_int_equal(range_read(&r, name, number, number, NULL).fault, RANGE_FINE);
    (void)text_copy(r.destination, sizeof r.destination, destination);
    ranges_put(&d->ranges, &r);
}

static int new_deployment(void **state)
{
    (void)state;
    d = calloc(1, sizeof *d);
    put_site("Redmond");
    put_destination("pool1.contoso.com", "", "redmond");
    put_destination("Pool2.Contoso.com", "1-ApplicationServer-4", "");
    put_range(5, "Sales", "6000", "pool1.contoso.com");
    return 0;
}

static int free_deployment(void **state)
{
    (void)state;
    free(d);
    return 0;
}

static void reads_destinations(void **state)
{
    static const char label[] = "a23456789012345678901234567890123456789012345678901234567890123";
    static const struct {
        const char *text, *fqdn; /* NULL: refused */
    } table[] = {
        { "pool1.contoso.com", "pool1.contoso.com" },
        { " POOL1.Contoso.COM ", "pool1.contoso.com" },
        { "ApplicationServer:pool1.contoso.com", "pool1.contoso.com" },
        { "applicationserver:Pool1.contoso.com", "pool1.contoso.com" },
        { "service:ApplicationServer:pool1.contoso.com", "pool1.contoso.com" },
        { "service:pool1.contoso.com", "pool1.contoso.com" },
        { "1-ApplicationServer-4", "pool2.contoso.com" }, /* a known service ID */
        { "new.contoso.com", "new.contoso.com" },
        { "localhost", "localhost" },
        { "a_b-c.x1", "a_b-c.x1" },
        { label, label },
        { "", NULL },
        { NULL, NULL },
        { "ApplicationServer:", NULL },
        { "Registrar:pool1.contoso.com", NULL },
        { "ApplicationServer:ApplicationServer:pool1.contoso.com", NULL },
        { "pool1..contoso.com", NULL },
        { ".contoso.com", NULL },
        { "contoso.com.", NULL },
        { "-a.com", NULL },
        { "a-.com", NULL },
        { "a.com-", NULL },
        { "pool 1.contoso.com", NULL },
        { "pool1.contoso.com\r\n", NULL },
        { "pool1/contoso", NULL },
        { "p\xC3\xBCl.contoso.com", NULL },
    };
    char fqdn[FQDN_SIZE], text[FQDN_SIZE * 2];
    struct err err = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        (void)text_copy(fqdn, sizeof fqdn, "before");
        assert_int_equal(destination_read(d, table[i].text, fqdn, &err),
                         table[i].fqdn ? 0 : -EINVAL);
        assert_string_equal(fqdn, table[i].fqdn ? table[i].fqdn : "before");
    }
    assert_non_null(strstr(err.text, "use its FQDN or service ID, such as pool1.contoso.com"));
    snprintf(text, sizeof text, "%sx.com", label);
    assert_int_equal(destination_read(d, text, fqdn, &err), -EINVAL);
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 2 ? '.' : 'a';
    text[253] = '\0';
    assert_int_equal(destination_read(d, text, fqdn, &err), 0);
    text[253] = '.';
    text[255] = '\0';
    assert_int_equal(destination_read(d, text, fqdn, &err), -EINVAL);
    text[255] = 'a';
    text[sizeof text - 1] = '\0';
    assert_int_equal(destination_read(d, text, fqdn, &err), -EINVAL);
}

static void keeps_sites_and_destinations(void **state)
{
    const struct destination *dest = deployment_destination(d, "POOL2.contoso.com");
    struct destination bad = { .fqdn = "pool3.contoso.com" };
    struct site site = { .name = " \t" };
    struct err err = { 0 };

    (void)state;
    assert_string_equal(dest->fqdn, "pool2.contoso.com");
    assert_string_equal(deployment_destination(d, "pool1.contoso.com")->service_id,
                        "ApplicationServer:pool1.contoso.com");
    assert_null(deployment_destination(d, "pool3.contoso.com"));
    put_destination("POOL1.contoso.com", "own", ""); /* replaces */
    assert_int_equal(d->destination_count, 2);
    assert_string_equal(deployment_destination(d, "pool1.contoso.com")->service_id, "own");
    assert_int_equal(deployment_put_site(d, &site, &err), -EINVAL);
    assert_non_null(strstr(err.text, "Site name is empty or only spaces"));
    put_site("REDMOND"); /* replaces, without regard to case */
    assert_int_equal(d->site_count, 1);
    (void)text_copy(bad.site, sizeof bad.site, "Nowhere");
    assert_int_equal(deployment_put_destination(d, &bad, &err), -EINVAL);
    assert_string_equal(err.text, "Site 'Nowhere' is not known: add it first");
    *bad.site = '\0';
    (void)text_copy(bad.service_id, sizeof bad.service_id, "OWN");
    assert_int_equal(deployment_put_destination(d, &bad, &err), -EINVAL);
    assert_string_equal(err.text,
                        "Service ID 'OWN' belongs to pool1.contoso.com: choose another one");
    (void)text_copy(bad.service_id, sizeof bad.service_id, "a\nb");
    assert_int_equal(deployment_put_destination(d, &bad, &err), -EINVAL);
    (void)text_copy(bad.fqdn, sizeof bad.fqdn, "not a name");
    assert_int_equal(deployment_put_destination(d, &bad, &err), -EINVAL);
    assert_int_equal(d->destination_count, 2);
}

static void removes_what_nothing_refers_to(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(deployment_remove_site(d, "Redmond", &err), -EBUSY);
    assert_string_equal(err.text, "Site 'Redmond' has the destination pool1.contoso.com: move that "
                                  "to another site first");
    assert_int_equal(deployment_remove_destination(d, "pool1.contoso.com", &err), -EBUSY);
    assert_non_null(strstr(err.text, "has the range 'Sales': delete that or move it first"));
    assert_int_equal(deployment_remove_destination(d, "pool9.contoso.com", &err), -ENOENT);
    assert_int_equal(deployment_remove_site(d, "Nowhere", &err), -ENOENT);
    assert_true(ranges_remove(&d->ranges, 5));
    assert_int_equal(deployment_remove_destination(d, "POOL1.contoso.com", &err), 0);
    assert_int_equal(deployment_remove_site(d, "redmond", &err), 0);
    assert_int_equal(d->destination_count, 1);
    assert_int_equal(d->site_count, 0);
    assert_non_null(deployment_destination(d, "pool2.contoso.com"));
}

static void tables_have_an_end(void **state)
{
    struct destination dest = { 0 };
    struct site site = { 0 };
    struct err err = { 0 };

    (void)state;
    while (d->site_count < SITES_MAX) {
        snprintf(site.name, sizeof site.name, "site %zu", d->site_count);
        assert_int_equal(deployment_put_site(d, &site, NULL), 0);
    }
    assert_int_equal(deployment_put_site(d, &site, NULL), 0); /* again: replaces */
    (void)text_copy(site.name, sizeof site.name, "one more");
    assert_int_equal(deployment_put_site(d, &site, &err), -ENOSPC);
    while (d->destination_count < DESTINATIONS_MAX) {
        dest.service_id[0] = '\0';
        snprintf(dest.fqdn, sizeof dest.fqdn, "d%zu", d->destination_count);
        assert_int_equal(deployment_put_destination(d, &dest, NULL), 0);
    }
    (void)text_copy(dest.fqdn, sizeof dest.fqdn, "more");
    assert_int_equal(deployment_put_destination(d, &dest, &err), -ENOSPC);
}

static void ranges_need_a_destination(void **state)
{
    struct range r = { .id = 6 };
    struct range_verdict v;
    struct err err = { 0 };

    (void)state;
    range_read(&r, "New", "6100", "6199", NULL);
    (void)text_copy(r.destination, sizeof r.destination, "pool3.contoso.com");
    v = deployment_check_range(d, &r, &err);
    assert_int_equal(v.fault, RANGE_NO_DESTINATION);
    assert_string_equal(v.pointer, "/destination");
    assert_string_equal(err.text, "Destination 'pool3.contoso.com' is not known: use one of "
                                  "pool1.contoso.com, pool2.contoso.com, or add it first");
    (void)text_copy(r.destination, sizeof r.destination, "pool2.contoso.com");
    assert_int_equal(deployment_check_range(d, &r, &err).fault, RANGE_FINE);
    r.first = r.last = number_read("6000", NULL);
    assert_int_equal(deployment_check_range(d, &r, &err).fault, RANGE_OVERLAP);
    d->destination_count = 0;
    deployment_check_range(d, &r, &err);
    assert_string_equal(err.text, "Destination 'pool2.contoso.com' is not known: add it first");
    for (unsigned i = 0; i < 100; i++) {
        char fqdn[32];

        snprintf(fqdn, sizeof fqdn, "pool%u.contoso.com", 100 + i);
        put_destination(fqdn, "", "");
    }
    deployment_check_range(d, &r, &err);
    assert_non_null(strstr(err.text, ", ..., or add it first"));
}

static void set(enum scope_kind kind, const char *name, range_id range, enum setting_key key,
                const char *text)
{
    struct scope scope = { .kind = kind, .range = range };
    struct settings *s;

    (void)text_copy(scope.name, sizeof scope.name, name);
    s = deployment_settings_edit(d, &scope);
    assert_non_null(s);
    assert_int_equal(settings_set(s, key, text, NULL), 0);
    assert_ptr_equal(deployment_settings(d, &scope), s);
}

static void nearest_scope_wins(void **state)
{
    enum scope_kind from[SETTING_KEYS];
    struct rules r;

    (void)state;
    set(SCOPE_GLOBAL, "", 0, SET_RING_TIME, "11");
    set(SCOPE_GLOBAL, "", 0, SET_COOL_DOWN, "11");
    set(SCOPE_GLOBAL, "", 0, SET_MAX_PARK, "11m");
    set(SCOPE_GLOBAL, "", 0, SET_MAX_PICKUP_ATTEMPTS, "2");
    set(SCOPE_SITE, "REDMOND", 0, SET_COOL_DOWN, "12");
    set(SCOPE_SITE, "Redmond", 0, SET_MAX_PARK, "12m");
    set(SCOPE_SITE, "Redmond", 0, SET_MAX_PICKUP_ATTEMPTS, "3");
    set(SCOPE_DESTINATION, "pool1.contoso.com", 0, SET_MAX_PARK, "13m");
    set(SCOPE_DESTINATION, "POOL1.contoso.com", 0, SET_MAX_PICKUP_ATTEMPTS, "4");
    set(SCOPE_RANGE, "", 5, SET_MAX_PICKUP_ATTEMPTS, "5");

    deployment_rules(d, NULL, 5, &r, from);
    assert_int_equal(r.pickup_timeout, 90000);
    assert_int_equal(from[SET_PICKUP_TIMEOUT], SCOPE_GLOBAL);
    assert_int_equal(r.ring_time, 11000);
    assert_int_equal(from[SET_RING_TIME], SCOPE_GLOBAL);
    assert_int_equal(r.cool_down, 12000);
    assert_int_equal(from[SET_COOL_DOWN], SCOPE_SITE);
    assert_int_equal(r.max_park, 13 * 60000);
    assert_int_equal(from[SET_MAX_PARK], SCOPE_DESTINATION);
    assert_int_equal(r.max_pickup_attempts, 5);
    assert_int_equal(from[SET_MAX_PICKUP_ATTEMPTS], SCOPE_RANGE);

    deployment_rules(d, "pool1.contoso.com", 0, &r, NULL);
    assert_int_equal(r.max_pickup_attempts, 4);
    deployment_rules(d, "pool2.contoso.com", 0, &r, NULL); /* of no site */
    assert_int_equal(r.max_pickup_attempts, 2);
    deployment_rules(d, NULL, 0, &r, NULL);
    assert_int_equal(r.max_pickup_attempts, 2);
    deployment_rules(d, "pool9.contoso.com", 77, &r, NULL);
    assert_int_equal(r.max_pickup_attempts, 2);
}

static void unknown_scopes_have_no_settings(void **state)
{
    static const struct scope unknown[] = { { .kind = SCOPE_SITE, .name = "Nowhere" },
                                            { .kind = SCOPE_DESTINATION, .name = "pool9" },
                                            { .kind = SCOPE_RANGE, .range = 77 } };
    struct scope known = { .kind = SCOPE_RANGE, .range = 5 };

    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_null(deployment_settings(d, &unknown[i]));
        assert_null(deployment_settings_edit(d, &unknown[i]));
    }
    assert_int_equal(deployment_settings(d, &known)->set, 0);
    assert_int_equal(d->range_settings_count, 0); /* reading makes none */
}

/* Ranges come and go; what they had said must not fill the table, nor come to a later range. */
static void settings_of_dead_ranges_make_room(void **state)
{
    struct scope scope = { .kind = SCOPE_RANGE };
    struct rules r;

    (void)state;
    for (range_id id = 10; id < 10 + 2 * RANGES_MAX; id++) {
        put_range(id, "Short", "7000", "pool1.contoso.com");
        set(SCOPE_RANGE, "", id, SET_MAX_PICKUP_ATTEMPTS, "7");
        assert_true(ranges_remove(&d->ranges, id));
        scope.range = id;
        assert_null(deployment_settings(d, &scope));
    }
    set(SCOPE_RANGE, "", 5, SET_MAX_PICKUP_ATTEMPTS, "8");
    deployment_rules(d, NULL, 5, &r, NULL);
    assert_int_equal(r.max_pickup_attempts, 8);
    deployment_rules(d, NULL, 12, &r, NULL);
    assert_int_equal(r.max_pickup_attempts, 1);
}

#define WITH_DEPLOYMENT(test) cmocka_unit_test_setup_teardown(test, new_deployment, free_deployment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DEPLOYMENT(reads_destinations),
        WITH_DEPLOYMENT(keeps_sites_and_destinations),
        WITH_DEPLOYMENT(removes_what_nothing_refers_to),
        WITH_DEPLOYMENT(tables_have_an_end),
        WITH_DEPLOYMENT(ranges_need_a_destination),
        WITH_DEPLOYMENT(nearest_scope_wins),
        WITH_DEPLOYMENT(unknown_scopes_have_no_settings),
        WITH_DEPLOYMENT(settings_of_dead_ranges_make_room),
    };

    return cmocka_run_group_tests_name("deployment", tests, NULL, NULL);
}
