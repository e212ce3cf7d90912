/* Network namespaces. Python has setns() since 3.12 only. */
#include <errno.h>
#include <sched.h>

#include "native.h"

int tb_enter_netns(int fd) { return setns(fd, CLONE_NEWNET) ? -errno : 0; }
