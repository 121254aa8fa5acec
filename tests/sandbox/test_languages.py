"""Languages other than Python: compiled and run in locked processes, with the compiler's own error messages."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import UsageError
from rlef_env.sandbox import LANGUAGES, Limits, Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.compiler import Compiler, runtime_paths
from rlef_env.sandbox.machine.proc_usage import Usage, usage
from rlef_env.sandbox.policy.layers import REQUIRED
from tests.sandbox.implementations import launcher_missing

MB = 10**6
SMALL = Limits(memory_bytes=4 * MB)
SUM = {
    "c": '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); return 0; }',
    "cpp": "#include <bits/stdc++.h>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }",
    "rust": (
        "use std::io;\nfn main() { let mut s = String::new(); io::stdin().read_line(&mut s).unwrap();\n"
        'println!("{}", s.split_whitespace().map(|x| x.parse::<i32>().unwrap()).sum::<i32>()); }'
    ),
    "go": ('package main\nimport "fmt"\nfunc main() { var a, b int; fmt.Scan(&a, &b); fmt.Println(a + b) }'),
    "java": (
        "import java.util.*;\npublic class Sum { public static void main(String[] x) {\n"
        "Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt()); } }"
    ),
    "javascript": (
        "const n = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(n[0] + n[1]);"
    ),
}
C_INCLUDES = "".join(
    f"#include <{name}.h>\n" for name in ("stdio", "stdlib", "string", "unistd", "sys/socket", "sys/syscall")
)


def needs(language: str) -> None:
    if language not in installed_languages():
        pytest.skip(f"{language} is not installed here")


def c(body: str) -> Program:
    return Program(f"{C_INCLUDES}int main(void) {{ {body} }}", "c")


@pytest.mark.conformance(language="compiled")
@pytest.mark.parametrize("language", SUM)
def test_a_right_program(language: str, sandbox: Sandbox) -> None:
    needs(language)
    with sandbox.load(Program(SUM[language], language)) as loaded:
        assert loaded.compile_failure is None
        for given, answer in ((b"1 2\n", b"3\n"), (b"20 22\n", b"42\n")):
            execution = loaded.run(given)
            assert (execution.status, execution.exit_code, execution.stdout) == (Status.EXITED, 0, answer), execution


@pytest.mark.parametrize("language", SUM)
def test_a_compile_error_has_the_compilers_output(language: str, sandbox: Sandbox) -> None:
    needs(language)
    with sandbox.load(Program("this is no program (", language)) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert b"rror" in execution.stderr
    assert b"rlef-compile" not in execution.stderr  # the path of the folder for compilation must not be visible


BITS = "".join(f"#include <{name}>\n" for name in ("algorithm", "cmath", "functional", "iostream", "vector"))
BITS += "using namespace std;\n"
TOLD = "cout << __cplusplus; }"
OLD = {
    "C++20": ("cpp", BITS + "int main() { vector<int> v{1}; ranges::sort(v); " + TOLD, b"202002"),
    "C++17": (
        "cpp",
        BITS + "double lerp(double a, double b, double c) { return a; }\nint main() { lerp(1., 2., 3.); " + TOLD,
        b"201703",
    ),
    "C++14": ("cpp", BITS + "int data[9];\nint main() { data[0] = 1; " + TOLD, b"201402"),
    "C++98": ("cpp", BITS + "int hash[9];\nint main() { hash[0] = 1; " + TOLD, b"199711"),
    "C89": (
        "c",
        "inline f(n) { return n ? n * f(n - 1) : 1; }\nint (*volatile g)() = f;\n"
        'main() { printf("%d", g(4)); exit(0); }',
        b"24",
    ),
    "Java 8": ("java", "class Main { public static void main(String[] x) { int _ = 3; System.out.print(_); } }", b"3"),
    "Rust 2015": (
        "rust",
        'trait T {} impl T for i32 {}\nfn main() { let async = 3; let _: Box<T> = Box::new(async); print!("3"); }',
        b"3",
    ),
}


@pytest.mark.parametrize("standard", OLD)
def test_a_program_that_a_new_standard_refuses_is_compiled_by_an_older_one(standard: str, sandbox: Sandbox) -> None:
    language, source, printed = OLD[standard]
    needs(language)
    with sandbox.load(Program(source, language)) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, printed), execution


def test_a_program_that_no_standard_compiles_gets_the_output_of_the_newest(sandbox: Sandbox) -> None:
    needs("cpp")
    source = "#if __cplusplus > 201703L\n#error newest\n#else\n#error older\n#endif\n"
    with sandbox.load(Program(source, "cpp")) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert b"newest" in execution.stderr
    assert b"older" not in execution.stderr


def test_every_language_is_tested() -> None:
    assert set(SUM) | {"python"} == set(LANGUAGES)


def test_an_unknown_language_is_refused_by_name(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match=r"expected one of .*'cpp'.*got 'cobol'"), sandbox.load(Program("", "cobol")):
        pass


def test_a_missing_compiler_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlef_env.sandbox import languages

    monkeypatch.setattr(languages, "SEARCHED", "/nowhere")
    languages.tool_paths.cache_clear()
    try:
        with pytest.raises(UsageError, match=r"'cpp': needs g\+\+ in /nowhere"):
            languages.find_language("cpp")
    finally:
        languages.tool_paths.cache_clear()


REFUSED = {
    "open a socket": "if (socket(AF_INET, SOCK_STREAM, 0) < 0) { perror(0); return 1; }",
    "fork": "if (fork() < 0) { perror(0); return 1; }",
    "run a shell": 'execl("/bin/sh", "sh", "-c", "echo out", (char *)0); perror(0); return 1;',
    "run Python": 'execl("/usr/bin/python3", "python3", "-c", "print(1)", (char *)0); perror(0); return 1;',
    "read passwd": 'if (!fopen("/etc/passwd", "r")) { perror(0); return 1; }',
    "write a file": 'if (!fopen("/tmp/rlef-run", "w")) { perror(0); return 1; }',
    "kill the parent": "#include <signal.h>\nif (kill(getppid(), 9)) { perror(0); return 1; }",
}


@pytest.mark.conformance(language="compiled", needs="lock")
@pytest.mark.parametrize("action", REFUSED)
def test_a_native_program_is_as_locked_as_python(action: str, sandbox: Sandbox) -> None:
    needs("c")
    body = REFUSED[action]
    prelude = "".join(line + "\n" for line in body.splitlines() if line.startswith("#"))
    body = "\n".join(line for line in body.splitlines() if not line.startswith("#"))
    with sandbox.load(Program(f"{C_INCLUDES}{prelude}int main(void) {{ {body} }}", "c")) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.exit_code, execution.stdout) == (Status.EXITED, 1, b""), execution
    assert b"denied" in execution.stderr or b"not permitted" in execution.stderr or b"No such file" in execution.stderr


@pytest.mark.conformance(language="compiled")
def test_a_native_program_inherits_no_descriptor_or_environment(sandbox: Sandbox) -> None:
    needs("c")
    body = (
        'for (int fd = 3; fd < 64; fd++) if (lseek(fd, 0, SEEK_CUR) >= 0 || write(fd, "", 0) >= 0) printf("%d ", fd);\n'
        "extern char **environ; for (char **e = environ; *e; e++) puts(*e);"
    )
    with sandbox.load(c(body)) as loaded:
        assert sorted(loaded.run(b"").stdout.split()) == [b"LC_ALL=C", b"TZ=UTC", b"UV_USE_IO_URING=0"]


LIMITED = {
    "time": ("volatile int x; for (;;) x++;", Status.TIME_LIMIT),
    "sleep": ("sleep(100);", Status.TIME_LIMIT),
    "memory": ("char *p = malloc(200000000); memset(p, 1, 200000000); puts(p + 1);", Status.MEMORY_LIMIT),
    "output": ('for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");', Status.OUTPUT_LIMIT),
    "crash": ("int *p = 0; *p = 1;", Status.SIGNALED),
    "exit status": ("return 3;", Status.EXITED),
    "security": ("syscall(SYS_ptrace, 0, 0, 0, 0);", Status.SECURITY_VIOLATION),
}


@pytest.mark.conformance(language="compiled", needs="lock")
@pytest.mark.parametrize("name", LIMITED)
def test_limits_of_native_programs(name: str, sandbox: Sandbox) -> None:
    needs("c")
    body, status = LIMITED[name]
    with sandbox.load(c(body), Limits(cpu_seconds=0.3, memory_bytes=100 * MB, output_bytes=10**6)) as loaded:
        assert loaded.run(b"").status is status


@pytest.mark.conformance(language="compiled")
def test_a_small_native_program_is_not_charged_for_its_launcher(sandbox: Sandbox) -> None:
    needs("c")
    with sandbox.load(c('puts("ok");'), SMALL) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, b"ok\n")


def test_memory_of_the_process_that_executes_the_program_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a sample may find the process before it has executed the program. Here every sample does."""
    needs("c")
    with launcher_missing() as sandbox, sandbox.load(c('usleep(300000); puts("ok");'), SMALL) as loaded:

        def before_execution(*arguments: Any) -> Usage | None:
            now = usage(*arguments)
            return now and replace(now, resident_bytes=loaded._launcher_bytes)

        assert loaded._launcher_bytes > SMALL.memory_bytes
        monkeypatch.setattr("rlef_env.sandbox.zygote.monitor.usage", before_execution)
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, b"ok\n")


@pytest.mark.conformance(language="compiled")
def test_deep_recursion_within_the_memory_limit(sandbox: Sandbox) -> None:
    needs("c")
    source = (
        f"{C_INCLUDES}int f(int n) {{ volatile char pad[100]; pad[0] = n; return n ? f(n - 1) + 1 : pad[0]; }}\n"
        'int main(void) { printf("%d\\n", f(500000)); }'
    )
    with sandbox.load(Program(source, "c"), Limits(memory_bytes=256 * MB)) as loaded:
        assert loaded.run(b"").stdout == b"500000\n"


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


THREADS = "#include <thread>\n#include <cstdio>\n"
DEEP_PACKAGE = (
    f"package {'.'.join(['a'] * 1400)};\n"
    'public class Main { public static void main(String[] a) { System.out.println("7"); } }'
)
SEVEN = {
    "C++ promise": (
        "cpp",
        f"#include <future>\n{THREADS}int main() {{ std::promise<int> p; auto f = p.get_future();\n"
        'std::thread t([&] { p.set_value(7); }); printf("%d\\n", f.get()); t.join(); }',
    ),
    "C++ latch and atomic": (
        "cpp",
        f"#include <latch>\n#include <atomic>\n{THREADS}int main() {{ std::latch l(1); std::atomic<int> a{{0}};\n"
        'std::thread t([&] { l.count_down(); a = 1; a.notify_all(); }); l.wait(); a.wait(0); t.join(); puts("7"); }',
    ),
    "C++ locale": (
        "cpp",
        "#include <locale>\n#include <iostream>\n"
        'int main() { std::locale::global(std::locale("")); std::cout << "7\\n"; }',
    ),
    "C for an online judge": (
        "c",
        '#include <stdio.h>\nint main(void) {\n#ifndef ONLINE_JUDGE\nreturn 1;\n#endif\nputs("7"); return 0; }',
    ),
    "C of 1989 without return": ("c", 'inline int g() { return 7; }\nmain() { printf("%d\\n", g()); }'),
    "C stable sort": (
        "c",
        "#include <stdio.h>\n#include <stdlib.h>\nstruct p { int key, place; } a[100000];\n"
        "int by(const void *x, const void *y) { return ((struct p *)x)->key - ((struct p *)y)->key; }\n"
        "__attribute__((noinline)) int used(void) {\n"
        "char line[1 << 14] = {0}; return fread(line, 1, 9, stdin) + line[99]; }\n"
        "int main(void) { used(); for (int i = 0; i < 100000; i++) a[i] = (struct p){i * 7919 % 100, i};\n"
        "qsort(a, 100000, sizeof *a, by); int bad = 0; for (int i = 1; i < 100000; i++)\n"
        'bad += a[i].key == a[i - 1].key && a[i].place < a[i - 1].place; printf("%d\\n", bad ? bad : 7); return 0; }',
    ),
    "Java with a byte order mark": (
        "java",
        '\ufeffpublic class Main { public static void main(String[] a) { System.out.println("7"); } }',
    ),
    "Java in a deep package": ("java", DEEP_PACKAGE),
    "Java with a long sum": (
        "java",
        "public class Main { public static void main(String[] a) { int x = 1; int y = " + "x + " * 3000 + "0;\n"
        'System.out.println("7"); } }',
    ),
    "JavaScript that nests deeply": ("javascript", f"const x = {'[' * 2500}{']' * 2500}; console.log('7');"),
    "C at another time": (
        "c",
        "#include <stdio.h>\n#include <string.h>\nint main(void) {\n"
        'puts(strcmp(__DATE__ __TIME__, "Jan  1 197000:00:00") || !strstr(__TIMESTAMP__, "1970") ? __DATE__ : "7"); }',
    ),
}


@pytest.mark.parametrize("name", SEVEN)
def test_an_honest_program_prints_seven(name: str, sandbox: Sandbox) -> None:
    language, source = SEVEN[name]
    needs(language)
    with sandbox.load(Program(source, language)) as loaded:
        execution = loaded.run(b"1\n")
    assert (execution.status, execution.exit_code, execution.stdout) == (Status.EXITED, 0, b"7\n"), execution


def test_a_program_whose_compiler_makes_deep_folders_harms_no_later_one(sandbox: Sandbox) -> None:
    needs("java")
    for source in (DEEP_PACKAGE, SUM["java"]):
        with sandbox.load(Program(source, "java")) as loaded:
            assert loaded.compile_failure is None
    assert list(Path(sandbox._compiler._scratch).iterdir()) == []


@pytest.mark.parametrize(
    ("language", "source", "words"),
    [
        ("rust", '#![crate_type="cdylib"]\npub fn main() {}', b"no program that can be run"),
        ("java", f"public class {'A' * 300} {{}}", b"File name too long"),
    ],
)
def test_what_makes_no_program_is_refused_in_words(language: str, source: str, words: bytes, sandbox: Sandbox) -> None:
    needs(language)
    with sandbox.load(Program(source, language)) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert words in execution.stderr
    assert b"Traceback" not in execution.stderr


def test_a_failure_of_the_driver_is_no_compile_error(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("c")
    with Sandbox() as fresh:
        monkeypatch.setattr("rlef_env.sandbox.compiler.DRIVER", b"import os\nos._exit(70)")
        with fresh.load(c('puts("7");')) as loaded:
            assert loaded.run(b"").status is Status.FAILED
        monkeypatch.undo()
        with fresh.load(c('puts("7");')) as loaded:
            assert loaded.run(b"").stdout == b"7\n"


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


def test_addresses_are_the_same_in_each_sandbox() -> None:
    needs("c")
    personality = ctypes.CDLL(None).personality
    before = personality(0xFFFFFFFF)
    refused = personality(before | 0x40000) < 0
    personality(before)
    if refused:
        pytest.skip("this machine refuses fixed addresses")
    found = set()
    for _ in range(3):
        with Sandbox() as fresh, fresh.load(c('int x; printf("%p %p", &x, malloc(1 << 20));')) as loaded:
            found.add(loaded.run(b"").stdout)
    assert len(found) == 1


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


def test_memory_counts_when_the_first_thread_has_left() -> None:
    needs("c")
    source = (
        f"#define _GNU_SOURCE\n#include <pthread.h>\n{C_INCLUDES}void *work(void *given) {{ (void)given;\n"
        "char *all = malloc(600000000); for (int i = 0; i < 60; i++) { memset(all + i * 10000000, 1, 10000000);\n"
        "usleep(10000); } return 0; }\n"
        "int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); syscall(SYS_exit, 0); }"
    )
    with Sandbox() as fresh, fresh.load(Program(source, "c"), Limits(memory_bytes=64 * MB)) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.MEMORY_LIMIT
    assert execution.peak_bytes < 500 * MB  # it was killed on the way


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


@pytest.mark.conformance(language="compiled")
def test_runs_of_a_native_program_share_nothing(sandbox: Sandbox) -> None:
    needs("c")
    with sandbox.load(c('static int n; printf("%d %d", n++, (int)lseek(0, 0, SEEK_CUR)); getchar();')) as loaded:
        assert [loaded.run(b"x").stdout for _ in range(3)] == [b"0 0"] * 3


@pytest.mark.conformance(language="compiled")
def test_a_native_program_cannot_kill_its_launcher(sandbox: Sandbox) -> None:
    """The program can end its own run, but cannot reach the process that launched it."""
    needs("c")
    with sandbox.load(c("syscall(SYS_kill, getpid(), 9);")) as loaded:
        assert loaded.run(b"").status is Status.SIGNALED
        assert loaded.run(b"").status is Status.SIGNALED


def launchers(sandbox: Sandbox) -> list[int]:
    """Return the process ids of the launchers below the zygote for C."""

    def read(pid: int, name: str) -> str:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            return Path(f"/proc/{pid}/{name}").read_text()
        return ""

    def below(pid: int) -> list[int]:
        children = [int(child) for child in read(pid, f"task/{pid}/children").split()]
        return children + [each for child in children for each in below(child)]

    def is_launcher(pid: int) -> bool:
        return read(pid, "cmdline").startswith("launcher\0")

    return [pid for pid in below(sandbox._zygotes["c", False].pid) if is_launcher(pid)]


def answers(sandbox: Sandbox, text: str, limits: Limits | None = None) -> None:
    """Run a program that prints a text, twice."""
    with sandbox.load(c(f'puts("{text}");'), limits) as loaded:
        assert [loaded.run(b"").stdout for _ in range(2)] == [f"{text}\n".encode()] * 2


def test_a_launcher_is_kept_for_programs_with_equal_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("c")
    with Sandbox() as sandbox:
        answers(sandbox, "one")
        first = launchers(sandbox)
        assert len(first) == 1
        answers(sandbox, "two")
        assert launchers(sandbox) == first
        # Other limits: another launcher, in place of the first one, and they hold.
        large = c("volatile char *p = malloc(8000000); for (int i = 0; i < 8000000; i += 512) p[i] = 1;")
        with sandbox.load(large, SMALL) as loaded:
            assert loaded.run(b"").status is Status.MEMORY_LIMIT
            (second,) = launchers(sandbox)
        assert [second] != first
        with sandbox.load(large) as loaded:
            assert loaded.run(b"").status is Status.EXITED
        # After an exception in the block, and after a run that was killed at a limit, launchers work.
        with pytest.raises(ZeroDivisionError), sandbox.load(large) as loaded:
            raise ZeroDivisionError
        with sandbox.load(c("for (;;);"), Limits(cpu_seconds=0.2)) as loaded:
            assert loaded.run(b"").status is Status.TIME_LIMIT
        answers(sandbox, "three", Limits(cpu_seconds=0.2))
        monkeypatch.setattr("rlef_env.sandbox.zygote.kept_launcher.MAX_PROGRAMS", 1)
        last = launchers(sandbox)
        for number in range(3):
            answers(sandbox, f"{number}", Limits(cpu_seconds=0.2))
        assert launchers(sandbox) != last


ON_THE_LAUNCHER = {
    "kill": 'if (!syscall(SYS_kill, getppid(), 9)) puts("BREACH");',
    "trace": 'if (!syscall(SYS_ptrace, 16, getppid(), 0, 0)) puts("BREACH");',
    "write": 'for (int fd = 3; fd < 256; fd++) if (write(fd, "P", 1) >= 0 || send(fd, "P", 1, 0) >= 0) puts("BREACH");',
    "memory": (
        "char text[16] = {0}; struct iovec here = {text, 16}, there = {text, 16};\n"
        'if (syscall(SYS_process_vm_writev, getppid(), &here, 1, &there, 1, 0) >= 0) puts("BREACH");'
    ),
    "last": "usleep(100000);",
    "loop": "for (;;);",
}
OF_ITSELF = (
    "struct rusage u = {0}; int known = getrusage(RUSAGE_SELF, &u);\n"
    'printf("%d %d %d %ld %ld", getpid(), getppid(), known, u.ru_minflt, u.ru_maxrss);'
)


@pytest.mark.parametrize("attack", ON_THE_LAUNCHER)
def test_a_native_program_reaches_neither_its_launcher_nor_the_next_program(attack: str) -> None:
    """The next program, forked by the same launcher, finds the same ids, and page faults if it may ask for them."""
    needs("c")
    limits, headers = Limits(cpu_seconds=0.3), "#include <sys/uio.h>\n#include <sys/resource.h>\n"

    def run(body: str) -> bytes:
        with sandbox.load(Program(f"{headers}{C_INCLUDES}int main(void) {{ {body} }}", "c"), limits) as loaded:
            assert loaded.run(b"").status is not Status.COMPILE_ERROR
            return loaded.run(b"").stdout

    with Sandbox() as sandbox:
        run(OF_ITSELF)
        before, kept = run(OF_ITSELF), launchers(sandbox)
        assert b"BREACH" not in run(ON_THE_LAUNCHER[attack])
        assert (run(OF_ITSELF), launchers(sandbox)) == (before, kept)
        assert before.split()[0].isdigit()


def test_a_kept_launcher_that_was_lost_is_replaced() -> None:
    needs("c")
    with Sandbox() as sandbox:
        answers(sandbox, "one")
        (lost,) = launchers(sandbox)
        os.kill(lost, signal.SIGKILL)
        answers(sandbox, "two")
        assert launchers(sandbox) not in ([], [lost])
        with sandbox.load(c("getchar();")) as loaded:
            (lost,) = launchers(sandbox)
            os.kill(lost, signal.SIGKILL)
            assert loaded.run(b"").status is Status.FAILED
        answers(sandbox, "three")


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


@pytest.mark.parametrize("megabytes", [64, 1000])
def test_threads_have_address_space_for_their_stacks(megabytes: int, sandbox: Sandbox) -> None:
    """For each thread, the C library reserves as much as the main stack may become: the whole memory limit."""
    needs("cpp")
    source = """#include <thread>\n#include <vector>\n#include <iostream>\nint main() {
        std::vector<std::thread> all; for (int n = 0; n < 24; n++) all.emplace_back([] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
        for (auto &each : all) each.join();
        std::cout << "joined"; }"""
    with sandbox.load(Program(source, "cpp"), Limits(memory_bytes=megabytes * MB)) as loaded:
        assert loaded.run(b"").stdout == b"joined"
