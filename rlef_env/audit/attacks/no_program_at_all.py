"""Be no Python, so that whoever compiles it fails in a new way."""
# Held by: compiler
\x00\ud800 this is )( not a program {{{ """ '''
