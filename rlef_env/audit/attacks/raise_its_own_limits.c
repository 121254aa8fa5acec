/* Raise its own limits and those of the launcher, and catch the signal that announces the time limit. */
// Stopped by: time limit
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void) {
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    for (int kind = 0; kind < 16; kind++) {
        struct rlimit before;
        if (prlimit(getppid(), kind, &none, NULL) == 0) puts("BREACH: changed the parent's limits");
        if (getrlimit(kind, &before) || before.rlim_max == RLIM_INFINITY) continue;
        if (setrlimit(kind, &none) == 0) printf("BREACH: raised limit %d\n", kind);
    }
    fflush(stdout);
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    for (;;) {}
}
