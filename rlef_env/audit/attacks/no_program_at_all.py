"""Be no Python at all, so that compiling it fails in an unexpected way."""
# Stopped by: compiler
\x00\ud800 this is )( not a program {{{ """ '''
