"""Every name in a preset and every data set in the documentation exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlef_agents.ppo.chat_template import shipped_template
from rlef_agents.ppo.config_file import PRESETS, load_config
from rlef_agents.ppo.problems import is_downloaded
from rlef_env import load_dataset
from rlef_env.envs import make_reward
from rlef_env.errors import UsageError
from rlef_env.problems.schemas import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs/**", ".", "agents", "data/starter")
PAGES = sorted({page for folder in FOLDERS for page in ROOT.glob(f"{folder}/*.md")})
NAMED = re.compile(r"""(?:\b(?:evaluate_)?dataset\s*=\s*|load_dataset\(\s*)["']?([^\s"'`,)]+)""")
HUB = re.compile(r"[\w-]+/[\w.-]+")
"""OWNER/NAME on the hub. The documentation may use only those that its page on data sets lists."""
FILE = re.compile(r".*(\.jsonl|\.jsonl\.gz|\.json|\.json\.gz|\.parquet|/\*|\.\.\.|path|path/to/\S+)$")
"""Placeholders for the reader's own file or folder."""
VARIABLES = {"Dataset(", "dataset", "load_dataset(", "problems", "NAME", "...", "FILE"}

KNOWN_HUB = {
    "deepmind/code_contests", "BAAI/TACO", "codeparrot/apps", "livecodebench/code_generation_lite",
    "openai/openai_humaneval", "google-research-datasets/mbpp", "evalplus/humanevalplus", "evalplus/mbppplus",
}  # fmt: skip


def refusal(name: str) -> str | None:
    """Return the reason why a documented name is wrong; None if it is right. Nothing is downloaded."""
    if is_downloaded(name):
        return None if name in KNOWN_HUB else "is not in this test's list of data sets on the hub"
    if FILE.fullmatch(name) or any(name.startswith(each) for each in VARIABLES):
        return None
    try:
        load_dataset(name)
    except UsageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_data_set_that_a_page_names_exists(page: Path) -> None:
    names = {match[1] for match in NAMED.finditer(page.read_text(encoding="utf-8"))}
    assert {name: why for name in names if (why := refusal(name))} == {}


def test_names_of_data_sets_are_found_and_wrong_ones_refused() -> None:
    """The search finds known names in a text and in the pages, and a wrong name is refused."""
    text = "--set dataset=codecontests dataset = \"a/b\" load_dataset('starter') evaluate_dataset=mine.jsonl"
    assert NAMED.findall(text) == ["codecontests", "a/b", "starter", "mine.jsonl"]
    assert [bool(refusal(name)) for name in NAMED.findall(text)] == [True, True, False, False]
    found = {match[1] for page in PAGES for match in NAMED.finditer(page.read_text(encoding="utf-8"))}
    assert {"starter", "BAAI/TACO", "path/to/code_contests/data"} <= found


@pytest.mark.parametrize("preset", PRESETS)
def test_every_name_in_a_preset_exists(preset: str) -> None:
    config = load_config(preset)
    for name in (config.dataset, config.evaluate_dataset):
        assert not name or refusal(name) is None, refusal(name)
    make_reward(config.reward)
    if config.chat_template:
        shipped_template(config.chat_template)
    assert config.model == "" if preset == "tiny" else HUB.fullmatch(config.model)


def test_the_schema_of_the_presets_data_set_exists() -> None:
    assert "code_contests" in {schema.name for schema in SCHEMAS}
