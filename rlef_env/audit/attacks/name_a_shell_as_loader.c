/* Name a shell as the program's loader, so that the kernel executes the shell. */
// Stopped by: compiler
#include <stdio.h>

const char loader[] __attribute__((section(".interp"))) = "/bin/sh";

int main(void) {
    puts("not reached");
    return 0;
}
