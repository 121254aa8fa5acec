/* End the first thread, for which the kernel then reports no memory, and take much memory in another one. */
// Stopped by: memory limit
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *work(void *given) {
    char *all = malloc(900000000);
    for (long place = 0; all && place < 900000000; place += 10000000) {
        memset(all + place, 1, 10000000);
        usleep(5000);
    }
    if (all) printf("BREACH: holds 900 MB\n");
    return given;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    syscall(SYS_exit, 0);
}
