/* Name a loader that does not exist, so that the kernel refuses to execute the program. */
// Stopped by: compiler
#include <stdio.h>

const char loader[] __attribute__((section(".interp"))) = "/nonexistent/rlef-audit";

int main(void) {
    puts("not reached");
    return 0;
}
