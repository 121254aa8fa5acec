"""Start processes with multiprocessing."""
# Stopped by: seccomp, filesystem
import multiprocessing

context = multiprocessing.get_context("fork")
process = context.Process(target=print, args=("BREACH: started a process",))
process.start()
process.join()
