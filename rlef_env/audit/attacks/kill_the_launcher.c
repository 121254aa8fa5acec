/* Kill, stop or trace the process that started this one, which starts the next program as well. */
// Stopped by: seccomp, comparison
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void) {
    int parent = getppid();
    char text[64] = {0};
    struct iovec here = {text, sizeof text}, there = {main, sizeof text};
    switch (getchar()) { /* a refused call may end the program, so each test tries others */
    case '1':
        if (!syscall(SYS_kill, parent, SIGKILL) || !syscall(SYS_kill, parent, SIGSTOP)) puts("BREACH: a signal was sent");
        if (!syscall(SYS_kill, -1, 0)) puts("BREACH: signals may be sent to every process");
        if (!syscall(SYS_tgkill, parent, parent, SIGKILL)) puts("BREACH: a signal was sent to a thread");
        break;
    case '2':
        if (syscall(434, parent, 0) >= 0) puts("BREACH: opened a handle of the parent");
        if (!syscall(SYS_ptrace, 0x4206, parent, 0, 0)) puts("BREACH: traces the parent");
        break;
    default:
        if (syscall(SYS_process_vm_readv, parent, &here, 1, &there, 1, 0) >= 0) puts("BREACH: read its memory");
        if (syscall(SYS_process_vm_writev, parent, &here, 1, &there, 1, 0) >= 0) puts("BREACH: wrote its memory");
    }
    return 0;
}
