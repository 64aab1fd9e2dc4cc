/* The list of commands for the manual page callparkctl(1), in scdoc's notation; from the same table
 * as --help, so that the two cannot differ. */
#include <string.h>

#include "ctl/commands.h"

/* What scdoc would take for a sign of its own. */
static void plain(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr("\\_*", text[i]))
            fputc('\\', out);
        fputc(text[i], out);
    }
}

/* Literal, as typed. */
static void example_lines(FILE *out, const char *lines)
{
    fputs("```\n", out);
    while (*lines) {
        size_t length = strcspn(lines, "\n");

        fprintf(out, "callparkctl %.*s\n", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
    fputs("```\n\n", out);
}

static void options(FILE *out, ctl_options taken)
{
    for (int i = 0; i < CTL_OPTIONS; i++) {
        const struct ctl_option *o = &ctl_option_table[i];

        if (!(taken & TAKES(i)))
            continue;
        fputc('*', out);
        if (o->letter)
            fprintf(out, "-%c*, *", o->letter);
        fprintf(out, "--%s*%s%s%s\n\t", o->name, o->value ? " _" : "", o->value ? o->value : "",
                o->value ? "_" : "");
        plain(out, o->help, strlen(o->help));
        fputs("\n\n", out);
    }
}

void manual_write(FILE *out)
{
    fputs("# COMMANDS\n\n", out);
    for (const struct ctl_command *c = ctl_commands; c->path; c++) {
        fprintf(out, "## %s\n\n*callparkctl %s* ", c->path, c->path);
        plain(out, c->arguments, strlen(c->arguments));
        fputs("\n\n", out);
        plain(out, c->summary, strlen(c->summary));
        fputs("\n\n", out);
        example_lines(out, c->examples);
        options(out, c->options);
    }
    fputs("# OPTIONS OF EVERY COMMAND\n\n", out);
    options(out, args_common());
}
