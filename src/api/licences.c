/* GET /api/licenses: whose work is in this program, and under which terms. The packages of the page
 * tell it of themselves (web/embed.js); the libraries of the system are listed here. */
#include <stdlib.h>

#include "api/page.h"
#include "api/resources.h"
#include "base/text.h"

/* Linked dynamically, so that whoever runs the program may put in another version of each. */
static const struct {
    const char *name, *license, *home;
} libraries[] = {
    { "GnuTLS", "LGPL-2.1-or-later", "https://www.gnutls.org/" },
    { "inih", "BSD-3-Clause", "https://github.com/benhoyt/inih" },
    { "jansson", "MIT", "https://github.com/akheron/jansson" },
    { "libcurl", "curl", "https://curl.se/" },
    { "libmicrohttpd", "LGPL-2.1-or-later", "https://www.gnu.org/software/libmicrohttpd/" },
    { "libsamplerate", "BSD-2-Clause", "https://libsndfile.github.io/libsamplerate/" },
    { "libseccomp", "LGPL-2.1-only", "https://github.com/seccomp/libseccomp" },
    { "libsndfile", "LGPL-2.1-or-later", "https://libsndfile.github.io/libsndfile/" },
    { "libsodium", "ISC", "https://libsodium.org/" },
    { "libsystemd", "LGPL-2.1-or-later", "https://systemd.io/" },
    { "Sofia-SIP", "LGPL-2.1-or-later", "https://github.com/freeswitch/sofia-sip" },
    { "spandsp", "LGPL-2.1-only", "https://github.com/freeswitch/spandsp" },
    { "SQLite", "blessing", "https://www.sqlite.org/" },
    { "zlib", "Zlib", "https://zlib.net/" },
};

static json_t *of_the_page(void)
{
    char *text = page_licences();
    json_t *items = text ? json_loads(text, 0, NULL) : NULL;

    free(text);
    return items ? items : json_array();
}

void get_licences(struct ask *q)
{
    json_t *items = of_the_page();

    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        (void)json_array_append_new(items, json_pack("{ss ss ss ss}", "name", libraries[i].name,
                                                     "license", libraries[i].license, "home",
                                                     libraries[i].home, "part", "library"));
    reply_json(q, 200, json_pack("{so}", "items", items));
}
