"""Generated Python programs: small, mostly valid, often raising."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["sources"]

NAMES = st.sampled_from(["a", "b", "c", "data"])
EXPRESSIONS = st.recursive(
    st.one_of(
        NAMES,
        st.integers(-5, 100).map(str),
        st.text(max_size=4).map(repr),
        st.sampled_from(["None", "input()", "[]", "{}", "open(0).read()", "sys.stdin.buffer.read(3)"]),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "//", "==", "<", "in", "and"]), inner).map(" ".join),
        inner.map(lambda x: f"len({x})"),
        inner.map(lambda x: f"int({x})"),
        st.tuples(inner, inner).map(lambda pair: f"[{pair[0]}, {pair[1]}][{pair[1]}]"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} if {pair[1]} else 0)"),
    ),
    max_leaves=5,
)
LINES = st.one_of(
    st.tuples(NAMES, EXPRESSIONS).map(lambda pair: [f"{pair[0]} = {pair[1]}"]),
    EXPRESSIONS.map(lambda x: [f"print({x})"]),
    EXPRESSIONS.map(lambda x: [f"sys.stderr.write(str({x}))"]),
    EXPRESSIONS.map(lambda x: [f"assert {x}, 'no'"]),
    EXPRESSIONS.map(lambda x: [f"sys.exit({x})"]),
    st.sampled_from(["raise ValueError('x')", "raise SystemExit(3)", "del a", "1 +", "é = 1", "f(a)"]).map(
        lambda x: [x]
    ),
)


def _indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


BLOCKS = st.recursive(
    LINES,
    lambda inner: st.one_of(
        st.tuples(EXPRESSIONS, inner).map(lambda pair: [f"if {pair[0]}:", *_indent(pair[1])]),
        st.tuples(NAMES, inner).map(lambda pair: [f"for {pair[0]} in range(3):", *_indent(pair[1])]),
        inner.map(lambda body: ["def f(a, b=1):", *_indent(body)]),
        st.tuples(inner, inner).map(lambda pair: ["try:", *_indent(pair[0]), "except Exception:", *_indent(pair[1])]),
        st.tuples(inner, inner).map(lambda pair: ["try:", *_indent(pair[0]), "finally:", *_indent(pair[1])]),
    ),
    max_leaves=4,
)


def sources() -> st.SearchStrategy[str]:
    """Return a strategy for sources of whole programs."""
    return st.lists(BLOCKS, min_size=1, max_size=6).map(
        lambda blocks: "\n".join(["import sys", "a = b = c = data = 1", *(line for block in blocks for line in block)])
    )
