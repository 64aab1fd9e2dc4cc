/* Passwords that are new, and the session that a right one begins. */
#include <string.h>

#include "api/auth.h"
#include "base/text.h"

#define PASSWORD_MIN 10
#define PASSWORD_MAX 256

/* Length is what counts (NIST SP 800-63B 5.1.1.2); rules about digits and signs only make people
 * choose the same ones. */
void password_check(struct fields *f, const char *field, const char *password, const char *user)
{
    size_t length = strlen(password), same = 0;

    while (password[same] && password[same] == password[0])
        same++;
    if (length < PASSWORD_MIN)
        fields_fault(f, "weak-password", field, "A password has at least %d characters.",
                     PASSWORD_MIN);
    else if (length > PASSWORD_MAX)
        fields_fault(f, "weak-password", field, "A password has at most %d bytes.", PASSWORD_MAX);
    else if (text_is_nocase(password, user))
        fields_fault(f, "weak-password", field, "The name is no password: choose another.");
    else if (same == length)
        fields_fault(f, "weak-password", field,
                     "One character over and over is no password: choose another.");
}

bool sign_in(struct ask *q, const char *user)
{
    char secret[SECRET_SIZE];
    const struct login *l = app_login_new(q->app, user, q->rq->source, q->rq->user_agent, secret);

    if (!l) {
        reply_problem(q, "wrong-credentials", NULL, "This user cannot sign in now.");
        return false;
    }
    identity_of_login(q, l);
    cookie_set(q, secret);
    return true;
}
