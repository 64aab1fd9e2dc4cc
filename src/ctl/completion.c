/* callparkctl completion: scripts for the shells, written from the table of commands. Names of
 * ranges are asked of the server when they are wanted. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

/* The distinct first words, or the second words of one group, with a blank between. */
static void words(FILE *out, const char *group)
{
    const char *last = "";
    size_t last_length = 0;

    for (const struct ctl_command *c = ctl_commands; c->path; c++) {
        size_t length = strcspn(c->path, " ");

        if (!group && (length != last_length || strncmp(c->path, last, length) != 0))
            fprintf(out, "%.*s ", (int)length, c->path);
        if (group && strlen(group) == length && strncmp(c->path, group, length) == 0 &&
            c->path[length])
            fprintf(out, "%s ", c->path + length + 1);
        last = c->path;
        last_length = length;
    }
}

static void option_words(FILE *out, ctl_options taken)
{
    for (int i = 0; i < CTL_OPTIONS; i++)
        if ((taken | args_common()) & TAKES(i))
            fprintf(out, "--%s ", ctl_option_table[i].name);
}

/* A case for each group and each command, as bash and zsh both read it. */
static void cases(FILE *out)
{
    const char *last = "";

    for (const struct ctl_command *c = ctl_commands; c->path; c++) {
        char group[32];
        size_t length = strcspn(c->path, " ");

        (void)text_copy_n(group, sizeof(group), c->path, length);
        if (c->path[length] && !text_starts(last, group)) {
            fprintf(out, "    '%s') words='", group);
            words(out, group);
            fprintf(out, "' ;;\n");
        }
        fprintf(out, "    '%s') words='", c->path);
        option_words(out, c->options);
        fprintf(out, "'");
        if (text_starts(c->arguments, "RANGE"))
            fprintf(out, "; names='range list'");
        if (text_starts(c->arguments, "CALL"))
            fprintf(out, "; names='call list'");
        fprintf(out, " ;;\n");
        last = c->path;
    }
}

static void bash(FILE *out)
{
    fprintf(out, "_callparkctl() {\n"
                 "  local cur=${COMP_WORDS[COMP_CWORD]} path= words= names= w i IFS=$' \\t\\n'\n"
                 "  for ((i = 1; i < COMP_CWORD && i < 3; i++)); do\n"
                 "    w=${COMP_WORDS[i]}; [[ $w == -* ]] || path=\"${path:+$path }$w\"\n"
                 "  done\n"
                 "  case $path in\n    '') words='");
    words(out, NULL);
    fprintf(out, "' ;;\n");
    cases(out);
    fprintf(out, "  esac\n"
                 "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                 "  [[ -z $names || $cur == -* ]] || { compopt -o filenames 2>/dev/null; "
                 "IFS=$'\\n'; COMPREPLY+=($(compgen -W "
                 "\"$(callparkctl $names"
                 " -o name --no-input 2>/dev/null)\" -- \"$cur\")); }\n"
                 "}\ncomplete -F _callparkctl callparkctl\n");
}

static void zsh(FILE *out)
{
    fprintf(out, "#compdef callparkctl\nautoload -U bashcompinit && bashcompinit\n");
    bash(out);
}

/* A text between single quotes, as fish reads it. */
static void quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        fprintf(out, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
    fputc('\'', out);
}

static void fish(FILE *out)
{
    fprintf(out,
            "complete -c callparkctl -f\ncomplete -c callparkctl -n __fish_use_subcommand -a '");
    words(out, NULL);
    fprintf(out, "'\n");
    for (const struct ctl_command *c = ctl_commands; c->path; c++) {
        size_t length = strcspn(c->path, " ");
        const char *second = c->path[length] ? c->path + length + 1 : NULL;

        if (second) {
            fprintf(out,
                    "complete -c callparkctl -n '__fish_seen_subcommand_from %.*s' -a '%s' -d ",
                    (int)length, c->path, second);
            quoted(out, c->summary);
            fputc('\n', out);
        }
        for (int i = 0; i < CTL_OPTIONS; i++)
            if (c->options & TAKES(i))
                fprintf(
                    out,
                    "complete -c callparkctl -n '__fish_seen_subcommand_from %.*s%s%s' -l %s%s\n",
                    (int)length, c->path, second ? "; and __fish_seen_subcommand_from " : "",
                    second ? second : "", ctl_option_table[i].name,
                    ctl_option_table[i].value ? " -x" : "");
    }
}

int cmd_completion(struct ctl *ctl)
{
    const char *shell = ctl->args.words[0];

    if (text_is(shell, "bash"))
        bash(ctl->out);
    else if (text_is(shell, "zsh"))
        zsh(ctl->out);
    else if (text_is(shell, "fish"))
        fish(ctl->out);
    else if (text_is(shell, "man")) /* for the build of callparkctl(1) */
        manual_write(ctl->out);
    else
        return ctl_fail(ctl, CTL_USAGE, "'%.32s': completion is for bash, zsh and fish", shell);
    return CTL_OK;
}
