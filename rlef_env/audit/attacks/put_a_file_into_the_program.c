/* Make the assembler put a file of the host into the program, which prints it. */
// Stopped by: compiler
#include <stdio.h>

__asm__(".data\nsecret: .incbin \"/etc/passwd\"\n.byte 0\n.text\n");
extern char secret[];

int main(void) {
    printf("BREACH: %s\n", secret);
    return 0;
}
