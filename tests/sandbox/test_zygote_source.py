"""The text that a zygote is started with: its modules must work as one text, in any interpreter."""

from __future__ import annotations

import ast
import sys
from collections import Counter

from rlef_env.sandbox.zygote.protocol import C_DEFINES
from rlef_env.sandbox.zygote.source import ZYGOTE_MODULES, c_source, zygote_source

TREES = {name: ast.parse(c_source(f"{name}.py").partition("#line 1")[2].partition("\n")[2]) for name in ZYGOTE_MODULES}


def defined(tree: ast.Module) -> list[str]:
    """Names that a module defines at its top level, without those that it imports."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [
                each.id
                for target in targets
                for each in ast.walk(target)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            ]
    return names


def imported(tree: ast.Module, own: bool) -> list[tuple[str, str]]:
    """(module, name) of what a module imports at its top level: from this package, or from elsewhere."""
    found = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            found += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, alias.name) for alias in node.names]
    return [(module, name) for module, name in found if module.startswith("rlef_env") is own]


def test_no_name_is_defined_twice_and_no_definition_hides_an_imported_name() -> None:
    counts = Counter(name for tree in TREES.values() for name in defined(tree))
    assert [name for name, count in counts.items() if count > 1] == []
    assert counts.keys() & {name for tree in TREES.values() for _, name in imported(tree, own=False)} == set()


def test_each_own_import_comes_from_a_module_of_the_text() -> None:
    """Its line is removed from the text, so the text itself must define the name."""
    for tree in TREES.values():
        for module, name in imported(tree, own=True):
            package, _, last = module.rpartition(".")
            assert package == "rlef_env.sandbox.zygote"
            assert name == "*" or name in defined(TREES[last])


def test_the_text_imports_the_standard_library_only() -> None:
    tree = ast.parse(zygote_source())
    imports = [(node.module or "",) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imports += [tuple(alias.name for alias in node.names) for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert {name.partition(".")[0] for names in imports for name in names} <= sys.stdlib_module_names
    assert sum("annotations" in ast.dump(node) for node in tree.body if isinstance(node, ast.ImportFrom)) == 1


def test_each_constant_for_c_is_used_there() -> None:
    texts = [c_source(name).partition("#line 1")[2] for name in ("launcher.c", "pipes.c")]
    assert [name for name in C_DEFINES if not any(name in text for text in texts)] == []
