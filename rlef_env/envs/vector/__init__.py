"""Many environments in one process, judged by one pool."""
