"""Turn messages into token ids, each exactly once: sampled tokens are never decoded and encoded again.

``Renderer.first`` returns the tokens of the first prompt, ``Renderer.following`` the tokens between a sampled response
and the next one. A whole conversation is their concatenation with the sampled tokens::

    first(statement) + sampled + following(feedback, sampled) + sampled + ...

Most chat templates do not render a conversation as a prefix of its continuation: they strip the model's thinking, for
example. Therefore assistant text is never rendered. The renderer finds the text between an assistant's turn and the
next one (the template's *delta*) once, with markers instead of real text, and refuses a template whose delta depends on
the conversation.

Statements, feedback and program output are data. They are encoded by a copy of the tokenizer without control tokens, so
a program that prints ``<|im_start|>`` prints twelve characters and opens no turn.
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
"""Chat templates in this package. By default the tokenizer's own template is used."""

USER: Final = ("uXqA1q", "uXqB2q", "uXqC3q", "uXqD4q")
ASSISTANT: Final = ("aXqA1q", "aXqB2q", "aXqC3q")
MARKERS: Final = re.compile("|".join(USER))
DIRECTIVES: Final = [f"%{each}" for each in ("-d", "-m", *"aAbBdejmyYHMSIpfwUWxXcZ")]
THOUGHT: Final = "<think>\ntXqA1q\n</think>\n\n"


def shipped_template(name: str) -> str:
    """Return the text of a template in this package.

    Raises:
        UsageError: the package has no template of that name.
    """
    if name not in TEMPLATES:
        raise UsageError(f"chat template: expected one of {', '.join(TEMPLATES)}, or a file; got {name!r}")
    return (resources.files("rlef_agents.ppo") / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def read_template(name: str) -> str | None:
    """Return the text of a template, or None (use the tokenizer's own) if the name is empty.

    Args:
        name: name of a template in this package, or path of a file.

    Raises:
        UsageError: the name is neither.
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
        template: a Jinja chat template that replaces the tokenizer's own.
        options: variables for the template, such as ``{"enable_thinking": False}``.
        system: text of a system message that begins every conversation; the paper uses none.
        date: date, as YYYY-MM-DD, that templates get as the current date; the real date if empty.
        stops: further ids that end a response: the stop ids in the model's settings (``model_stops``).
        examples: texts of a user and of the assistant, with which every conversation begins.
        prefill: text that every response begins with; it is in prompts and in ``text``, but is not sampled.

    Attributes:
        end_of_turn: control token with which the template ends an assistant's turn.
        stop_ids: tokens that end a response: ``end_of_turn``, the tokenizer's end of sequence, and ``stops``.

    Raises:
        UsageError: the tokenizer is not a fast one or has no template, or the template's delta is not constant.
    """

    def __init__(
        self,
        tokenizer: Any,
        template: str | None = None,
        options: Mapping[str, Any] | None = None,
        system: str | None = None,
        date: str = "",
        stops: Sequence[int] = (),
        examples: Sequence[tuple[str, str]] = (),
        prefill: str = "",
    ) -> None:
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if not isinstance(backend, Tokenizer):
            raise UsageError(f"tokenizer: expected a fast tokenizer (a tokenizer.json), got {type(tokenizer).__name__}")
        self.template = template or getattr(tokenizer, "chat_template", None)
        if not isinstance(self.template, str):
            raise UsageError(
                f"tokenizer: expected one with a chat template, got none; choose one of {', '.join(TEMPLATES)} "
                "(chat_template in the settings, template=shipped_template(...) in Python) and add its control tokens"
            )
        self._tokenizer, self._options, self._system = tokenizer, dict(options or {}), system or None
        self._rendered = (fixed_date(date) if date else "") + self.template
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
        self._answers = [self.data(answer) for _, answer in examples]
        self._opening = [self._pieces[0], *self._example_ids([user for user, _ in examples])]
        self._prefill, self._prefill_ids = prefill, self._encode_template(prefill)
        if np.isin(self._prefill_ids, self.stop_ids).any():
            raise UsageError(f"prefill: expected a text that does not end the response, got {prefill!r}")

    def first(self, message: str) -> Ids:
        """Return the first prompt: all tokens before the first sampled one, ``(n,)``."""
        before = self._between(message, self._answers[-1]) if self._answers else self._asked(message)
        return np.concatenate([*self._opening, before, self._prefill_ids])

    def following(self, message: str, sampled: Ids) -> Ids:
        """Return the tokens between a sampled response and the next response, ``(n,)``.

        Args:
            message: the environment's feedback to the response.
            sampled: sampled tokens of the response. If they do not end with the end-of-turn token (because of the
                length limit or another stop token), the result begins with one. That one was not sampled and is not
                trained on.
        """
        return np.concatenate([self._between(message, sampled), self._prefill_ids])

    def response(self, text: str) -> Ids:
        """Encode a response that was not sampled, ``(n,)``; a ``prefill`` at its beginning is in the prompt already."""
        return self.data(text.removeprefix(self._prefill))

    def _asked(self, message: str) -> Ids:
        return np.concatenate([self.data(message), self._pieces[1]])

    def _between(self, message: str, sampled: Ids) -> Ids:
        opening = self._pieces[2]
        if len(sampled) and sampled[-1] == self.end_of_turn:
            opening = opening[1:]
        return np.concatenate([opening, self.data(message), self._pieces[3]])

    def text(self, sampled: Ids) -> str:
        """Decode a response for the environment, with its ``prefill``, without the stop token that ended it."""
        kept = sampled[:-1] if len(sampled) and int(sampled[-1]) in self.stop_ids else sampled
        decoded = self._tokenizer.decode(kept.tolist(), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return self._prefill + str(decoded)

    def data(self, text: str) -> Ids:
        """Encode a text that is data, ``(n,)``. The result never contains a control token, whatever the text is."""
        for strip, side in zip(self._strips, (str.lstrip, str.rstrip), strict=True):
            text = side(text) if strip else text
        ids = self._encode_data(text)
        if np.isin(ids, self._control_ids).any():
            # A word-level vocabulary may contain the exact text of a control token: encode it letter by letter.
            ids = np.concatenate([self._encode_data(piece) for piece in split_controls(self._control_texts, text)])
        if np.isin(ids, self._control_ids).any():
            raise UsageError(
                "tokenizer: expected one that can encode the text of its control tokens without using them, got one "
                "that cannot; use another tokenizer"
            )
        return ids

    def _example_ids(self, users: Sequence[str]) -> list[Ids]:
        """Return the examples' tokens, without those after the last answer."""
        found: list[Ids] = []
        for place, user in enumerate(users):
            found.append(self._between(user, self._answers[place - 1]) if place else self._asked(user))
            found.append(self._answers[place])
        return found

    # The methods below find out what the template does, by rendering markers instead of real text.

    def _render(self, contents: list[str]) -> str:
        roles = ("user", "assistant")
        messages = [{"role": roles[number % 2], "content": content} for number, content in enumerate(contents)]
        if self._system is not None:
            messages.insert(0, {"role": "system", "content": self._system})
        try:
            rendered = self._tokenizer.apply_chat_template(
                messages,
                chat_template=self._rendered,
                tokenize=False,
                add_generation_prompt=True,
                **self._options,
            )
        except Exception as error:  # a template is a program, and may raise anything
            raise UsageError(
                f"chat template: expected one that renders user and assistant turns, got an error: {error}"
            ) from error
        return str(rendered)

    def _find_strips(self) -> tuple[bool, bool]:
        padded = f" \n {USER[0]} \n "
        rendered = self._render([padded])
        before, found, after = rendered.partition(USER[0])
        if not found:
            raise unstable_template("the user's text is not in the rendered text")
        return not before.endswith(" \n "), not after.startswith(" \n ")

    def _find_prompt(self) -> tuple[str, str]:
        before, after = self._split(self._render([USER[0]]), USER[0])
        return before, after

    def _find_delta(self) -> tuple[str, str]:
        """Return the texts before and after the user's text between two assistant turns, equal in every conversation.

        Raises:
            UsageError: they are not equal.
        """
        deltas, whole = set(), list[tuple[str, list[str]]]()
        for turns in (2, 3, 4):
            for thought in ("", THOUGHT):
                texts = [thought + text for text in ASSISTANT[: turns - 1]]
                contents = [text for pair in zip(USER, [*texts, ""], strict=False) for text in pair][: 2 * turns - 1]
                rendered = self._render(contents)
                _, tail = self._split(rendered, ASSISTANT[turns - 2])
                deltas.add(self._split(tail, USER[turns - 1]))
                if not thought:
                    whole.append((rendered, contents))
        if len(deltas) != 1:
            raise unstable_template(
                f"after an assistant's turn it renders {len(deltas)} different texts: {sorted(deltas)}"
            )
        delta: tuple[str, str] = deltas.pop()
        if MARKERS.search("".join(delta)):
            raise unstable_template("after an assistant's turn it repeats earlier messages")
        if delta[1] != self._after:
            raise unstable_template(
                f"the first user message is followed by {self._after!r}, a later one by {delta[1]!r}"
            )
        for rendered, contents in whole:
            self._check_history(rendered, contents, delta[0])
        return delta

    def _check_history(self, rendered: str, contents: Sequence[str], opening: str) -> None:
        """Refuse a template that renders earlier messages in another way when the conversation goes on.

        Args:
            rendered: a conversation without thoughts, which a template may leave out of earlier turns.
            contents: its messages in their order.
            opening: text between an assistant's text and the user's.
        """
        before, tail = self._split(rendered, contents[0])
        found = [before]
        for text in contents[1:]:
            between, tail = self._split(tail, text)
            found.append(between)
        if before != self._before:
            raise unstable_template(f"a conversation begins with {self._before!r}, a longer one with {before!r}")
        for asked, answered in zip(found[1::2], found[2::2], strict=True):
            # A prompt may open a thought that earlier turns do not show, or leave a header to the model.
            if not (self._after.startswith(asked) or asked.startswith(self._after)) or answered != opening:
                raise unstable_template(f"it renders earlier messages in another way: {asked!r}, {answered!r}")

    def _find_end_of_turn(self) -> int:
        text = self._delta[0]
        found = self._control_texts.match(text) if self._controls else None
        if found is None:
            raise UsageError(
                "chat template: expected one that ends an assistant's turn with a control token of the tokenizer, got "
                f"{text[:40]!r}; add the token to the tokenizer, or choose another template"
            )
        return self._controls[found.group()]

    def _split(self, rendered: str, marker: str) -> tuple[str, str]:
        if rendered.count(marker) != 1:
            raise unstable_template(f"it renders a message {rendered.count(marker)} times")
        before, _, after = rendered.partition(marker)
        return before, after

    def _check_seams(self) -> None:
        """Check that a conversation can be encoded in pieces.

        This is impossible with a tokenizer that adds a space before every text, for example.
        """
        for text in ("a", "7", "é\n b"):
            decoded = self._tokenizer.decode(self._encode_data(text).tolist(), clean_up_tokenization_spaces=False)
            first = self._data.encode(text + text, add_special_tokens=False).ids
            twice = self._tokenizer.decode(
                [*self._encode_data(text), *self._encode_data(text)], clean_up_tokenization_spaces=False
            )
            if decoded != text or twice != self._tokenizer.decode(first, clean_up_tokenization_spaces=False):
                raise UsageError(
                    f"tokenizer: expected one that encodes a text piece by piece without changes; {text!r} is decoded "
                    f"as {decoded!r}, and twice in a row as {twice!r}; use another tokenizer"
                )
        if self._pieces[2][0] != self.end_of_turn:
            raise UsageError(
                f"tokenizer: expected {self._delta[0]!r} to begin with token {self.end_of_turn}, "
                f"got {self._pieces[2][0]}; use another tokenizer"
            )

    def _encode_template(self, text: str) -> Ids:
        return np.array(self._tokenizer.encode(text, add_special_tokens=False), np.int64)

    def _encode_data(self, text: str) -> Ids:
        return np.array(self._data.encode(text, add_special_tokens=False).ids, np.int64)


def fixed_date(day: str) -> str:
    """Return a template prefix that makes ``strftime_now``, which transformers provides, return midnight of a day.

    The prefix defines a macro, because transformers passes no functions to templates.
    """
    then = datetime.fromisoformat(day)
    replaced = "".join(f" | replace('{each}', {json.dumps(then.strftime(each))})" for each in DIRECTIVES)
    return "{%- macro strftime_now(format) -%}{{ format" + replaced + " }}{%- endmacro %}{{ '' }}"


def model_stops(model: Any) -> tuple[int, ...]:
    """Return the stop ids in a model's settings of transformers; a tokenizer knows only one of them.

    For Qwen2.5 they are the ends of a turn and of a text, for Llama 3.1 also the end of a message to a tool.
    """
    found: list[int] = []
    for config in (getattr(model, "generation_config", None), getattr(model, "config", None)):
        ends = getattr(config, "eos_token_id", None)
        found += [ends] if isinstance(ends, int) else list(ends or ())
    return tuple(dict.fromkeys(found))


def without_controls(backend: Tokenizer) -> Tokenizer:
    """Return a copy of a tokenizer that recognises no added token, special or not."""
    state = json.loads(backend.to_str())
    state["added_tokens"] = []
    state["post_processor"] = None
    state["truncation"] = state["padding"] = None
    return Tokenizer.from_str(json.dumps(state))


def split_controls(controls: re.Pattern[str], text: str) -> Iterator[str]:
    """Split a text into pieces; each letter of a control token's text is a piece."""
    end = 0
    for found in controls.finditer(text):
        yield text[end : found.start()]
        yield from found.group()
        end = found.end()
    yield text[end:]


def unstable_template(why: str) -> UsageError:
    """Return the error for a template that cannot be continued token by token."""
    return UsageError(
        f"chat template: expected one that continues a conversation without rewriting it; {why}. Choose "
        f"another: chat_template={' or '.join(TEMPLATES)} in the settings, template=shipped_template(...) in Python"
    )
