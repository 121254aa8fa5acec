"""From messages to token ids, once: what was sampled is never turned into text and back.

``Renderer.first`` gives the tokens of the first prompt, ``Renderer.following`` those between a sampled response and the
next one. A whole conversation is their concatenation with the sampled tokens::

    first(statement) + sampled + following(feedback, sampled) + sampled + ...

Most chat templates do not render a conversation as a prefix of its continuation (they strip the model's thinking, say),
so assistant text is never rendered: what a template puts after an assistant's turn is found once, with markers in the
place of text, and a template in which it depends on the conversation is refused.

Statements, feedback and what a program printed are data. They are encoded by a copy of the tokenizer that knows no
control tokens, so a program that prints ``<|im_start|>`` prints eleven characters and opens no turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer

from rlef_agents.ppo.trajectory import Ids
from rlef_env.errors import UsageError

__all__ = ["TEMPLATES", "Renderer", "model_stops", "read_template", "shipped_template"]

TEMPLATES: Final = ("chatml", "llama3", "qwen3")
"""Chat templates that come with this package; a tokenizer's own is used where there is one."""

USER: Final = ("uXqA1q", "uXqB2q", "uXqC3q", "uXqD4q")
ASSISTANT: Final = ("aXqA1q", "aXqB2q", "aXqC3q")
MARKERS: Final = re.compile("|".join(USER))
DIRECTIVES: Final = [f"%{each}" for each in ("-d", "-m", *"aAbBdejmyYHMSIpfwUWxXcZ")]
THOUGHT: Final = "<think>\ntXqA1q\n</think>\n\n"


def shipped_template(name: str) -> str:
    """The text of a template that comes with this package.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in TEMPLATES:
        raise UsageError(f"chat template: expected one of {', '.join(TEMPLATES)}, or a file; got {name!r}")
    return (resources.files("rlef_agents.ppo") / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def read_template(name: str) -> str | None:
    """A template that comes with this package, or one of a file; None, the tokenizer's own, where the name is empty.

    Raises:
        UsageError: there is neither of that name.
    """
    if not name:
        return None
    if name not in TEMPLATES and Path(name).is_file():
        return Path(name).read_text(encoding="utf-8")
    return shipped_template(name)


class Renderer:
    """Renders the environment's messages for one tokenizer.

    Args:
        tokenizer: a fast tokenizer of transformers.
        template: a Jinja chat template, in the place of the tokenizer's own.
        options: variables for the template, such as ``{"enable_thinking": False}``.
        system: the text of a system message that begins every conversation; the paper has none.
        date: what templates with a clock take for today, as YYYY-MM-DD; today where empty.
        stops: further ids that end a response: those that the model was made to end with (``model_stops``).

    Attributes:
        end_of_turn: the control token with which the template ends an assistant's turn.
        stop_ids: tokens that end a response: this one, the tokenizer's end of sequence, and ``stops``.

    Raises:
        UsageError: the tokenizer is not a fast one or has no template, or the template has no stable delta.
    """

    def __init__(
        self,
        tokenizer: Any,
        template: str | None = None,
        options: Mapping[str, Any] | None = None,
        system: str | None = None,
        date: str = "",
        stops: Sequence[int] = (),
    ) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            raise UsageError(f"tokenizer: expected a fast tokenizer (a tokenizer.json), got {type(tokenizer).__name__}")
        self.template = template or getattr(tokenizer, "chat_template", None)
        if not isinstance(self.template, str):
            raise UsageError(
                "tokenizer: expected one with a chat template, got none; pass "
                f"template=shipped_template(...), one of {', '.join(TEMPLATES)}, with its control tokens added"
            )
        self._tokenizer, self._options, self._system = tokenizer, dict(options or {}), system or None
        self._rendered = (stopped_clock(date) if date else "") + self.template
        added: dict[int, Any] = backend.get_added_tokens_decoder()
        self._controls = {token.content: number for number, token in added.items()}
        self._control_ids = np.array(sorted(added), np.int64)
        self._control_texts = re.compile("|".join(re.escape(text) for text in sorted(self._controls, key=len)[::-1]))
        self._data = without_controls(backend)
        self._strips = self._find_strips()
        self._before, self._after = self._find_prompt()
        self._delta = self._find_delta()
        self.end_of_turn = self._find_end_of_turn()
        end = tokenizer.eos_token_id
        ends = (self.end_of_turn, *([] if end is None else [end]), *stops)
        self.stop_ids: tuple[int, ...] = tuple(dict.fromkeys(ends))
        self._pieces = [self._encode_template(text) for text in (self._before, self._after, *self._delta)]
        self._check_seams()

    def first(self, message: str) -> Ids:
        """The first prompt: all tokens before the first sampled one, ``(n,)``."""
        return np.concatenate([self._pieces[0], self.data(message), self._pieces[1]])

    def following(self, message: str, sampled: Ids) -> Ids:
        """The tokens between a sampled response and the next response, ``(n,)``.

        Args:
            message: what the environment said to the response.
            sampled: the response before, as sampled. Where its end-of-turn token is missing (the length limit ended it,
                or another stop token) the result begins with one, which nobody sampled and nothing trains on.
        """
        opening = self._pieces[2]
        if len(sampled) and sampled[-1] == self.end_of_turn:
            opening = opening[1:]
        return np.concatenate([opening, self.data(message), self._pieces[3]])

    def text(self, sampled: Ids) -> str:
        """What the environment gets to read of a response: without the stop token that ended it."""
        kept = sampled[:-1] if len(sampled) and int(sampled[-1]) in self.stop_ids else sampled
        return str(self._tokenizer.decode(kept.tolist(), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def data(self, text: str) -> Ids:
        """The tokens of a text that is data, ``(n,)``: never a control token, whatever the text says."""
        for strip, side in zip(self._strips, (str.lstrip, str.rstrip), strict=True):
            text = side(text) if strip else text
        ids = self._encode_data(text)
        if np.isin(ids, self._control_ids).any():
            # A model of words may have a control token in its vocabulary under its very text: take it apart.
            ids = np.concatenate([self._encode_data(piece) for piece in apart(self._control_texts, text)])
        if np.isin(ids, self._control_ids).any():
            raise UsageError(
                "tokenizer: expected one that can write the text of its control tokens in others; it cannot"
            )
        return ids

    # What the template does, found with markers in the place of text.

    def _render(self, contents: list[str], ask: bool = True) -> str:
        roles = ("user", "assistant")
        messages = [{"role": roles[number % 2], "content": content} for number, content in enumerate(contents)]
        if self._system is not None:
            messages.insert(0, {"role": "system", "content": self._system})
        try:
            rendered = self._tokenizer.apply_chat_template(
                messages,
                chat_template=self._rendered,
                tokenize=False,
                add_generation_prompt=ask,
                **self._options,
            )
        except Exception as error:  # a template is a program, and may raise anything
            raise UsageError(
                f"chat template: expected one that renders user and assistant turns; it failed: {error}"
            ) from error
        return str(rendered)

    def _find_strips(self) -> tuple[bool, bool]:
        padded = f" \n {USER[0]} \n "
        rendered = self._render([padded])
        before, found, after = rendered.partition(USER[0])
        if not found:
            raise unstable("the user's text is not in what it renders")
        return not before.endswith(" \n "), not after.startswith(" \n ")

    def _find_prompt(self) -> tuple[str, str]:
        before, after = self._split(self._render([USER[0]]), USER[0])
        return before, after

    def _find_delta(self) -> tuple[str, str]:
        """What stands between an assistant's text and the next one's: equal in every conversation, or refused."""
        deltas = set()
        for turns in (2, 3, 4):
            for thought in ("", THOUGHT):
                said = [thought + text for text in ASSISTANT[: turns - 1]]
                contents = [text for pair in zip(USER, [*said, ""], strict=False) for text in pair][: 2 * turns - 1]
                rendered = self._render(contents)
                _, tail = self._split(rendered, ASSISTANT[turns - 2])
                deltas.add(self._split(tail, USER[turns - 1]))
        if len(deltas) != 1:
            raise unstable(f"after an assistant's turn it renders {len(deltas)} different texts: {sorted(deltas)}")
        delta: tuple[str, str] = deltas.pop()
        if MARKERS.search("".join(delta)):
            raise unstable("after an assistant's turn it repeats what was said before")
        if delta[1] != self._after:
            raise unstable(f"a first question is followed by {self._after!r}, a later one by {delta[1]!r}")
        return delta

    def _find_end_of_turn(self) -> int:
        text = self._delta[0]
        found = self._control_texts.match(text) if self._controls else None
        if found is None:
            raise UsageError(
                "chat template: expected one that ends an assistant's turn with a control token of the tokenizer, got "
                f"{text[:40]!r}; add the token to the tokenizer, or take another template"
            )
        return self._controls[found.group()]

    def _split(self, rendered: str, marker: str) -> tuple[str, str]:
        if rendered.count(marker) != 1:
            raise unstable(f"it renders a message {rendered.count(marker)} times")
        before, _, after = rendered.partition(marker)
        return before, after

    def _check_seams(self) -> None:
        """A tokenizer that begins every text with a space of its own cannot encode a conversation in pieces."""
        for text in ("a", "7", "é\n b"):
            decoded = self._tokenizer.decode(self._encode_data(text).tolist(), clean_up_tokenization_spaces=False)
            first = self._data.encode(text + text, add_special_tokens=False).ids
            twice = self._tokenizer.decode(
                [*self._encode_data(text), *self._encode_data(text)], clean_up_tokenization_spaces=False
            )
            if decoded != text or twice != self._tokenizer.decode(first, clean_up_tokenization_spaces=False):
                raise UsageError(
                    f"tokenizer: expected one that gives back the texts it encodes, piece by piece; {text!r} came back "
                    f"as {decoded!r}, twice in a row as {twice!r}"
                )
        if self._pieces[2][0] != self.end_of_turn:
            raise UsageError(f"tokenizer: expected token {self.end_of_turn} at the beginning of {self._delta[0]!r}")

    def _encode_template(self, text: str) -> Ids:
        return np.array(self._tokenizer.encode(text, add_special_tokens=False), np.int64)

    def _encode_data(self, text: str) -> Ids:
        return np.array(self._data.encode(text, add_special_tokens=False).ids, np.int64)


def stopped_clock(day: str) -> str:
    """The beginning of a template in which ``strftime_now``, which transformers offers, is midnight of a day.

    It is a macro, as transformers passes no functions on to templates.
    """
    then = datetime.fromisoformat(day)
    replaced = "".join(f" | replace('{each}', {json.dumps(then.strftime(each))})" for each in DIRECTIVES)
    return "{%- macro strftime_now(format) -%}{{ format" + replaced + " }}{%- endmacro %}{{ '' }}"


def model_stops(model: Any) -> tuple[int, ...]:
    """The ids that a model of transformers says its responses end with; a tokenizer knows only one of several.

    For Qwen2.5 these are the ends of a turn and of a text, for Llama 3.1 also the end of a message to a tool.
    """
    found: list[int] = []
    for config in (getattr(model, "generation_config", None), getattr(model, "config", None)):
        ends = getattr(config, "eos_token_id", None)
        found += [ends] if isinstance(ends, int) else list(ends or ())
    return tuple(dict.fromkeys(found))


def without_controls(backend: Tokenizer) -> Tokenizer:
    """A copy of a tokenizer that finds no added token in a text, special or not."""
    state = json.loads(backend.to_str())
    state["added_tokens"] = []
    state["post_processor"] = None
    state["truncation"] = state["padding"] = None
    return Tokenizer.from_str(json.dumps(state))


def apart(controls: re.Pattern[str], text: str) -> Iterator[str]:
    """The pieces of a text, the control tokens in it letter by letter."""
    end = 0
    for found in controls.finditer(text):
        yield text[end : found.start()]
        yield from found.group()
        end = found.end()
    yield text[end:]


def unstable(why: str) -> UsageError:
    """The error for templates that cannot be continued token by token."""
    return UsageError(
        f"chat template: expected one that continues a conversation without rewriting it; {why}. Pass another "
        f"template, such as shipped_template(...) with one of {', '.join(TEMPLATES)}"
    )
