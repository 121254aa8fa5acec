/* Make the compiler read a file that does not end. */
// Stopped by: compiler
#include "/dev/zero"

int main(void) { return 0; }
