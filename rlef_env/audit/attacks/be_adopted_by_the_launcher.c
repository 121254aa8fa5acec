/* Make a child of the launcher, which is still there when the next program runs. */
// Stopped by: seccomp, comparison
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void stay(const char *how) {
    printf("BREACH: %s made a process\n", how);
    fflush(stdout);
    for (int second = 0; second < 5; second++) usleep(1000000);
    _exit(0);
}

int main(void) {
    unsigned long long arguments[11] = {CLONE_PARENT, 0, 0, 0, SIGCHLD};
    switch (getchar()) { /* a refused call may end the program, so each test tries others */
    case '1':
        if (syscall(SYS_clone3, arguments, sizeof arguments) == 0) stay("clone3");
        if (fork() == 0) stay("fork");
        break;
    case '2':
        if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) stay("clone");
        break;
    default:
        if (syscall(SYS_clone, CLONE_PARENT | CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) == 0) stay("a namespace");
    }
    return 0;
}
