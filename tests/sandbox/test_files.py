"""Arguments, input files and a scratch folder, as checkers and interactors get them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status, installed_languages

KB = 1024
SCRATCH = Limits(cpu_seconds=60, scratch_bytes=64 * KB)
COPY = {
    "python": "import sys\nfirst = open(sys.argv[1]).read()\nsecond = open(sys.argv[2]).read()\n"
    "print(len(sys.argv), first, second, sys.argv[4], input())\n"
    "with open(sys.argv[3] + 'score.txt', 'w') as file: file.write('0.5')\nsys.exit(42)",
    "cpp": "#include <fstream>\n#include <iostream>\n#include <string>\nint main(int count, char **words) {\n"
    "std::ifstream a(words[1]), b(words[2]); std::string first, second, line; a >> first; b >> second;\n"
    'std::cin >> line; std::cout << count << " " << first << " " << second << " " << words[4] << " " << line;\n'
    'std::cout << "\\n";\n'
    'std::ofstream score(std::string(words[3]) + "score.txt"); score << "0.5"; return 42; }',
    "java": "import java.nio.file.*;\npublic class Main { public static void main(String[] w) throws Exception {\n"
    'System.out.println((w.length + 1) + " " + Files.readString(Path.of(w[0])) + " "\n'
    '+ Files.readString(Path.of(w[1])) + " " + w[3] + " " + new java.util.Scanner(System.in).next());\n'
    'Files.writeString(Path.of(w[2] + "score.txt"), "0.5"); System.exit(42); } }',
}


def run(
    sandbox: Sandbox,
    source: str,
    arguments: tuple[str | bytes, ...] = (),
    limits: Limits = SCRATCH,
    stdin: bytes = b"",
) -> Execution:
    """Run a Python source. Its arguments are the scratch folder and the given ones."""
    with sandbox.load(Program(source), limits) as loaded:
        return loaded.run(stdin, [loaded.scratch, *arguments])


@pytest.mark.parametrize("language", COPY)
def test_arguments_input_files_and_scratch_files(language: str, sandbox: Sandbox) -> None:
    if language not in installed_languages():
        pytest.skip(f"{language} is not installed here")
    with sandbox.load(Program(COPY[language], language), SCRATCH) as loaded:
        for word in (b"one", b"two"):
            execution = loaded.run(b"line\n", [word, b"answer", loaded.scratch, "--flag=\xe9"])
            assert execution.exit_code == 42, execution
            assert execution.stdout == b"5 " + word + b" answer --flag=\xc3\xa9 line\n"
            assert execution.files == {"score.txt": b"0.5"}
        assert loaded.scratch.endswith("/")


@pytest.mark.conformance
def test_a_plain_run_has_no_arguments_no_files_and_no_folder(sandbox: Sandbox) -> None:
    with sandbox.load(Program("import sys\nprint(sys.argv[1:])")) as loaded:
        execution = loaded.run(b"")
        assert (execution.stdout, execution.files, loaded.scratch) == (b"[]\n", {}, "")


@pytest.mark.conformance(needs="lock")
def test_a_run_without_scratch_cannot_write_into_the_scratch_of_others(sandbox: Sandbox) -> None:
    with sandbox.load(Program("pass"), SCRATCH) as loaded:
        folder = loaded.scratch
    with sandbox.load(Program("import sys\nopen(sys.argv[1] + 'x', 'w')")) as loaded:
        assert loaded.run(b"", [folder]).exit_code == 1


@pytest.mark.conformance
def test_runs_see_nothing_of_each_others_files(sandbox: Sandbox) -> None:
    source = (
        "import os, sys\n"
        "print(os.listdir(sys.argv[1]), [fd for fd in range(3, 64) if os.path.exists(f'/proc/self/fd/{fd}')])\n"
        "for n in range(5): open(f'{sys.argv[1]}{n}', 'w').write('x')"
    )
    with sandbox.load(Program(source), SCRATCH) as loaded:
        assert loaded.run(b"", [loaded.scratch, b"a", b"b"]).stdout == b"[] [40, 41]\n"
        again = loaded.run(b"", [loaded.scratch])
        assert again.stdout == b"[] []\n"
        assert again.files == {str(n): b"x" for n in range(5)}
    assert run(sandbox, source).stdout == b"[] []\n"


REFUSED = {
    "write to an input file": "open(sys.argv[2], 'r+b', buffering=0).write(b'x')",
    "make a folder": "os.mkdir(scratch + 'x')",
    "make a link": "os.symlink('/etc/passwd', scratch + 'x')",
    "make a hard link": "os.link(scratch + 'file', scratch + 'x')",
    "make a pipe": "os.mkfifo(scratch + 'x')",
    "remove": "os.remove(scratch + 'file')",  # else it could use space that no measurement of the folder shows
    "rename": "os.rename(scratch + 'file', scratch + 'x')",
    "change its mode": "os.chmod(scratch + 'file', 0o777)",
    "change its times": "os.utime(scratch + 'file', (1, 1))",
    "execute": "os.execv(scratch + 'file', ['x'])",
    "leave it": "open(scratch + '../x', 'w')",
    "write beside it": "open('/tmp/rlef-run', 'w')",
}


@pytest.mark.conformance(needs="lock")
@pytest.mark.parametrize("action", REFUSED)
def test_scratch_holds_plain_files_only(action: str, sandbox: Sandbox) -> None:
    source = (
        f"import os, sys\nscratch = sys.argv[1]\nopen(scratch + 'file', 'w').write('#!/bin/true')\n{REFUSED[action]}"
    )
    execution = run(sandbox, source, (b"content",))
    assert (execution.status, execution.exit_code) == (Status.EXITED, 1), execution
    assert execution.files == {"file": b"#!/bin/true"}
    assert b"OSError" in execution.stderr or b"Error: [Errno" in execution.stderr


@pytest.mark.conformance(language="compiled", needs="lock")
def test_a_native_program_cannot_execute_what_it_wrote(sandbox: Sandbox) -> None:
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    source = (
        "#include <fcntl.h>\n#include <stdio.h>\n#include <sys/sendfile.h>\n#include <unistd.h>\n"
        'int main(int n, char **w) { char path[200]; sprintf(path, "%sx", w[1]);\n'
        "int out = open(path, O_CREAT | O_RDWR, 0777);\n"
        'int in = open("/proc/self/exe", O_RDONLY); while (sendfile(out, in, 0, 1 << 20) > 0) {} close(out);\n'
        'if (n == 2) execl(path, "x", (char *)0); perror(0); return 3; }'
    )
    with sandbox.load(Program(source, "c"), Limits(scratch_bytes=2**22)) as loaded:
        execution = loaded.run(b"", [loaded.scratch])
    assert (execution.exit_code, b"denied" in execution.stderr) == (3, True), execution


FLOODS = {
    "one file": "file = open(scratch + 'x', 'wb', buffering=0)\nwhile True: file.write(bytes(10000))",
    "many files": "for n in range(10**6): open(f'{scratch}{n}', 'wb').write(bytes(9000))",
    "empty files": "for n in range(10**6): open(f'{scratch}{n}', 'wb')",
    "a hole": "file = open(scratch + 'x', 'wb')\nfile.truncate(10**6)",
    "errors ignored": "while True:\n    try: open(scratch + 'x', 'ab').write(bytes(9000))\n    except OSError: pass",
}


@pytest.mark.conformance
@pytest.mark.parametrize("flood", FLOODS)
def test_the_size_of_scratch_is_bounded(flood: str, sandbox: Sandbox) -> None:
    execution = run(sandbox, f"import sys\nscratch = sys.argv[1]\n{FLOODS[flood]}")
    assert execution.status is Status.OUTPUT_LIMIT, execution
    assert execution.files == {}
    assert run(sandbox, "import os, sys\nprint(os.listdir(sys.argv[1]))").stdout == b"[]\n"


@pytest.mark.conformance
def test_exactly_as_much_scratch_as_allowed(sandbox: Sandbox) -> None:
    source = "import sys\nopen(sys.argv[1] + 'x', 'wb').write(bytes(int(sys.argv[2])))"
    assert run(sandbox, source, (str(64 * KB),)).files == {"x": bytes(64 * KB)}
    assert run(sandbox, source, (str(64 * KB + 1),)).status is Status.OUTPUT_LIMIT


@given(contents=st.lists(st.binary(max_size=5000), max_size=4), word=st.text(st.characters(codec="utf-8")))
def test_any_bytes_and_arguments_arrive(contents: list[bytes], word: str, sandbox: Sandbox) -> None:
    echo = (
        "import sys, os\nos.write(1, os.fsencode(sys.argv[1]) + b'|')\n"
        "for name in sys.argv[2:]: os.write(1, open(name, 'rb').read())"
    )
    with sandbox.load(Program(echo)) as loaded:
        if "\0" in word:
            with pytest.raises(UsageError, match="NUL"):
                loaded.run(b"", [word])
        else:
            assert loaded.run(b"", [word, *contents]).stdout == word.encode() + b"|" + b"".join(contents)


@pytest.mark.parametrize("arguments", [["x"] * 129, [b"x"] * 17, ["x" * 60_001]])
def test_too_many_arguments_are_refused_by_number(arguments: list[str | bytes], sandbox: Sandbox) -> None:
    with sandbox.load(Program("print(1)")) as loaded:
        with pytest.raises(UsageError, match="expected at most 128, 16 of them files"):
            loaded.run(b"", arguments)
        assert loaded.run(b"").stdout == b"1\n"


def test_more_scratch_than_possible_is_refused(sandbox: Sandbox) -> None:
    with (
        pytest.raises(UsageError, match="at most 67108864"),
        sandbox.load(Program(""), Limits(scratch_bytes=2**30)),
    ):
        pass


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for isolation in ("locked", "none"):
        with Sandbox(isolation) as sandbox:
            assert run(sandbox, "import sys\nopen(sys.argv[1] + 'x', 'w').write('secret')").files == {"x": b"secret"}
            in_memory = isolation == "locked" and sandbox.layers["mount_namespace"].available
            # Where it is in memory nothing is there even while the sandbox is open, so nothing stays if we are killed.
            assert [list(folder.iterdir()) for folder in tmp_path.iterdir()] == ([] if in_memory else [[]])
        assert list(tmp_path.iterdir()) == []


def test_a_nested_load_is_refused_at_once(sandbox: Sandbox) -> None:
    with sandbox.load(Program("print(1)")) as loaded:
        with pytest.raises(UsageError, match="another still is; leave its `with` block"), sandbox.load(Program("")):
            pass
        assert loaded.run(b"").stdout == b"1\n"
    with sandbox.load(Program("print(2)")) as loaded:
        assert loaded.run(b"").stdout == b"2\n"


def test_input_files_can_be_opened_where_no_new_proc_can_be_mounted(root: Path) -> None:
    """As in containers that cover parts of their /proc: programs see only their own descriptors in it."""
    script = (
        "from rlef_env.sandbox import *\n"
        "source = 'import sys\\nprint(open(sys.argv[1]).read(), open(0).read())\\nopen(\"/proc/1/environ\").read(1)'\n"
        "with Sandbox() as sandbox, sandbox.load(Program(source)) as loaded:\n"
        "    execution = loaded.run(b'input', [b'given'])\n"
        "    print(sandbox.layers['mount_namespace'].available, execution.stdout, execution.stderr[-80:])\n"
    )
    covered = f'mount -t tmpfs none /proc/fs && exec {sys.executable} -c "$0"'
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", covered, script], cwd=root, capture_output=True, text=True)
    if (not done.stdout and "unshare" in done.stderr + done.stdout) or "mount:" in done.stderr:
        pytest.skip("this machine makes no user namespace to try it in")
    assert done.stdout.startswith("True b'given input\\n'"), done
    assert "FileNotFoundError" in done.stdout
