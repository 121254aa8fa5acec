/* Make an executable of several gigabytes out of one line. */
// Stopped by: compiler
char large[3UL << 30] = {1};

int main(void) { return large[1]; }
