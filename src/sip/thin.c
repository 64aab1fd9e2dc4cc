/* A flood is thinned out before it is read: reading and refusing each request is most of the work
 * there is with it, and what cannot be read in time is dropped by the kernel in any case, be it the
 * BYE of a caller or the ten thousandth park. */
#include "sip/thin.h"

#include <string.h>

#define UDP_HEADER 8 /* a filter of a UDP socket sees it */
#define METHOD_AT UDP_HEADER
#define SCHEME_AT (METHOD_AT + 7) /* of "INVITE sip:" */
#define USER_AT (SCHEME_AT + 4)
#define DIGITS_MAX 9
#define USER_LOOKED_AT 40 /* bytes of a Request-URI in which its @ is looked for */
#define SHARE_MOST 990u

/* ---- a small assembler; jumps go forward only ---- */

enum label { PASS, THROW, WORD, NUMBER_1, LABELS = NUMBER_1 + DIGITS_MAX };

struct assembler {
    struct sock_filter *at;
    size_t count;
    struct {
        size_t from;
        enum label to;
    } jumps[1024];
    size_t jump_count;
};

static void put(struct assembler *a, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    a->at[a->count++] = (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = k };
}

static void put_load(struct assembler *a, uint16_t size, uint32_t offset)
{
    put(a, BPF_LD | size | BPF_ABS, offset, 0, 0);
}

static void put_jump(struct assembler *a, enum label to)
{
    a->jumps[a->jump_count].from = a->count;
    a->jumps[a->jump_count++].to = to;
    put(a, BPF_JMP | BPF_JA, 0, 0, 0);
}

/* If the accumulator is `value`, on to the label. */
static void put_if(struct assembler *a, uint32_t value, enum label to)
{
    put(a, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    put_jump(a, to);
}

static void put_label(struct assembler *a, enum label here)
{
    for (size_t i = 0; i < a->jump_count; i++)
        if (a->jumps[i].to == here)
            a->at[a->jumps[i].from].k = (uint32_t)(a->count - a->jumps[i].from - 1);
}

static uint32_t word_of(const char *text)
{
    return (uint32_t)(unsigned char)text[0] << 24 | (uint32_t)(unsigned char)text[1] << 16 |
           (uint32_t)(unsigned char)text[2] << 8 | (uint32_t)(unsigned char)text[3];
}

/* ---- the numbers ---- */

static void widen(struct thin *t, number_key first, number_key last)
{
    for (size_t i = 0; i < t->count; i++) {
        struct thin_orbits *o = &t->at[i];

        if (number_digits(o->first) != number_digits(first))
            continue;
        if (first < o->first)
            o->first = first;
        if (last > o->last)
            o->last = last;
        return;
    }
    t->at[t->count++] = (struct thin_orbits){ first, last };
}

/* One interval for each length. */
static void gather(struct thin *t)
{
    struct thin wide = { .prefixed = t->prefixed };

    for (size_t i = 0; i < t->count; i++)
        widen(&wide, t->at[i].first, t->at[i].last);
    *t = wide;
}

void thin_add(struct thin *t, number_key first, number_key last)
{
    if (number_prefix(first)) {
        t->prefixed = true;
        return;
    }
    if (t->count == THIN_ORBITS_MAX) {
        gather(t);
        widen(t, first, last);
        return;
    }
    t->at[t->count++] = (struct thin_orbits){ first, last };
}

/* ---- the program ---- */

/* The user part as a number, its value in memory 0; behind its last digit on to NUMBER_n. */
static void put_digits(struct assembler *a)
{
    put(a, BPF_LD | BPF_IMM, 0, 0, 0);
    put(a, BPF_ST, 0, 0, 0);
    for (unsigned n = 0; n <= DIGITS_MAX; n++) {
        put_load(a, BPF_B, USER_AT + n);
        if (n)
            put_if(a, '@', NUMBER_1 + n - 1);
        if (n == DIGITS_MAX)
            break;
        put(a, BPF_JMP | BPF_JGE | BPF_K, '0', 1, 0);
        put_jump(a, WORD);
        put(a, BPF_JMP | BPF_JGT | BPF_K, '9', 0, 1);
        put_jump(a, WORD);
        put(a, BPF_ALU | BPF_SUB | BPF_K, '0', 0, 0);
        put(a, BPF_MISC | BPF_TAX, 0, 0, 0);
        put(a, BPF_LD | BPF_MEM, 0, 0, 0);
        put(a, BPF_ALU | BPF_MUL | BPF_K, 10, 0, 0);
        put(a, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
        put(a, BPF_ST, 0, 0, 0);
    }
    put_jump(a, WORD);
}

/* A user part that is no number is thrown for; without one it is our own Contact. */
static void put_word(struct assembler *a)
{
    put_label(a, WORD);
    for (unsigned i = 0; i < USER_LOOKED_AT; i++) {
        put_load(a, BPF_B, USER_AT + i);
        put_if(a, '@', THROW);
        put_if(a, ' ', PASS);
    }
    put_jump(a, THROW);
}

static void put_numbers(struct assembler *a, const struct thin *t, unsigned digits)
{
    put_label(a, NUMBER_1 + digits - 1);
    put(a, BPF_LD | BPF_MEM, 0, 0, 0);
    for (size_t i = 0; i < t->count; i++) {
        if (number_digits(t->at[i].first) != digits)
            continue;
        put(a, BPF_JMP | BPF_JGE | BPF_K, number_value(t->at[i].first), 0, 2);
        put(a, BPF_JMP | BPF_JGT | BPF_K, number_value(t->at[i].last), 1, 0);
        put_jump(a, PASS);
    }
    put_jump(a, THROW);
}

size_t thin_program(struct sock_filter to[THIN_PROGRAM_MAX], const struct thin *t, unsigned share)
{
    static const char *const thrown[] = { "OPTI", "SUBS", "REGI", "MESS", "PUBL" };
    struct assembler a = { .at = to };

    memset(a.jumps, 0, sizeof a.jumps);
    put(&a, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
    put(&a, BPF_JMP | BPF_JGE | BPF_K, USER_AT + USER_LOOKED_AT, 1, 0);
    put_jump(&a, PASS); /* too short to be a request */
    put_load(&a, BPF_W, METHOD_AT);
    for (size_t i = 0; i < sizeof thrown / sizeof *thrown; i++)
        put_if(&a, word_of(thrown[i]), THROW);
    put(&a, BPF_JMP | BPF_JEQ | BPF_K, word_of("INVI"), 1, 0);
    put_jump(&a, PASS);
    put_load(&a, BPF_W, SCHEME_AT);
    put(&a, BPF_JMP | BPF_JEQ | BPF_K, word_of("sip:"), 1, 0);
    put_jump(&a, THROW);
    if (t->prefixed) {
        put_load(&a, BPF_B, USER_AT);
        put_if(&a, '*', PASS);
        put_if(&a, '#', PASS);
        put_if(&a, '%', PASS); /* %23 is # in a URI */
    }
    put_digits(&a);
    for (unsigned digits = 1; digits <= DIGITS_MAX; digits++)
        put_numbers(&a, t, digits);
    put_word(&a);
    put_label(&a, THROW);
    put_load(&a, BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM));
    put(&a, BPF_ALU | BPF_MOD | BPF_K, THIN_WHOLE, 0, 0);
    put(&a, BPF_JMP | BPF_JGE | BPF_K, share, 1, 0);
    put(&a, BPF_RET | BPF_K, 0, 0, 0);
    put_label(&a, PASS);
    put(&a, BPF_RET | BPF_K, UINT32_MAX, 0, 0);
    return a.count;
}

unsigned thin_share(unsigned share, size_t used, size_t room)
{
    if (used > room / 2)
        share += (THIN_WHOLE - share) / 3;
    else if (used < room / 8)
        share -= share < 16 ? share : share / 8;
    return share < SHARE_MOST ? share : SHARE_MOST;
}
