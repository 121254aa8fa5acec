"""The problems of the starter set, a module each; ``tools/build_starter.py`` reads them."""
