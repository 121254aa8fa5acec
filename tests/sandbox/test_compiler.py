"""Compilers run locked, fail apart from programs, and leave nothing behind."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.sandbox import LANGUAGES, Limits, Program, Sandbox, Status
from rlef_env.sandbox.compiler import Compiler, runtime_paths
from rlef_env.sandbox.elf import names_loader
from rlef_env.sandbox.policy.layers import REQUIRED
from tests.sandbox.languages import DEEP_PACKAGE, SUM, c, needs


def test_a_missing_compiler_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlef_env.sandbox import languages

    monkeypatch.setattr(languages, "SEARCHED", "/nowhere")
    languages.tool_paths.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"'cpp': needs g\+\+ in /nowhere"):
            languages.find_language("cpp")
    finally:
        languages.tool_paths.cache_clear()


PRYING = {
    "a file in an error message": '#include "/etc/passwd"\nint main(void) { return 0; }',
    "a file in the program": ('__asm__(".incbin \\"/etc/passwd\\"");\nint main(void) { return 0; }'),
    "this package": (
        f'#include "{Path(__file__).resolve().parents[2]}/rlef_env/problems/starter.jsonl"\n'
        "int main(void) { return 0; }"
    ),
}


@pytest.mark.parametrize("name", PRYING)
def test_a_compiler_reads_nothing_but_its_toolchain(name: str, sandbox: Sandbox) -> None:
    needs("c")
    with sandbox.load(Program(PRYING[name], "c")) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert b"root:" not in execution.stderr
    assert b"starter/" not in execution.stderr


def test_a_program_whose_compiler_makes_deep_folders_harms_no_later_one(sandbox: Sandbox) -> None:
    needs("java")
    for source in (DEEP_PACKAGE, SUM["java"]):
        with sandbox.load(Program(source, "java")) as loaded:
            assert loaded.compile_failure is None
    assert list(Path(sandbox._compiler._scratch).iterdir()) == []


def test_a_failure_of_the_driver_is_no_compile_error(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("c")
    with Sandbox() as fresh:
        monkeypatch.setattr("rlef_env.sandbox.compiler.DRIVER", b"import os\nos._exit(70)")
        with fresh.load(c('puts("7");')) as loaded:
            assert loaded.run(b"").status is Status.FAILED
        monkeypatch.undo()
        with fresh.load(c('puts("7");')) as loaded:
            assert loaded.run(b"").stdout == b"7\n"


KILLED_PART = b"done.stdout = b'x\\ngcc: fatal error: Killed signal terminated program cc1\\n'\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            b'with open(name, "w"', b'raise OSError(errno.ENOSPC, "full")\n        with open(name, "w"', id="full disk"
        ),
        pytest.param(
            b"if done.returncode == -9", b"done.returncode = -9\n            if done.returncode == -9", id="killed"
        ),
        pytest.param(
            b"if done.returncode == -9", KILLED_PART + b"            if done.returncode == -9", id="its part killed"
        ),
    ],
)
def test_what_the_machine_does_to_a_compiler_is_no_compile_error(
    before: bytes, after: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("c")
    from rlef_env.sandbox import compiler

    assert compiler.DRIVER.count(before) == 1
    monkeypatch.setattr(compiler, "DRIVER", compiler.DRIVER.replace(before, after))
    with Sandbox() as fresh, fresh.load(c('puts("7");')) as loaded:
        assert loaded.run(b"").status is Status.FAILED


@pytest.mark.parametrize("line", ["", '#line 1 "gcc"\n', '#line 1 "/usr/bin/gcc"\n'])
def test_a_program_cannot_say_that_its_compiler_was_killed(line: str) -> None:
    needs("c")
    source = f'{line}#include "Killed signal terminated program cc1"\nint main(void) {{ return 0; }}'
    with Sandbox() as fresh, fresh.load(Program(source, "c")) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert b"fatal error: Killed signal terminated" in execution.stderr


def test_a_compiler_that_compiles_nothing_is_no_compile_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one without the static libraries."""
    needs("c")
    row = LANGUAGES["c"]
    broken = tuple((*command, "-lno-such-library") for command in row.compile)
    monkeypatch.setitem(LANGUAGES, "c", replace(row, compile=broken))
    with Sandbox() as fresh, fresh.load(c('puts("7");')) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.FAILED
    assert "cannot be compiled here: " in execution.message
    assert "no-such-library" in execution.message


def test_a_program_compiled_anywhere_has_the_same_facts() -> None:
    needs("rust")
    source = 'fn main() { println!("{:?} {:?}", env!("TMPDIR"), option_env!("GOCACHE")); }'
    with Sandbox() as fresh, fresh.load(Program(source, "rust")) as loaded:
        assert loaded.run(b"").stdout == b'"." None\n'


def test_a_compiler_that_waits_is_stopped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("c")
    monkeypatch.setattr("rlef_env.sandbox.compiler.LIMITS", Limits(cpu_seconds=60.0, idle_seconds=0.3))
    program = Program('#include "/dev/stdout"\nint main(void) { return 0; }', "c")
    with Sandbox() as fresh:
        first = fresh._compiler.compile(program)
        assert not isinstance(first, bytes)
        assert first.compile_over_limit
        assert fresh._compiler.compile(program) is first


def test_the_scratch_folder_goes_with_its_compiler() -> None:
    needs("c")
    compiler = Compiler("locked", REQUIRED)
    assert isinstance(compiler.compile(c('puts("7");')), bytes)
    folder = Path(compiler._scratch)
    assert folder.is_dir()
    del compiler  # without close()
    gc.collect()
    assert not folder.exists()


def test_a_runtime_among_other_software_shows_its_program_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This package with its stored answers may be installed beside it."""
    for prefix, python in (("alone", False), ("shared", True)):
        node = tmp_path / prefix / "bin" / "node"
        node.parent.mkdir(parents=True)
        node.touch()
        if python:
            (tmp_path / prefix / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
        monkeypatch.setattr("rlef_env.sandbox.compiler.tool_paths", lambda _, path=node: {"node": str(path)})
        monkeypatch.setitem(LANGUAGES, "javascript", replace(LANGUAGES["javascript"], settings=()))
        assert runtime_paths("javascript") == ((str(node),) if python else (str(tmp_path / prefix),))


NOT_COMPILED = {
    "by the linker": ("c", "int f(int);\nint main(void) { return f(3); }", b"undefined reference to"),
    "by the linker of C++": ("cpp", "struct A { A(); };\nint main() { A a; }", b"undefined reference to"),
    "by the assembler": ("c", 'int main(void) { __asm__("nonsense"); return 0; }', b"no such instruction"),
    "by the linker of Rust": ("rust", 'extern "C" { fn f(); }\nfn main() { unsafe { f() } }', b"undefined"),
}


@pytest.mark.parametrize("name", NOT_COMPILED)
def test_a_refused_program_gets_the_same_message_each_time(name: str) -> None:
    """Compilers name their temporary files at random. Feedback that changes cannot be replayed."""
    language, source, words = NOT_COMPILED[name]
    needs(language)
    messages = set()
    for _ in range(2):
        with Sandbox() as fresh, fresh.load(Program(source, language)) as loaded:
            messages.add(loaded.run(b"").stderr)
    (message,) = messages
    assert words in message


def test_a_program_is_compiled_once(sandbox: Sandbox) -> None:
    needs("c")
    program = c('puts("twice");')
    compiler = sandbox._compiler
    first, second = compiler.compile(program), compiler.compile(program)
    assert first is second
    refused = Program("this is no program (", "c")
    assert compiler.compile(refused) is compiler.compile(refused)


def test_a_compilation_bomb_is_a_compile_error(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("cpp")
    from rlef_env.sandbox import compiler

    bomb = "template <int N> struct F { static constexpr int v = F<N - 1>::v + F<N - 2>::v * (N % 7); };\n" + "\n".join(
        f"constexpr int x{n} = [](){{ int s = 0; for (int i = 0; i < 33000000; i++) s += i % {n + 2}; return s; }}();"
        for n in range(50)
    )
    with monkeypatch.context() as patch:
        patch.setattr(compiler, "LIMITS", Limits(cpu_seconds=2, idle_seconds=2, wall_seconds=2))
        with sandbox.load(Program(bomb + "\nint main() {}", "cpp")) as loaded:
            execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    with sandbox.load(Program(SUM["cpp"] + " ", "cpp")) as loaded:
        assert loaded.run(b"1 2\n").stdout == b"3\n"


def test_scratch_folders_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("c")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Sandbox() as sandbox, sandbox.load(c("return 0;")) as loaded:
        assert loaded.run(b"").exit_code == 0
        assert list(tmp_path.iterdir()) != []
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x7fELF\x02", b"\x7fELF\x02\x01\x01" + bytes(9)]))
def test_any_file_names_a_loader_or_none(content: bytes, start: bytes) -> None:
    assert names_loader(start + content) in (False, True)


def test_a_program_of_this_machine_names_its_loader() -> None:
    assert names_loader(Path("/bin/ls").read_bytes())
    needs("c")
    with Sandbox() as fresh:
        made = fresh._compiler.compile(c('puts("7");'))
    assert isinstance(made, bytes)
    assert not names_loader(made)
