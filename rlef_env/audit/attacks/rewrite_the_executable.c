/* Write the input into the executable, so that the next run of the same program knows it. */
// Stopped by: comparison
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

static const char memory[64] __attribute__((aligned(4096))) = "nothing";

int main(void) {
    const char *paths[] = {"/proc/self/exe", (const char *)getauxval(AT_EXECFN), "/proc/self/mem", "/proc/self/fd/3"};
    if (memory[0] != 'n') puts("BREACH: an earlier run left its input");
    for (int place = 0; place < 4; place++) {
        int fd = paths[place] ? open(paths[place], O_RDWR) : -1;
        if (fd >= 0) printf("BREACH: %s may be written\n", paths[place]);
        void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (shared != MAP_FAILED) puts("BREACH: a mapping that is shared");
    }
    if (mprotect((void *)memory, 4096, PROT_READ | PROT_WRITE) == 0) /* a private copy: gone with this run */
        read(0, (char *)memory, sizeof memory);
    return 0;
}
