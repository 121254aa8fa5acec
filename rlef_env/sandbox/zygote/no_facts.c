/* Linked with programs in C and C++. A run may not ask for facts about the machine (sysinfo), and the C library does not
   notice the refusal: it takes what is on the stack for the size of the memory, by which qsort chooses its algorithm. So
   these figures are fixed. */
#include <string.h>
#include <sys/sysinfo.h>

int __wrap___sysinfo(struct sysinfo *facts) {
    memset(facts, 0, sizeof *facts);
    facts->totalram = facts->freeram = 1UL << 32;
    facts->procs = facts->mem_unit = 1;
    return 0;
}
