"""How long the page about many episodes takes to write and to open in Chromium, and how large it is.

    python -m benchmarks.report [--episodes 100000] [--run RUN] [--json OUT]

The episodes are invented (benchmarks/invented_episodes.py), 10 for each problem, of up to 3 turns. The page is opened
from disk in a new headless browser each time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.invented_episodes import evaluation_run
from rlef_env.analysis.report import write_report
from rlef_env.runs import RunFolder

SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
GOALS = {"open, s": 3.0, "page, MB": 30.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--run", type=Path, help="folder of a run to use instead of inventing one")
    parser.add_argument("--times", type=int, default=5, help="how often the page is opened (default: 5)")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = (
            RunFolder.open(arguments.run) if arguments.run else evaluation_run(Path(folder, "run"), arguments.episodes)
        )
        began = time.perf_counter()
        report = write_report([run], Path(folder, "report.html"))
        results = {
            "episodes": float(report.episodes),
            "write, s": time.perf_counter() - began,
            "page, MB": report.path.stat().st_size / 1e6,
            "folder beside it, MB": sum(each.stat().st_size for each in report.folder.iterdir()) / 1e6
            if report.folder
            else 0.0,
        }
        opened = [open_page(report.path) for _ in range(arguments.times)]
    for name in opened[0]:
        results[name] = statistics.median(each[name] for each in opened)
    for name, value in results.items():
        goal = f"   goal: at most {GOALS[name]:g}" if name in GOALS else ""
        print(f"{name:38} {value:12,.3f}{goal}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


def open_page(path: Path) -> dict[str, float]:
    """Open the page in a new browser; return seconds by name."""
    from playwright.sync_api import sync_playwright

    found: dict[str, float] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=SWITCHES)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)

        def timed(name: str, act: str, until: str) -> None:
            began = time.perf_counter()
            page.evaluate(act) if act else page.goto(path.resolve().as_uri(), wait_until="commit")
            page.wait_for_selector(until)
            found[name] = time.perf_counter() - began

        timed("open, s", "", "html[data-ready]")
        timed("filter by a click on a bar, s", "document.querySelector('.category').click()", ".chip")
        timed("show an episode, s", "document.querySelector('tr[data-place] a').click()", ".turn")
        last = "document.querySelector('.leaf button:last-child').click()"
        timed("show the next episode, s", last, "#episode h1")
        found["memory of scripts, MB"] = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
        browser.close()
    return found


if __name__ == "__main__":
    main()
