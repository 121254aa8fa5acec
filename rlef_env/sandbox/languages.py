"""The languages that programs may be written in, one row each."""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, replace

from rlef_env.errors import UsageError

__all__ = ["LANGUAGES", "PRINTS_ONE", "Language", "find_language", "installed_languages"]

SEARCHED = os.pathsep.join(
    ("/usr/bin", "/usr/local/bin", "/usr/local/go/bin", "/bin", os.path.expanduser("~/.cargo/bin"))
)
C_OPTIONS = ("-O2", "-static", "-DONLINE_JUDGE")
JAVASCRIPT_STACK = "--stack-size=60000"  # kilobytes; a program's stack may have its memory limit and 64 MB more


@dataclass(frozen=True, slots=True)
class Language:
    """How programs of a language are compiled and run.

    Attributes:
        name: as in ``Program.language``.
        tools: the programs needed; ``{cc}`` in a command stands for the path of the tool ``cc``. The version of the
            first one is reported.
        source: name of the source file.
        compile: command lines, run in a scratch folder that holds the source; ``{file}`` and ``{main}`` are the result
            of ``java_names``, ``{standard}`` is one of ``standards``, and ``{scratch}`` the folder.
        standards: compiler options for versions of the language, the newest first. Collections of programs do not say
            which version compiled them, so a program that one refuses is compiled by the next. ``""``: no option.
        artifact: the file that compilation creates and that is run.
        run: the command line; ``{program}`` is the artifact, ``{megabytes}`` the memory limit, ``{java folder}`` the
            folder of the tool ``java``. ``NAME=VALUE`` before the command is added to its environment.
        version: arguments with which the first tool prints its version.
        reserves: whether its programs reserve address space freely.
        native: whether the artifact is executed itself, and needs no tool to run.
        calls: system calls without which its runtime does not work; pipes.c makes them unnecessary where it can.
        settings: files of settings without which its tools do not start; patterns as for ``glob``.
        own_megabytes: memory that its runtime takes for itself, beside the program's.
    """

    name: str
    tools: tuple[str, ...] = ()
    source: str = ""
    compile: tuple[tuple[str, ...], ...] = ()
    standards: tuple[str, ...] = ("",)
    artifact: str = ""
    run: tuple[str, ...] = ("{program}",)
    version: tuple[str, ...] = ("--version",)
    reserves: bool = False
    native: bool = True
    calls: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    own_megabytes: int = 0


LANGUAGES: dict[str, Language] = {
    language.name: language
    for language in (
        Language("python"),
        Language(
            "c",
            tools=("gcc",),
            source="solution.c",
            # As judges' compilers do: gcc 14 refuses implicit types and conversions without -fpermissive, and an older
            # one warns that it does not need it.
            compile=(("{gcc}", "{standard}", "-fpermissive", "-w", *C_OPTIONS, "-o", "solution", "solution.c", "-lm"),),
            # In C89, inline functions can be linked with, and undeclared functions return an int; but main without a
            # return statement ends with any status.
            standards=("-std=gnu17", "-fgnu89-inline", "-std=gnu89"),
            artifact="solution",
        ),
        Language(
            "cpp",
            tools=("g++",),
            source="solution.cpp",
            compile=(("{g++}", "{standard}", *C_OPTIONS, "-o", "solution", "solution.cpp"),),
            # Newer libraries define names that older programs use for their own: lerp in 20, data in 17, hash in 11.
            # And gets is in none after 11.
            standards=("-std=gnu++20", "-std=gnu++17", "-std=gnu++14", "-std=gnu++11", "-std=gnu++98"),
            artifact="solution",
        ),
        Language(
            "rust",
            tools=("rustc", "gcc"),
            source="solution.rs",
            compile=(
                (
                    *("{rustc}", "{standard}", "-O", "-C", "target-feature=+crt-static", "-C", "linker={gcc}"),
                    *("-o", "solution", "solution.rs"),
                ),
            ),
            standards=("--edition=2021", "--edition=2018", "--edition=2015"),
            artifact="solution",
        ),
        Language(
            "go",
            tools=("go",),
            source="solution.go",
            compile=(
                (
                    *("/usr/bin/env", "GOCACHE={scratch}/cache", "GO111MODULE=off", "CGO_ENABLED=0", "GOMAXPROCS=2"),
                    *("{go}", "build", "-p", "2", "-o", "solution", "solution.go"),
                ),
            ),
            artifact="solution",
            version=("version",),
            reserves=True,
        ),
        Language(
            "java",
            tools=("javac", "java", "jar"),
            source="{file}.java",
            compile=(
                ("{javac}", "-J-Xss512m", "{standard}", "-encoding", "UTF-8", "-d", "classes", "{file}.java"),
                ("{jar}", "--create", "--file", "solution.jar", "--main-class", "{main}", "-C", "classes", "."),
            ),
            standards=("", "--release=8"),
            artifact="solution.jar",
            run=(
                "LD_ORIGIN_PATH={java folder}",  # else the loader reads /proc/self/exe, and a run can read no link
                *("{java}", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xss64m"),
                # An array may take most of the heap.
                *("-Xms16m", "-Xmx{megabytes}m", "-XX:NewRatio=5", "-DONLINE_JUDGE=true", "-jar", "{program}"),
            ),
            reserves=True,
            native=False,
            calls=("socketpair",),  # called once, by the class that opens files
            settings=("/etc/java-*",),
            own_megabytes=64,
        ),
        Language(
            "javascript",
            tools=("node",),
            source="solution.js",
            compile=(("{node}", JAVASCRIPT_STACK, "--check", "solution.js"),),
            artifact="solution.js",
            run=(
                *("{node}", "--preserve-symlinks-main", JAVASCRIPT_STACK, "--max-old-space-size={megabytes}"),
                "{program}",
            ),
            reserves=True,
            native=False,
            calls=("pipe2",),  # called for each event loop
            settings=("/etc/ssl/openssl.cnf",),
            own_megabytes=64,
        ),
    )
}
"""Every language that the sandbox knows; ``installed_languages`` returns those that can be used here."""

PRINTS_ONE: dict[str, str] = {
    "python": "print(1)",
    "c": '#include <stdio.h>\nint main(void) { puts("1"); return 0; }\n',
    "cpp": "#include <iostream>\nint main() { std::cout << 1 << std::endl; }\n",
    "rust": 'fn main() { println!("1"); }\n',
    "go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(1) }\n',
    "java": "public class Main { public static void main(String[] a) { System.out.println(1); } }\n",
    "javascript": "console.log(1);\n",
}
"""Language -> a program that prints 1. If it does not, the language does not work here."""

VERSION = re.compile(r"\d+(?:\.\d+)+")


def find_language(name: str) -> Language:
    """Return the row of a language, with the paths of its tools filled in.

    Raises:
        UsageError: no such language, or its tools are not installed.
    """
    if name not in LANGUAGES:
        raise UsageError(f"language: expected one of {list(LANGUAGES)}, got {name!r}")
    language, paths = LANGUAGES[name], tool_paths(name)
    if missing := [tool for tool in language.tools if tool not in paths]:
        raise UsageError(f"language {name!r}: needs {', '.join(missing)} in {SEARCHED}, found none; install it")
    return replace(
        language,
        compile=tuple(tuple(_with_tools(word, paths) for word in command) for command in language.compile),
        run=tuple(_with_tools(word, paths) for word in language.run),
    )


def commands_by_standard(language: Language) -> list[list[list[str]]]:
    """Return the command lines that compile a program, for each standard of its language."""
    return [
        [[each for word in command if (each := word.replace("{standard}", standard))] for command in language.compile]
        for standard in language.standards
    ]


@functools.lru_cache
def tool_paths(name: str) -> dict[str, str]:
    """Return the tools of a language that are installed: name -> path, with links resolved."""
    found = {tool: shutil.which(tool, path=SEARCHED) for tool in LANGUAGES[name].tools}
    if (proxy := found.get("rustc")) and os.path.basename(os.path.realpath(proxy)) == "rustup":
        printed = subprocess.run([proxy, "--print", "sysroot"], capture_output=True, text=True, check=False)
        found["rustc"] = shutil.which("rustc", path=f"{printed.stdout.strip()}/bin")
    return {tool: os.path.realpath(path) for tool, path in found.items() if path}


@functools.lru_cache
def installed_languages() -> dict[str, str]:
    """Return the languages that can be used here: name -> version."""
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for name, language in LANGUAGES.items():
        paths = tool_paths(name)
        if language.tools and len(paths) == len(language.tools):
            command = [paths[language.tools[0]], *language.version]
            printed = subprocess.run(command, capture_output=True, text=True, check=False)
            numbers = VERSION.findall((printed.stdout or printed.stderr).partition("\n")[0])
            found[name] = " ".join([language.tools[0], *numbers[-1:]])
    return found


def _with_tools(word: str, paths: dict[str, str]) -> str:
    for tool, path in paths.items():
        word = word.replace("{" + tool + "}", path).replace("{" + tool + " folder}", os.path.dirname(path))
    return word
