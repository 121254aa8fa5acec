/* Ask the kernel for more memory than the limit before the program begins, and while it is running. */
// Stopped by: memory limit
#include <stdlib.h>

static volatile char large[1UL << 30]; /* the limit is a tenth of it */

int main(void) {
    for (unsigned long place = 0; place < sizeof large; place += 4096) large[place] = 1;
    return 0;
}
