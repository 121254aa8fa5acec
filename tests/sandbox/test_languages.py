"""Languages other than Python: a right program is right, and a wrong one gets its compiler's own messages."""

from __future__ import annotations

import pytest

from rlef_env.errors import UsageError
from rlef_env.sandbox import LANGUAGES, Limits, Program, Sandbox, Status
from tests.sandbox.languages import DEEP_PACKAGE, SUM, needs


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


def test_a_compile_error_in_c_is_shown_without_warnings(sandbox: Sandbox) -> None:
    needs("c")
    with sandbox.load(Program("main() { for (int i = 0; i < 9; i++) f(y); }", "c")) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert b"undeclared" in execution.stderr
    assert b"warning" not in execution.stderr


def test_every_language_is_tested() -> None:
    assert set(SUM) | {"python"} == set(LANGUAGES)


def test_an_unknown_language_is_refused_by_name(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match=r"expected one of .*'cpp'.*got 'cobol'"), sandbox.load(Program("", "cobol")):
        pass


THREADS = "#include <thread>\n#include <cstdio>\n"
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
    "C++ of 2011": (
        "cpp",
        "#include <cstdio>\nchar s[9];\nint main() { gets(s); int n = 0; for (auto c : s) n += c == '1';\n"
        'printf("%d\\n", n + 6); }',
    ),
    "C++ for Windows": (
        "cpp",
        "#include <cstdio>\nint main() { unsigned __int64 u; __int64 x = 1; char t[99];\n"
        'scanf("%I64d", &x); sprintf(t, "%*I64d,%-4I64d,%%I64d", 11, x * 5000000000, x); sscanf(t, "%I64u", &u);\n'
        'if (u == 5000000000) fprintf(stdout, "%I64d\\n", x + 6); else puts(t); }',
    ),
    "C++ with an __int64 of its own": (
        "cpp",
        '#include <cstdio>\ntypedef long long __int64;\nint main() { __int64 x = 7; printf("%I64d\\n", x); }',
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
    "C that gcc 14 refuses": (
        "c",
        "#include <stdio.h>\nn, a[9];\nf(x) int *x; { if (!n) return; for (int i = 0; i < n; i++) x[i] = i + 7; }\n"
        'main() { char *p = a; n = 2; f(a); printf("%d\\n", *(int *)p); }',
    ),
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
    "Java for an online judge": (
        "java",
        "public class Main { public static void main(String[] a) {\n"
        'System.out.println(System.getProperty("ONLINE_JUDGE") == null ? "x" : "7"); } }',
    ),
    "Java with one large array": (
        "java",
        "public class Main { public static void main(String[] a) {\n"
        "int[] x = new int[45_000_000]; x[x.length - 1] = 7; System.out.println(x[x.length - 1]); } }",
    ),
    "Java with a class Main behind another with main": (
        "java",
        "class A { public static void main(String[] a) { System.out.println(1); } }\n"
        "class Main { public static void main(String[] a) { System.out.println(7); } }",
    ),
    "Java with a name in a comment that only javac sees": (
        "java",
        "public class Main { public static void main(String[] a) { System.out.println(7); } }\n"
        "\\u002f\\u002a ; package " + "a." * 100_000 + "b; \\u002a\\u002f",
    ),
    "JavaScript with a deep recursion": (
        "javascript",
        "const f = (n, a, b, c) => n ? f(n - 1, n, a, b) + 1 : 0; console.log(f(200000) - 199993);",
    ),
    "JavaScript with much garbage": (
        "javascript",
        "const kept = []; for (let i = 0; i < 140; i++) kept.push(new Array(1 << 17).fill(i));\n"
        "for (let i = 0; i < 3000; i++) kept[i % 140] = new Array(1 << 17).fill(i);\n"
        "console.log(kept.length - 133);",
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
    with sandbox.load(Program(source, language), Limits(cpu_seconds=60.0, memory_bytes=256 * 2**20)) as loaded:
        execution = loaded.run(b"1\n")
    assert (execution.status, execution.exit_code, execution.stdout) == (Status.EXITED, 0, b"7\n"), execution


@pytest.mark.parametrize(
    ("language", "source", "words"),
    [
        ("rust", '#![crate_type="cdylib"]\npub fn main() {}', b"no program that can be run"),
        ("java", f"public class {'A' * 300} {{}}", b"File name too long"),
        (
            "c",
            'const char l[] __attribute__((section(".interp"))) = "/dev/null";\nint main(void) {}',
            b"names a loader",
        ),
    ],
)
def test_what_makes_no_program_is_refused_in_words(language: str, source: str, words: bytes, sandbox: Sandbox) -> None:
    needs(language)
    with sandbox.load(Program(source, language)) as loaded:
        execution = loaded.run(b"")
    assert execution.status is Status.COMPILE_ERROR
    assert words in execution.stderr
    assert b"Traceback" not in execution.stderr
