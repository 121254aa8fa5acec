/* Leave the input in shared memory, semaphores, queues, keys and files for the next run. */
// Stopped by: comparison, seccomp
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    const char *files[] = {"/tmp/rlef-audit", "/dev/shm/rlef-audit", "rlef-audit", "/var/tmp/rlef-audit"};
    switch (getchar()) { /* a refused call may end the program, so each test tries others */
    case '1':
        for (int place = 0; place < 4; place++) {
            if (open(files[place], O_CREAT | O_RDWR, 0666) >= 0) printf("BREACH: created %s\n", files[place]);
            if (mkdir(files[place], 0777) == 0) printf("BREACH: created folder %s\n", files[place]);
        }
        break;
    case '2':
        if (syscall(SYS_shmget, 0x524c, 4096, IPC_CREAT | 0666) >= 0) puts("BREACH: shared memory");
        if (syscall(SYS_semget, 0x524c, 1, IPC_CREAT | 0666) >= 0) puts("BREACH: semaphores");
        if (syscall(SYS_msgget, 0x524c, IPC_CREAT | 0666) >= 0) puts("BREACH: message queue");
        break;
    default:
        if (syscall(SYS_mq_open, "rlef-audit", O_CREAT | O_RDWR, 0666, NULL) >= 0) puts("BREACH: POSIX queue");
        if (syscall(SYS_add_key, "user", "rlef-audit", "x", 1, -3) >= 0) puts("BREACH: a key");
        if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0) puts("BREACH: a socket");
    }
    return 0;
}
