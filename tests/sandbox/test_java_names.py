"""The class of a Java program to run and the name of its file, as javac and java require them."""

from __future__ import annotations

import pytest

from rlef_env.sandbox import Program, Sandbox, Status, installed_languages
from rlef_env.sandbox.java_names import java_names

MAIN = "public static void main(String[] args) { System.out.print(7); }"
PROGRAMS = {
    "any name": ("class Sol { MAIN }", "Main", "Sol"),
    "package": ("package foo.bar;\npublic class A { MAIN }", "A", "foo.bar.A"),
    "package, not public": ("package foo;\nclass Sol { MAIN }", "Main", "foo.Sol"),
    "helper first": ("class Helper { int x; }\nclass A { MAIN }", "Main", "A"),
    "public first": ("class Helper { MAIN }\npublic class A { MAIN }", "A", "A"),
    "main in another": ("public class A { }\nclass B { MAIN }", "A", "B"),
    "inner": ("class A {\n  public class Inner { int[] x = {1}; }\n MAIN }", "Main", "A"),
    "main of an inner one": ("class A { static class B { MAIN } }\nclass C { MAIN }", "Main", "C"),
    "comments": ("/*\npublic class No {\n*/\n// public class No {\nclass A { MAIN }", "Main", "A"),
    "strings": (
        'class A { char c = \'"\'; String s = "\\"}{"; String t = """\npublic class No\n"""; MAIN }',
        "Main",
        "A",
    ),
    "after an import": ("import java.util.*; public final class A { MAIN }", "A", "A"),
    "after an annotation": ('@SuppressWarnings({"unchecked"}) public class A { MAIN }', "A", "A"),
    "record": ("public record P(int x) { MAIN }", "P", "P"),
    "enum": ("public enum E { X, Y; MAIN }", "E", "E"),
    "interface": ("public interface I { MAIN }", "I", "I"),
    "inherited": ("class Base { MAIN }\npublic class A extends Base { }", "A", "Base"),
    "dollar": ("public class A$b { MAIN }", "A$b", "A$b"),
    "another main": (
        "class A { static void main(int x) { } void main(String[] a) { } }\nclass B { MAIN }",
        "Main",
        "B",
    ),
    "points": ("class V { static public void main(final String... a) { } }", "Main", "V"),
    "none": ("public class A { }", "A", "A"),
    "nothing": ("", "Main", "Main"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_names(name: str) -> None:
    source, file, main = PROGRAMS[name]
    assert java_names(source.replace("MAIN", MAIN)) == (file, main)


@pytest.mark.slow
@pytest.mark.skipif("java" not in installed_languages(), reason="needs Java")
@pytest.mark.parametrize("name", ["any name", "package", "main in another", "strings", "record", "enum", "dollar"])
def test_they_run(name: str) -> None:
    program = Program(PROGRAMS[name][0].replace("MAIN", MAIN), "java")
    with Sandbox() as sandbox, sandbox.load(program) as loaded:
        execution = loaded.run(b"")
    assert (execution.status, execution.stdout) == (Status.EXITED, b"7")
