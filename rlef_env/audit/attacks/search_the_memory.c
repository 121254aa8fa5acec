/* Search the whole address space for answers that a reused process may have left there. */
// Stopped by: comparison
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An answer is t and sixteen hexadecimal digits. */
static int answer(const unsigned char *text) {
    if (text[0] != 't') return 0;
    for (int place = 1; place < 17; place++)
        if (!strchr("0123456789abcdef", text[place] ? text[place] : 'x')) return 0;
    return 1;
}

static void search(const unsigned char *from, size_t size) {
    for (size_t place = 0; place + 17 < size; place++)
        if (answer(from + place)) printf("BREACH: %.17s\n", from + place);
}

int main(void) {
    unsigned char here, page[4096];
    unsigned char *heap = malloc(1 << 24), *top = (unsigned char *)((uintptr_t)&here & ~4095UL);
    search(heap, 1 << 24);
    unsigned char *fresh = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh != MAP_FAILED) search(fresh, 1 << 24);
    for (unsigned char residency; mincore(top, 4096, &residency) == 0; top += 4096) search(top, 4096);
    search(page, sizeof page); /* the stack below this frame was used before main */
    extern char **environ;
    for (char **each = environ; *each; each++) printf("%s\n", *each);
    return 0;
}
