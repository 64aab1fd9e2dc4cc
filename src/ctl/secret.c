/* Reading passwords. */
#include "ctl/secret.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"

static int read_line(const struct ctl *ctl, char to[SECRET_SIZE])
{
    if (!fgets(to, SECRET_SIZE, stdin)) {
        *to = '\0';
        return ctl_fail(ctl, CTL_USAGE, "there is no password on standard input");
    }
    if (!strchr(to, '\n') && strlen(to) + 1 == SECRET_SIZE) {
        secret_forget(to);
        return ctl_fail(ctl, CTL_USAGE, "a password is at most %d bytes long", SECRET_SIZE - 2);
    }
    to[strcspn(to, "\r\n")] = '\0';
    return *to ? CTL_OK : ctl_fail(ctl, CTL_USAGE, "the password is empty");
}

int secret_line(const struct ctl *ctl, char to[SECRET_SIZE])
{
    return read_line(ctl, to);
}

int secret_typed(const struct ctl *ctl, const char *prompt, char to[SECRET_SIZE])
{
    struct termios before, quiet;
    bool changed = tcgetattr(STDIN_FILENO, &before) == 0;
    int code;

    fprintf(ctl->talk, "%s: ", prompt);
    fflush(ctl->talk);
    if (changed) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet); /* it shows then, and works */
    }
    code = read_line(ctl, to);
    if (changed)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); /* as it was a moment ago */
    fputc('\n', ctl->talk);
    return code;
}

int secret_typed_twice(const struct ctl *ctl, char to[SECRET_SIZE])
{
    char again[SECRET_SIZE];
    int code = secret_typed(ctl, "Password", to);

    if (code)
        return code;
    code = secret_typed(ctl, "Once more", again);
    if (!code && !text_is(to, again))
        code = ctl_fail(ctl, CTL_USAGE, "the two are not the same; nothing was changed");
    secret_forget(again);
    return code;
}

void secret_forget(char secret[SECRET_SIZE])
{
    explicit_bzero(secret, SECRET_SIZE);
}
