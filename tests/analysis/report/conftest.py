"""A headless Chromium, shared by the tests of a process. Tests that need it are skipped where it is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rlef_env.analysis.report import write_report
from rlef_env.runs import RunFolder
from tests.analysis.report.made import small_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs Chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


Open = Callable[..., Any]


@pytest.fixture
def browse(chromium: Any) -> Iterator[Open]:
    """Open an address in a window of its own. After the test, nothing has failed and nothing came from elsewhere."""
    contexts, problems = [], []

    def open_page(address: str, width: int = 1280, height: int = 900, own: str = "file://", **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(250_000)
        page.on(
            "console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.startswith(own) else problems.append(request.url))
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A small run."""
    return small_run(tmp_path_factory.mktemp("small") / "small")


@pytest.fixture(scope="session")
def small_page(small: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the page about the small run."""
    return address(write_report([small], tmp_path_factory.mktemp("page") / "report.html").path)


def address(path: Path) -> str:
    """The file:// address of a file."""
    return path.resolve().as_uri()
