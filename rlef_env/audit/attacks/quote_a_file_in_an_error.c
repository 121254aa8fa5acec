/* Make the compiler quote a file of the host in an error message. */
// Stopped by: compiler
#include "/etc/shadow"
#include "/etc/passwd"

int main(void) { return 0; }
