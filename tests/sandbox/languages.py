"""Programs in the languages other than Python, for the tests."""

from __future__ import annotations

import pytest

from rlef_env.sandbox import Limits, Program, Sandbox, installed_languages

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


DEEP_PACKAGE = (
    f"package {'.'.join(['a'] * 1400)};\n"
    'public class Main { public static void main(String[] a) { System.out.println("7"); } }'
)


def answers(sandbox: Sandbox, text: str, limits: Limits | None = None) -> None:
    """Run a program that prints a text, twice."""
    with sandbox.load(c(f'puts("{text}");'), limits) as loaded:
        assert [loaded.run(b"").stdout for _ in range(2)] == [f"{text}\n".encode()] * 2
