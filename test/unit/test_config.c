/* The configuration file: what is understood, and that every mistake is named with its line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/config.h"

static struct app_config config;

static void refused_with_words(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "[sip]\nlisten = carrier:1\n", "f:2: [sip] listen: 'carrier:1' is no listener" },
        { "[sip]\nlisen = udp:1.2.3.4:5060\n", "f:2: unknown key 'lisen': did you mean 'listen'?" },
        { "[sipp]\n", "f:1: unknown section 'sipp': did you mean 'sip'?" },
        { "[sip]\ntrusted = 10.0.0.0/33\n", "is no network" },
        { "[sip]\nt1 = 1\n", "is no number between 10 and 5000" },
        { "[media]\nrtp-ports = 20000\n", "is no range of ports" },
        { "[media]\nrtp-ports = 30000-20000\n", "is no range of ports" },
        { "[media]\nworkers = 0\n", "between 1 and 16" },
        { "[sip]\nhop-timeout = 30s\n", "write for example 4s" },
        { "[sip]\noptions-interval = 1s\n", "write for example 60s, or off" },
        { "[peer.x]\noptions = 192.0.2.1\n", "sip:" },
        { "[store]\ntrouble = ignore\n", "neither refuse nor memory" },
        { "[media]\nunheard = never\n", "write for example 10s, or off" },
        { "[media]\nunheard = 500ms\n", "write for example 10s, or off" },
        { "[web]\nbehind-proxy = maybe\n", "neither yes nor no" },
        { "[web]\ntls-cert = /tmp/cert.pem\n", "belong together" },
        { "[sip]\ntls-cert = /tmp/cert.pem\n", "[sip] tls-cert and tls-key belong together" },
        { "[sip]\nlisten = tls:127.0.0.1:5061\n", "tls:127.0.0.1:5061 needs a certificate" },
        { "[sip]\nlisten = wss:127.0.0.1:443\n", "wss:127.0.0.1:443 needs a certificate" },
        { "[sip]\ntls-client-cert = maybe\n", "is not one of no, ask and require" },
        { "[sip]\ntls-client-cert = require\n", "tls-client-cert needs tls-ca" },
        { "[sip]\ntls-verify = perhaps\n", "neither yes nor no" },
        { "[sip]\nws-origin = park.example.com\n", "is no origin of a page" },
        { "[sip]\nws-origin = https://park.example.com/x\n", "is no origin of a page" },
        { "[web]\ntls-key = /tmp/key.pem\n", "belong together" },
        { "[web]\ntrusted-proxy = 10.0.0.0/99\n", "no address or network" },
        { "[web]\npublic-url = park.example.com\n", "no address of a page" },
        { "[web]\npublic-url = https://park.example.com/path\n", "no address of a page" },
        { "[auth]\nproxy-header = X Remote\n", "no name of a header" },
        { "[web]\nrate-limit = -1\n", "is no number between 0 and 100000" },
        { "[auth]\nrealms = ldap\n", "is no realm: write local" },
        { "[auth]\nrealms = local, proxy\n", "say in [web] trusted-proxy" },
        { "[auth]\nsession-idle = 10s\n", "is no length of time of a minute or more" },
        { "[auth]\nsession-idle = 30mi\n", "is no length of time" },
        { "[auth]\nsession-max = minute\n", "is no length of time" },
        { "[auth]\nsession-max = 99999999min\n", "is no length of time" },
        { "[auth]\ngroup-viewers = x\n", "did you mean 'group-" },
        { "[provision]\nmode = force\n", "is no mode: write create-missing or enforce" },
        { "[store]\nurl = oracle:x\n", "is no store of this version" },
        { "[log]\nlevel = loud\n", "is no log level" },
        { "[node]\nname = a\nname = b\n", "f:3: 'name' is given twice" },
        { "[node]\nname =\n", "f:2: 'name' has no value" },
        { "[node]\ndestination = -not a host-\n", "f:2: [node] destination:" },
        { "[node]\njust words\n", "f:2: neither [section] nor key = value" },
        { "[sip]\noutbound = 10.0.0.1\n", "is no SIP URI" },
        { "[sip]\nroute = example.com\n", "is no route: write example.com sip:192.0.2.10" },
        { "[sip]\nroute = example.com 10.0.0.1\n", "is no SIP URI" },
        { "[register.office]\nregistrar = sip:pbx.example\n", "is not whole" },
        { "[register.office]\nexpires = 2d\n", "is no span from 1s to 24h" },
        { "[register.office]\naors = 700\n", "did you mean 'aor'?" },
        { "[sip]\nlisten = udp:0.0.0.0:5060\n", "say in [media] advertise" },
        { "[sip]\npark-prefix = *68, a b?\n", "f:2: [sip] park-prefix: 'b?' is no prefix" },
        { "[sip]\nretrieve-prefix = 1,2,3,4,5,6,7,8,9\n", "is one prefix too many" },
        { "[sip]\npark-prefix = *68\nretrieve-prefix = *88\nretrieve-prefix = *68\n",
          "park-prefix and retrieve-prefix are both '*68'" },
        { "[peer.]\n", "f:1: 'peer.' is no section for a peer" },
        { "[peer.trusted]\nnetworks = 10.0.0.1\n", "what [sip] trusted is called" },
        { "[peer.pbx]\n", "[peer.pbx] is known by nothing" },
        { "[peer.pbx]\nnetwork = 10.0.0.1\n",
          "f:2: unknown key 'network': did you mean 'networks'?" },
        { "[peer.pbx]\nnetworks = 10.0.0.0/64\n",
          "f:2: [peer.pbx] networks: '10.0.0.0/64' is no network" },
        { "[peer.pbx]\nnetworks = 10.0.0.1\nexit = replace\n",
          "f:3: [peer.pbx] exit: 'replace' is neither relay nor refer" },
        { "[peer.pbx]\nmay = park, hangup\n",
          "'hangup' is no right: write park, retrieve, watch, control" },
        { "[peer.pbx]\ncertificate = a\ncertificate = b\n", "f:3: 'certificate' is given twice" },
        { "[peer.pbx]\nauth-user =\n", "f:2: 'auth-user' has no value" },
        { "[node]\nname = a\n  site = b\n", "f:3: the line begins with a blank" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err err = { 0 };

        if (!config_read_text(&config, "f", cases[i].text, &err))
            fail_msg("accepted: %s", cases[i].text);
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' does not say '%s'", err.text, cases[i].words);
    }
}

static void long_line_is_refused(void **state)
{
    char text[4000] = "[node]\nname = ";
    struct err err = { 0 };

    (void)state;
    memset(text + strlen(text), 'x', 3000);
    assert_int_not_equal(config_read_text(&config, "f", text, &err), 0);
    assert_non_null(strstr(err.text, "f:2: the line is longer than"));
}

static void everything_is_understood(void **state)
{
    static const char text[] =
        "; a comment\n"
        "[node]\nname = sip1\ndestination = Pool1.Contoso.com\nsite = Redmond\n"
        "[sip]\nlisten = udp:127.0.0.1:5062\nlisten = tcp:[::1]:5062\n"
        "trusted = 10.0.0.0/8, 192.0.2.7\ntrusted = 2001:db8::/32\n"
        "domain = contoso.com, sip.contoso.com\npark-user = 700\n"
        "park-prefix = *68\npark-prefix = *58, park+\nretrieve-prefix = **\n"
        "outbound = sip:10.0.0.1:5060;transport=tcp\n"
        "[media]\nrtp-ports = 30000-30999\nworkers = 2\n"
        "[web]\nlisten = 127.0.0.1:0\nadmin-socket = /tmp/x.sock\n"
        "[store]\nurl = sqlite:/tmp/x.db\n"
        "[log]\nlevel = debug\nformat = json\n";
    struct err err = { 0 };

    (void)state;
    if (config_read_text(&config, "f", text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(config.destination, "pool1.contoso.com");
    assert_string_equal(config.house.destination, "pool1.contoso.com");
    assert_int_equal(config.sip.listen_count, 2);
    assert_string_equal(config.sip.listen[1], "tcp:[::1]:5062");
    assert_int_equal(config.sip.trusted_count, 3);
    assert_string_equal(config.house.domains[1], "sip.contoso.com");
    assert_string_equal(config.house.park_user, "700");
    assert_string_equal(config.house.park_prefix[1], "*58");
    assert_string_equal(config.house.park_prefix[2], "park+");
    assert_string_equal(config.house.park_prefix[3], "");
    assert_string_equal(config.house.retrieve_prefix[0], "**");
    assert_string_equal(config.media.bind4, "127.0.0.1");
    assert_string_equal(config.media.bind6, "::1");
    assert_int_equal(config.media.port_last, 30999);
    assert_string_equal(config.token_file, "/tmp/x.db.token");
    assert_int_equal(config.log_form, LOG_FORM_JSON);
}

static void peers_are_understood(void **state)
{
    static const char text[] =
        "[peer.pbx]\nnetworks = 10.0.0.0/8\nnetworks = 192.0.2.7, 2001:db8::/32\n"
        "trust-identity = no\nmay = park, retrieve\nrefer-to = 2??, sip:*@example.com\n"
        "[peer.teams]\ncertificate = sbc.example.com\nexit = refer\ndirect-media = yes\n"
        "[peer.pbx]\nauth-user = us\nauth-password = s3cret\n";
    struct err err = { 0 };
    const struct sip_peer *p = config.sip.peers;

    (void)state;
    if (config_read_text(&config, "f", text, &err))
        fail_msg("%s", err.text);
    assert_int_equal(config.sip.peer_count, 2);
    assert_string_equal(p[0].name, "pbx");
    assert_string_equal(p[0].networks, "10.0.0.0/8, 192.0.2.7, 2001:db8::/32");
    assert_string_equal(p[0].refer_to, "2??, sip:*@example.com");
    assert_string_equal(p[0].auth_password, "s3cret");
    assert_false(p[0].trust_identity);
    assert_int_equal(p[0].may, SIP_MAY_PARK | SIP_MAY_RETRIEVE);
    assert_string_equal(p[1].certificate, "sbc.example.com");
    assert_true(p[1].trust_identity && p[1].direct_media);
    assert_int_equal(p[1].exit, EXIT_REFER);
    assert_int_equal(p[1].may, SIP_MAY_ALL);
}

static void tls_of_sip_is_understood(void **state)
{
    static const char text[] =
        "[sip]\nlisten = tls:127.0.0.1:5061, ws:127.0.0.1:80\nlisten = wss:[::1]:443\n"
        "tls-cert = /etc/c.pem\ntls-key = /etc/k.pem\ntls-ca = /etc/ca.pem\n"
        "tls-client-cert = require\ntls-verify = no\n"
        "ws-origin = https://a.example, https://b.example:8443\nws-origin = http://c.example\n"
        "connections-max = 100\nconnections-per-source = 7\n";
    struct err err = { 0 };
    const struct sip_tls *tls = &config.sip.tls;

    (void)state;
    if (config_read_text(&config, "f", text, &err))
        fail_msg("%s", err.text);
    assert_int_equal(config.sip.listen_count, 3);
    assert_string_equal(config.sip.listen[2], "wss:[::1]:443");
    assert_string_equal(config.media.bind6, "::1");
    assert_string_equal(tls->cert, "/etc/c.pem");
    assert_string_equal(tls->key, "/etc/k.pem");
    assert_string_equal(tls->ca, "/etc/ca.pem");
    assert_int_equal(tls->client_cert, CLIENT_CERT_REQUIRE);
    assert_true(tls->verify_off);
    assert_int_equal(tls->origin_count, 3);
    assert_string_equal(tls->origins[1], "https://b.example:8443");
    assert_int_equal(tls->connections_max, 100);
    assert_int_equal(tls->connections_per_source, 7);
}

static void who_may_come_in(void **state)
{
    static const char text[] =
        "[web]\ntrusted-proxy = 192.0.2.7\nrate-limit = 0\n"
        "[auth]\nrealms = proxy\nsession-idle = 5min\nsession-max = 1h30min\n"
        "group-administrator = CN=Admins,OU=IT\ngroup-attendant = desk\n"
        "[provision]\ndefinitions = /etc/d.json\nmode = enforce\n";
    struct err err = { 0 };

    (void)state;
    if (config_read_text(&config, "f", text, &err))
        fail_msg("%s", err.text);
    assert_true(config.auth.proxy && !config.auth.local);
    assert_string_equal(config.auth.group[ROLE_ADMINISTRATOR], "CN=Admins,OU=IT");
    assert_string_equal(config.auth.group[ROLE_ATTENDANT], "desk");
    assert_int_equal(config.session_idle, 5 * 60000);
    assert_int_equal(config.session_max, 90 * 60000);
    assert_int_equal(config.rate_limit, 0);
    assert_string_equal(config.provision_file, "/etc/d.json");
    assert_int_equal(config.provision_mode, PROVISION_ENFORCE);
}

/* A variable counts before the file; a name that is no key of ours is somebody else's. */
static void environment_counts(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(setenv("CALLPARK_WEB_ADMIN_SOCKET", "/tmp/env.sock", 1), 0);
    assert_int_equal(setenv("CALLPARK_SIP_LISTEN", "udp:127.0.0.1:1, tcp:127.0.0.1:2", 1), 0);
    assert_int_equal(setenv("CALLPARK_WEB_PORT", "tcp://10.0.0.1:80", 1), 0);
    if (config_read_text(&config, "f",
                         "[web]\nadmin-socket = /tmp/file.sock\n[sip]\nlisten = udp:127.0.0.1:3\n",
                         &err))
        fail_msg("%s", err.text);
    assert_string_equal(config.http.socket, "/tmp/env.sock");
    assert_int_equal(config.sip.listen_count, 2);
    assert_string_equal(config.sip.listen[1], "tcp:127.0.0.1:2");
    assert_int_equal(setenv("CALLPARK_SIP_LISTEN", "carrier:1", 1), 0);
    assert_int_not_equal(config_read_text(&config, "f", "", &err), 0);
    assert_non_null(strstr(err.text, "CALLPARK_SIP_LISTEN in the environment: 'carrier:1'"));
    (void)unsetenv("CALLPARK_WEB_ADMIN_SOCKET");
    (void)unsetenv("CALLPARK_SIP_LISTEN");
    (void)unsetenv("CALLPARK_WEB_PORT");
}

static void empty_file_has_defaults(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(config_read_text(&config, "f", "", &err), 0);
    assert_string_equal(config.sip.listen[0], "udp:127.0.0.1:5060");
    assert_string_equal(config.sip.trusted[0], "127.0.0.0/8");
    assert_string_equal(config.http.listen, "127.0.0.1:8080");
    assert_string_equal(config.house.park_user, "park");
    assert_true(config.auth.local && !config.auth.proxy);
    assert_int_equal(config.session_idle, 30 * 60000);
    assert_int_equal(config.session_max, 12 * 3600000);
    assert_int_equal(config.rate_limit, 100);
}

static void missing_file_is_named(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_int_equal(config_read(&config, "/nonexistent/callpark.conf", &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/callpark.conf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_with_words),       cmocka_unit_test(long_line_is_refused),
        cmocka_unit_test(everything_is_understood), cmocka_unit_test(empty_file_has_defaults),
        cmocka_unit_test(tls_of_sip_is_understood), cmocka_unit_test(missing_file_is_named),
        cmocka_unit_test(peers_are_understood),     cmocka_unit_test(who_may_come_in),
        cmocka_unit_test(environment_counts),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
