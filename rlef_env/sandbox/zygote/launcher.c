/* Runs an executable once per message, each time in a fresh locked process: does what `serve_program` in main.py does,
   for programs that are not Python. The run shares the launcher's memory until it executes the program, so that no
   memory is copied; the launcher waits until then (CLONE_VFORK).

   launcher CONTROL PROGRAM RULESET LAST FILTER PLACES NAME [ARGUMENT...]

   CONTROL, PROGRAM, RULESET, LAST: descriptors, -1 for none. LAST is the file that holds the process id given out last.
   FILTER: the seccomp program of a run in hexadecimal, empty for none. PLACES: comma-separated offsets in
   it where the run's process id goes. NAME: the path of a runtime, or "" to execute PROGRAM itself. Environment, limits,
   privileges and the base lock are inherited from the zygote. A message may replace PROGRAM by the next one, which has the
   same limits.

   protocol.py describes the messages; source.py defines its constants before this text. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 256, MAX_PLACES = 16 };

static int control, program, ruleset, last_pid;
static unsigned char filter[8192];
static struct sock_fprog filter_program;
static size_t places[MAX_PLACES], place_count;
static char *name, *arguments[MAX_ARGUMENTS + 1];
static int own_arguments; /* the first ones, which every run gets */

/* Receives one message, and its descriptors in fds. Returns its length; 0 when the other side has hung up. */
static ssize_t receive(char *text, size_t size, int *fds, int *count) {
    char space[CMSG_SPACE(sizeof(int) * (STREAMS + MAX_FILES))];
    struct iovec content = {text, size};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    ssize_t length;
    do length = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    *count = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); length > 0 && part; part = CMSG_NXTHDR(&message, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
            *count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(fds, CMSG_DATA(part), *count * sizeof(int));
        }
    return length;
}

/* Answers a request with the same message and a pidfd of the child; without it if the kernel accepts none just now. */
static void send_handle(char *text, ssize_t length, int handle) {
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec content = {text, length};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof handle);
    memcpy(CMSG_DATA(part), &handle, sizeof handle);
    if (sendmsg(control, &message, 0) < 0) send(control, text, length, 0);
}

static void fail(const char *what) {
    char text[200];
    int length = snprintf(text, sizeof text, "%c%s: %s", FAILURE, what, strerror(errno));
    send(control, text, length, 0);
    _exit(1);
}

struct order {
    const int *files;
    int count;
    char *text;
    const char *end;
    pid_t parent;
};

/* Applies the last layers of the lock and becomes the program. A failure here is the sandbox's fault: it is
   reported to the judge, and the program does not run. Runs in the launcher's memory, on a stack of its own. */
static int run(void *given) {
    const struct order *order = given;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != order->parent) _exit(0);
    for (int place = 0; place < order->count; place++)
        if (dup2(order->files[place], place < STREAMS ? place : FIRST_FILE + place - STREAMS) < 0) fail("dup2");
    int used = own_arguments;
    for (char *word = order->text + strlen(order->text) + 1; word < order->end && used < MAX_ARGUMENTS;
         word += strlen(word) + 1)
        arguments[used++] = word;
    arguments[used] = NULL; /* an earlier run may have had more */
    if (*name && dup2(program, ARTIFACT) < 0) fail("dup2");
    if (last_pid >= 0) { /* drop the only capability, which was for that file */
        struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
        struct __user_cap_data_struct none[2] = {{0}};
        if (syscall(SYS_capset, &header, none)) fail("capset");
    }
    if (ruleset >= 0 && syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)) fail("landlock_restrict_self");
    if (filter_program.len) {
        uint32_t self = getpid();
        for (size_t place = 0; place < place_count; place++) memcpy(filter + places[place], &self, sizeof self);
        if (syscall(SYS_seccomp, 1, 0, &filter_program)) fail("seccomp");
    }
    if (*name)
        execve(name, arguments, environ);
    else
        syscall(SYS_execveat, program, "", arguments, environ, AT_EMPTY_PATH);
    /* It names a loader that does not exist, or is no executable: then a shell would end with 127. */
    if (!*name && (errno == ENOENT || errno == ENOEXEC || errno == ELIBBAD)) _exit(127);
    fail("execve");
    return 1;
}

/* Starts a run; returns its process id when it has executed the program or ended, -1 if there can be no process. */
static pid_t start(struct order *order) {
    static char stack[1 << 16] __attribute__((aligned(16)));
    return clone(run, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, order);
}

/* Waits for the child. Meanwhile answers requests for its pidfd, and kills it if the judge hangs up. */
static int wait_for_child(pid_t child, struct rusage *usage) {
    int status = 0, handle = syscall(PIDFD_OPEN, child, 0);
    struct pollfd ready[] = {{.fd = handle, .events = POLLIN}, {.fd = control, .events = POLLIN}};
    for (;;) {
        if (poll(ready, 2, -1) < 0) continue;
        if (ready[0].revents) break;
        char text[HANDLE_REQUEST_BYTES];
        ssize_t length = recv(control, text, sizeof text, 0);
        if (length <= 0) {
            kill(child, SIGKILL);
            _exit(0);
        }
        if (text[0] == HANDLE_REQUEST) send_handle(text, length, handle);
    }
    close(handle);
    while (wait4(child, &status, 0, usage) < 0 && errno == EINTR) {}
    return status;
}

static struct {
    int32_t status, unused;
    struct rusage usage;
    struct timespec started, ended, spent;
} result;
_Static_assert(sizeof result == RESULT_BYTES, "RESULT in protocol.py");

/* Moves a descriptor away from the numbers that a run's files get; it is closed when the run executes its program. */
static int keep(const char *given) {
    int fd = atoi(given), kept = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (fd >= 0) close(fd);
    return kept;
}

static void read_arguments(char **given) {
    control = keep(given[1]), program = keep(given[2]), ruleset = keep(given[3]), last_pid = keep(given[4]);
    size_t size = strlen(given[5]) / 2;
    if (size > sizeof filter) _exit(2);
    for (size_t place = 0; place < size; place++) sscanf(given[5] + 2 * place, "%2hhx", &filter[place]);
    filter_program = (struct sock_fprog){.len = size / 8, .filter = (struct sock_filter *)filter};
    for (char *word = strtok(given[6], ","); word && place_count < MAX_PLACES; word = strtok(NULL, ","))
        places[place_count++] = atoll(word);
    name = given[7];
    for (char **word = given + 8; *word && own_arguments < MAX_ARGUMENTS; word++) arguments[own_arguments++] = *word;
}

int main(int count, char **given) {
    if (count < 9) return 2;
    read_arguments(given);
    for (;;) {
        static char text[MAX_MESSAGE_BYTES];
        int files[STREAMS + MAX_FILES], received;
        ssize_t length = receive(text, sizeof text - 1, files, &received);
        if (length <= 0) return 0;
        text[length] = 0;
        if (text[0] == PROGRAM && received == 1) {
            close(program);
            program = fcntl(files[0], F_DUPFD_CLOEXEC, 10);
            close(files[0]);
            if (program < 0) fail("program");
            const char reply[] = {COMPILED, '0'};
            send(control, reply, sizeof reply, 0);
            continue;
        }
        pid_t parent = getpid(), child = 0;
        clock_gettime(CLOCK_MONOTONIC, &result.started);
        if (last_pid >= 0) {
            char number[12];
            int digits = snprintf(number, sizeof number, "%d", parent);
            if (pwrite(last_pid, number, digits, 0) < 0) fail("ns_last_pid");
        }
        struct order order = {files, received, text, text + length, parent};
        if (received >= STREAMS) child = start(&order);
        for (int file = 0; file < received; file++) close(files[file]);
        if (child < 0) fail("clone");
        if (child > 0) {
            result.status = wait_for_child(child, &result.usage);
            clock_gettime(CLOCK_MONOTONIC, &result.ended);
            send(control, &result, sizeof result, 0);
        }
    }
}
