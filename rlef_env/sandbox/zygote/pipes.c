/* Pipes for a runtime that does not start without them, in a run that may create none: the kernel numbers every new pipe
   from a counter of the whole machine. This library is loaded before the C library (LD_PRELOAD) and opens named pipes
   instead. They are the same in every run, and empty while no process has them open.

   source.py defines the constants of protocol.py before this text. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int pipe2(int ends[2], int flags) {
    static atomic_int made;
    char path[32];
    int number = atomic_fetch_add(&made, 1);
    if (number >= PIPES) {
        errno = EMFILE;
        return -1;
    }
    snprintf(path, sizeof path, NAMED_PIPES "/%d", number);
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

/* The size of the memory is not known either (sysinfo is refused), and the C library does not notice. */
long sysconf(int name) {
    extern long __sysconf(int);
    return name == _SC_PHYS_PAGES || name == _SC_AVPHYS_PAGES ? 1L << 20 : __sysconf(name);
}

int pipe(int ends[2]) {
    return pipe2(ends, 0);
}

/* Java wants a pair of sockets only to have a descriptor that is at its end. */
int socketpair(int family, int kind, int protocol, int ends[2]) {
    (void)family, (void)kind, (void)protocol;
    return pipe2(ends, O_CLOEXEC);
}
