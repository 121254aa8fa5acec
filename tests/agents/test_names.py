"""Every name in a preset and every data set in the documentation is one that the product knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlef_agents.ppo.chat_template import shipped_template
from rlef_agents.ppo.config import PRESETS, load_config
from rlef_agents.ppo.problems import is_downloaded
from rlef_env import load_dataset
from rlef_env.envs import make_reward
from rlef_env.errors import UsageError
from rlef_env.problems import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted({*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("agents/*.md"), *ROOT.glob("starter/*.md")})
NAMED = re.compile(r"""(?:\b(?:evaluate_)?dataset\s*=\s*|load_dataset\(\s*)["']?([^\s"'`,)]+)""")
HUB = re.compile(r"[\w-]+/[\w.-]+")
"""OWNER/NAME. Those that the documentation may use are the ones that its page on data sets lists."""
FILE = re.compile(r".*(\.jsonl|\.jsonl\.gz|\.json|\.json\.gz|\.parquet|/\*|\.\.\.|path|path/to/\S+)$")
"""What stands for a file or a folder of the reader's own."""
VARIABLES = {"Dataset(", "dataset", "load_dataset(", "problems", "NAME", "...", "FILE"}

KNOWN_HUB = {
    "deepmind/code_contests", "BAAI/TACO", "codeparrot/apps", "livecodebench/code_generation_lite",
    "openai/openai_humaneval", "google-research-datasets/mbpp", "evalplus/humanevalplus", "evalplus/mbppplus",
}  # fmt: skip


def refusal(name: str) -> str | None:
    """Why a name that somebody is told to type cannot be meant; None where it can. Nothing is downloaded."""
    if is_downloaded(name):
        return None if name in KNOWN_HUB else "is no data set of the hub that this test knows"
    if FILE.fullmatch(name) or any(name.startswith(each) for each in VARIABLES):
        return None
    try:
        load_dataset(name)
    except UsageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_data_set_that_a_page_names_is_one(page: Path) -> None:
    names = {match[1] for match in NAMED.finditer(page.read_text(encoding="utf-8"))}
    assert {name: why for name in names if (why := refusal(name))} == {}


def test_the_pages_do_name_data_sets() -> None:
    """What is searched for is found where it is known to be, and what is no name is refused."""
    text = "--set dataset=codecontests dataset = \"a/b\" load_dataset('starter') evaluate_dataset=mine.jsonl"
    assert NAMED.findall(text) == ["codecontests", "a/b", "starter", "mine.jsonl"]
    assert [bool(refusal(name)) for name in NAMED.findall(text)] == [True, True, False, False]
    found = {match[1] for page in PAGES for match in NAMED.finditer(page.read_text(encoding="utf-8"))}
    assert {"starter", "BAAI/TACO", "path/to/code_contests/data"} <= found


@pytest.mark.parametrize("preset", PRESETS)
def test_every_name_in_a_preset_is_one(preset: str) -> None:
    config = load_config(preset)
    for name in (config.dataset, config.evaluate_dataset):
        assert not name or refusal(name) is None, refusal(name)
    make_reward(config.reward)
    if config.chat_template:
        shipped_template(config.chat_template)
    assert config.model == "" if preset == "tiny" else HUB.fullmatch(config.model)


def test_the_schema_of_the_presets_data_set_is_known() -> None:
    assert "code_contests" in {schema.name for schema in SCHEMAS}
