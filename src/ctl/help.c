/* Help, from the table of commands. */
#include <string.h>

#include "ctl/commands.h"

static const char *const name = "callparkctl";

/* Each line of the examples as one would type it. A line that names the program itself has a pipe.
 */
static void examples(FILE *out, const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");

        fprintf(out, "  %s %.*s\n", name, (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static void options(FILE *out, ctl_options taken)
{
    for (int i = 0; i < CTL_OPTIONS; i++) {
        const struct ctl_option *o = &ctl_option_table[i];
        char text[48];

        if (!(taken & TAKES(i)))
            continue;
        snprintf(text, sizeof(text), "%s--%s%s%s", "", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        if (o->letter)
            fprintf(out, "  -%c, %-20s  %s\n", o->letter, text, o->help);
        else
            fprintf(out, "      %-20s  %s\n", text, o->help);
    }
}

static void help_command(FILE *out, const struct ctl_command *c)
{
    fprintf(out, "Examples:\n");
    examples(out, c->examples);
    fprintf(out, "\n%s %s%s%s [OPTION...]\n  %s\n", name, c->path, *c->arguments ? " " : "",
            c->arguments, c->summary);
    if (c->options) {
        fprintf(out, "\nOptions:\n");
        options(out, c->options);
    }
    fprintf(out, "\nOptions of every command:\n");
    options(out, args_common());
}

static void commands(FILE *out, const char *group)
{
    size_t length = group ? strlen(group) : 0;

    for (const struct ctl_command *c = ctl_commands; c->path; c++) {
        char usage[64];

        if (group && (strncmp(c->path, group, length) != 0 || c->path[length] != ' '))
            continue;
        snprintf(usage, sizeof(usage), "%s %s", c->path, c->arguments);
        fprintf(out, "  %-32s %s\n", usage, c->summary);
    }
}

static void help_all(FILE *out)
{
    fprintf(out, "callparkctl asks and changes a callpark server.\n\nExamples:\n");
    examples(out,
             "status\nrange create Lobby 7000 7099 --destination pool1.contoso.com\ncall list\n"
             "call retrieve 7003 --to sip:101@pbx.example\nselftest");
    fprintf(out, "\nCommands (each has --help):\n");
    commands(out, NULL);
    fprintf(out, "\nOptions of every command:\n");
    options(out, args_common());
    fprintf(out,
            "\nExit codes: 0 done, 1 error, 2 usage or cancelled, 3 not found, 4 not permitted,\n"
            "5 conflict, 6 server unreachable, 7 not valid, 8 done in part\n");
}

void help_show(const struct ctl *ctl)
{
    if (ctl->args.command)
        help_command(ctl->out, ctl->args.command);
    else if (ctl->args.group)
        commands(ctl->out, ctl->args.group);
    else
        help_all(ctl->out);
}
