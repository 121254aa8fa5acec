"""One module a problem; `starter.build` reads them all. See `starter/README.md` for what a module defines."""
