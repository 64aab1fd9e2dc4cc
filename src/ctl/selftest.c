#include "ctl/commands.h"
int cmd_selftest(struct ctl *ctl)
{
    return ctl_fail(ctl, CTL_ERROR, "not built in");
}
int cmd_demo(struct ctl *ctl)
{
    return ctl_fail(ctl, CTL_ERROR, "not built in");
}
