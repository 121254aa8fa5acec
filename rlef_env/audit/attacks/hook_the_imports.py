"""Install import hooks and path hooks for the next import."""
# Stopped by: comparison
import builtins
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        print("BREACH: the judge imports in here:", name) if name.startswith("rlef") else None


if any(finder.__class__ is type and finder.__name__ == "Finder" for finder in sys.meta_path):
    print("BREACH: a hook of an earlier run is still there")
sys.meta_path.insert(0, Finder)
sys.path_hooks.insert(0, lambda entry: (_ for _ in ()).throw(ImportError))
sys.path_importer_cache.clear()
sys.modules.update(dict.fromkeys(("json", "struct", "socket", "resource"), Finder))
builtins.__import__ = lambda name, *_: Finder
