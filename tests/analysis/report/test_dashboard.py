"""The live page, while a run goes on."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlef_env.analysis.report import Dashboard, LiveReport
from rlef_env.cli.dashboard_player import BrowserPlayer
from rlef_env.cli.play import play_folder
from rlef_env.envs import CodeEnv
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeWriter, RunFolder, read_facts
from tests.analysis.report.conftest import Open
from tests.analysis.report.made import SECOND, A, W, record, run_of, turn


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return run_of(tmp_path / "run", [record("a", turn(W), turn(A, SECOND))])


@pytest.fixture
def dashboard(run: RunFolder) -> Iterator[Dashboard]:
    report = LiveReport([run])
    with Dashboard(report, port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    report.close()


def ask(url: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {})) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_new_episodes_appear_without_a_reload(browse: Open, dashboard: Dashboard, run: RunFolder) -> None:
    page = browse(dashboard.url, own=dashboard.url)
    assert page.inner_text("#episode-table [role=status]") == "1 episode"
    page.evaluate("window.notReloaded = true")
    with EpisodeWriter(run) as writer:
        writer.append(record("new problem", turn(W, "print(1)"), turn(W, category="new_category"), turn(A)))
        page.wait_for_selector("#episode-table [role=status]:text-is('2 episodes')")
        page.click("a:has-text('new problem')")
        page.wait_for_selector("#turn-3")
        assert "new category" in page.inner_text("#turn-2")
        writer.append(record("third", turn(A)))
        page.keyboard.press("Escape")
        page.wait_for_selector("#episode-table [role=status]:text-is('3 episodes')")
    assert page.evaluate("window.notReloaded")
    assert page.inner_text("#live") == "● live" or page.inner_text("#live") == "live"


def test_the_metrics_follow(dashboard: Dashboard, run: RunFolder) -> None:
    status, body = ask(f"{dashboard.url}changes?episodes=1&problems=1&prompts=1&version=1")
    assert status == 200
    assert "head" not in json.loads(body)
    with EpisodeWriter(run) as writer:
        for number in range(3):
            writer.append(record(f"b{number}", turn(A)))
    changed = json.loads(ask(f"{dashboard.url}changes?episodes=1&problems=1&prompts=1&version=0")[1])
    assert [row[0] for row in changed["problems"]] == ["b0", "b1", "b2"]
    assert len(changed["columns"]["episodes"]["id"]) == len(changed["prompts"]) == 3
    assert changed["head"]["runs"][0]["groups"][0]["metrics"]["solve_rate"]["value"] == 1.0


def test_an_episode_played_again_replaces_the_first(dashboard: Dashboard, run: RunFolder) -> None:
    with EpisodeWriter(run) as writer:
        writer.append(record("a", turn(A), attempt=1))
    assert json.loads(ask(f"{dashboard.url}changes?episodes=0")[1])["hidden"] == [0]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", ""])
def test_other_hosts_are_refused(dashboard: Dashboard, host: str) -> None:
    """DNS rebinding: a page of another site reaches this server under the other site's name."""
    for path in ("", "changes", "page/0"):
        status, body = ask(dashboard.url + path, {"Host": host.format(port=dashboard.server_port)})
        assert status == 403
        assert b"a" not in re.sub(rb'"error": ".*"', b"", body)


def test_answers_forbid_other_sites_to_read_or_frame_them(dashboard: Dashboard) -> None:
    with urllib.request.urlopen(dashboard.url) as response:
        headers = response.headers
    assert headers["Access-Control-Allow-Origin"] is None
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 404),
        ("page/99", 404),
        ("page/x", 400),
        ("page/-1", 404),
        ("changes?episodes=x", 400),
        ("../etc/passwd", 404),
    ],
)
def test_what_is_not_there(dashboard: Dashboard, path: str, status: int) -> None:
    assert ask(dashboard.url + path)[0] == status


def test_nobody_plays_unless_asked_for(dashboard: Dashboard) -> None:
    headers = {"Origin": dashboard.url.rstrip("/"), "Content-Type": "application/json"}
    assert ask(f"{dashboard.url}play", headers, b"{}")[0] == 404


def test_a_damaged_run_is_said_in_one_line(dashboard: Dashboard, run: RunFolder) -> None:
    (run.episodes / "main-000009.jsonl").write_bytes(b"{}\n")
    status, body = ask(f"{dashboard.url}changes")
    assert status == 500
    assert "main-000009.jsonl:1" in json.loads(body)["error"]


def test_only_loopback_addresses(run: RunFolder) -> None:
    for host in ("0.0.0.0", "example.org", "::"):
        with pytest.raises(UsageError, match="loopback"):
            Dashboard(LiveReport([run]), host)


def test_a_port_that_is_taken(dashboard: Dashboard, run: RunFolder) -> None:
    with pytest.raises(UsageError, match="--port"):
        Dashboard(LiveReport([run]), port=dashboard.server_port)


def posted(server: Dashboard, value: Any, origin: str | None = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
    status, body = ask(f"{server.url}play", headers, json.dumps(value).encode())
    return status, json.loads(body)


def test_a_player_answers_the_page_itself_only(run: RunFolder) -> None:
    with Dashboard(LiveReport([run]), port=0, player=lambda asked: {"got": asked}) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            own = server.url.rstrip("/")
            assert posted(server, {"x": 1}, own) == (200, {"got": {"x": 1}})
            assert posted(server, {"x": 1}, "http://evil.example")[0] == 403
            assert posted(server, {"x": 1})[0] == 403
            assert posted(server, [1], own)[0] == 400
        finally:
            server.shutdown()
            thread.join()


def test_a_person_plays_in_the_page(browse: Open, tmp_path: Path) -> None:
    path = tmp_path / "play"
    with CodeEnv(dataset="starter") as env:
        folder, player = play_folder(path, env), BrowserPlayer(env, path)
        report = LiveReport([folder])
        with Dashboard(report, port=0, player=player) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                page = browse(server.url, own=server.url)
                page.fill("#game input", "starter/add-numbers")
                page.click("text=Begin an episode")
                page.fill("#program", "print(max(map(int, input().split())))")
                page.keyboard.press("Control+Enter")
                page.wait_for_selector(".log pre")
                assert "Expected output `3" in page.inner_text(".log")
                assert "turn 2 of 3" in page.inner_text("#game")
                page.fill("#program", "print(sum(map(int, input().split())))")
                page.click("text=Submit")
                page.wait_for_selector("#episode-table [role=status]:text-is('1 episode')")
                assert "Solved." in page.inner_text("#game")
                page.click("tr[data-place='0'] a")
                page.wait_for_selector("#turn-2 .diff mark")
                status, answer = posted(server, {"do": "answer", "program": "x"}, server.url.rstrip("/"))
                assert (status, answer) == (400, {"error": "expected an episode that has not ended; begin another"})
            finally:
                server.shutdown()
                thread.join()
        player.close()
        report.close()
    (facts,) = read_facts(folder)
    assert (facts.phase, facts.solved_at, facts.problem.problem_id) == ("play", 2, "starter/add-numbers")


def test_an_episode_that_is_left_is_kept(tmp_path: Path) -> None:
    with CodeEnv(dataset="starter") as env:
        player = BrowserPlayer(env, tmp_path / "play")
        player({"do": "begin", "problem": "starter/add-numbers"})
        player({"do": "answer", "program": "print(0)"})
        player({"do": "begin", "problem": "starter/add-numbers"})
        player.close()
    assert [len(facts.turns) for facts in read_facts(RunFolder.open(tmp_path / "play"))] == [1]
