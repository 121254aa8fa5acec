/* Pipes for a runtime that does not start without them, in a run that may make none: the kernel numbers every new pipe
   from a counter of the whole machine. Loaded before the C library (LD_PRELOAD), this opens named pipes instead, which
   are the same in every run, and empty where nobody has one open. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIPES = 256 }; /* as in zygote.py */

int pipe2(int ends[2], int flags) {
    static atomic_int made;
    char path[32];
    int number = atomic_fetch_add(&made, 1);
    if (number >= PIPES) {
        errno = EMFILE;
        return -1;
    }
    snprintf(path, sizeof path, "/dev/pipes/%d", number);
    int kept = flags & (O_CLOEXEC | O_NONBLOCK | O_DIRECT), source = open(path, O_RDONLY | O_NONBLOCK | kept);
    if (source < 0) return -1;
    int sink = open(path, O_WRONLY | kept);
    if (sink < 0 || (!(flags & O_NONBLOCK) && fcntl(source, F_SETFL, 0) < 0)) {
        close(source);
        if (sink >= 0) close(sink);
        return -1;
    }
    ends[0] = source, ends[1] = sink;
    return 0;
}

int pipe(int ends[2]) {
    return pipe2(ends, 0);
}

/* Java wants a pair of sockets only for a descriptor that has ended. */
int socketpair(int family, int kind, int protocol, int ends[2]) {
    (void)family, (void)kind, (void)protocol;
    return pipe2(ends, O_CLOEXEC);
}
