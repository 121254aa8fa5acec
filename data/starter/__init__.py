"""Problems of the starter set, one module each; ``tools/build_starter.py`` reads them."""
