/* Bytes as what callparkctl reads from others: a SIP message with SDP, a table of ranges, a stream
 * of events, an answer of the server that is printed. Whatever they are, they are read within
 * bounds, a table that is read prints, and a stream says the same whether it comes whole or byte by
 * byte. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/csv.h"
#include "ctl/phone_msg.h"
#include "ctl/print.h"
#include "ctl/sse.h"
#include "fuzz.h"

static void read_message(const char *bytes, size_t size)
{
    static struct msg m;
    struct msg_audio audio;
    char text[64];

    if (!msg_parse(&m, bytes, size))
        return;
    assert(m.header_count <= MSG_HEADERS_MAX && msg_header(&m, "Call-ID", 0));
    (void)msg_param(msg_header(&m, "To", 0), "tag", text, sizeof text);
    (void)msg_uri(msg_header(&m, "From", 0), text, sizeof text);
    if (msg_audio_of(m.body, &audio))
        assert(audio.port > 0 && audio.port < 65536 && *audio.host);
}

/* Print it in every format; a terminal must not see a control character but the end of a line. */
static void print_all(const json_t *items)
{
    static const struct print_column columns[] = { { "A", "a", CELL_WHO },
                                                   { "B", "b.c", CELL_SINCE },
                                                   { 0 } };

    for (int f = 0; f < PRINT_FORMATS; f++) {
        struct print_style style = { .format = (enum print_format)f, .name = "a" };
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);

        print_list(out, &style, items, columns);
        (void)fclose(out);
        for (size_t i = 0; f == PRINT_TABLE && i < length; i++)
            assert((unsigned char)text[i] >= 0x20 || text[i] == '\n');
        free(text);
    }
}

static void read_table(const char *bytes, size_t size)
{
    json_t *rows = csv_read(bytes, size, NULL);

    if (rows)
        print_all(rows);
    json_decref(rows);
}

static void read_answer(const char *bytes, size_t size)
{
    json_t *value = json_loadb(bytes, size, 0, NULL);

    if (json_is_array(value))
        print_all(value);
    json_decref(value);
}

static bool add(void *to, const struct sse_event *e)
{
    size_t *sum = to;

    *sum = *sum * 31 + strlen(e->name) + 7 * strlen(e->data) + 11 * strlen(e->id);
    return strcmp(e->name, "stop") != 0;
}

static void read_stream(const char *bytes, size_t size)
{
    size_t whole = 0, pieces = 0;
    struct sse *a = sse_new(add, &whole), *b = sse_new(add, &pieces);

    (void)sse_feed(a, bytes, size);
    for (size_t i = 0; i < size && sse_feed(b, bytes + i, 1); i++)
        ;
    assert(whole == pieces);
    sse_free(a);
    sse_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data + 1;

    if (size == 0)
        return 0;
    switch (*data % 4) {
    case 0:
        read_message(bytes, size - 1);
        break;
    case 1:
        read_table(bytes, size - 1);
        break;
    case 2:
        read_stream(bytes, size - 1);
        break;
    default:
        read_answer(bytes, size - 1);
        break;
    }
    return 0;
}
