/* Have the compiler's message say that it was killed, so that the judge blames the machine. */
// Stopped by: compiler
#include "Killed signal terminated program cc1"
int main(void) { return 0; }
