/* Call the kernel by the numbers of other architectures, which a filter may not know. */
// Stopped by: seccomp, comparison
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
#ifdef __x86_64__
    int parent = getppid(), answer;
    switch (getchar()) { /* a refused call may end the program, so each test tries others */
    case '1':
        if (syscall(0xffffffff00000000 | SYS_kill, parent, 9) == 0) puts("BREACH: upper half of the number");
        if (syscall(0x40000000 | SYS_socket, 2, 1, 0) >= 0) puts("BREACH: x32 socket");
        break;
    case '2':
        __asm__ volatile("int $0x80" : "=a"(answer) : "a"(359), "b"(2), "c"(1), "d"(0) : "memory");
        if (answer >= 0) puts("BREACH: 32-bit socket");
        break;
    default:
        if (syscall(0x40000000 | SYS_kill, parent, 9) == 0) puts("BREACH: x32 kill");
    }
#endif
    return 0;
}
