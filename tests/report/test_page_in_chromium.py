"""The page in a real browser: it asks for nothing, shuts nobody out, and hostile ids stay text."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from remyx_action.cli.app import app
from remyx_action.report import render
from support.hostile_text import as_html
from support.pages import ROOT
from support.reports import REPORTS, clustered
from support.spoken import spoken_by

CHROMIUM = shutil.which("chromium")
AXE = ROOT / ".tools" / "axe.min.js"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: script/browser gets it")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: script/browser fetches it")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
RUN_AXE = """
axe.run().then(found => { document.body.textContent = 'FOUND' + JSON.stringify(
  found.violations.map(each => [each.id, each.nodes.map(node => node.html)])) + 'END' })
"""
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chromium")]


def shown(page: str, folder: Path, *flags: str) -> str:
    """The page's document after a browser read it."""
    source = folder / "page.html"
    source.write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags]
    ended = subprocess.run(
        [*command, "--virtual-time-budget=20000", "--dump-dom", source.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ended.stdout


def hosts_asked(page: str, folder: Path) -> set[str]:
    """Every host that the browser tried to reach while it read the page."""
    folder.mkdir()
    log = folder / "net.json"
    shown(page, folder, f"--log-net-log={log}", "--host-resolver-rules=MAP * ~NOTFOUND")
    text = log.read_text(encoding="utf-8", errors="replace")
    return set(re.findall(r'"url":"(?:https?|wss?)://([^/"]+)', text))


def found_by_axe(page: str, folder: Path) -> list[object]:
    """What shuts somebody out; without the page's policy, as that forbids every script."""
    script = f"<script>{AXE.read_text(encoding='utf-8')}</script><script>{RUN_AXE}</script></body>"
    document = shown(POLICY.sub("", page).replace("</body>", script), folder)
    found = re.search(r"FOUND(.*?)END", document, re.DOTALL)
    assert found is not None
    violations: list[object] = json.loads(found.group(1))
    return violations


@needs_chromium
def test_the_page_asks_the_network_for_nothing(tmp_path: Path) -> None:
    """The browser itself asks for its own things, whatever it reads: an empty page tells which."""
    own = hosts_asked("<!doctype html><title>empty</title>", tmp_path / "empty")
    assert set() == hosts_asked(render.page(REPORTS["iterate"]()), tmp_path / "page") - own
    probe = "<!doctype html><img src='http://probe.example/x.png'>"
    assert {"probe.example"} == hosts_asked(probe, tmp_path / "probe") - own


PAGES = {
    "light": ["ship", "clustered", "failed", "loosens", "reject", "not_comparable"],
    "dark": ["loosens", "missing", "two_metrics"],
}


@needs_chromium
@needs_axe
@pytest.mark.parametrize("theme", PAGES)
def test_the_page_shuts_nobody_out(theme: str, tmp_path: Path) -> None:
    found: dict[str, list[object]] = {}
    for kind in PAGES[theme]:
        page = render.page(clustered() if kind == "clustered" else REPORTS[kind]())
        violations = found_by_axe(in_theme(page.replace("<details", "<details open"), theme), tmp_path)
        found |= {kind: violations} if violations else {}
    assert {} == found


def in_theme(page: str, theme: str) -> str:
    """The page as a browser shows it that prefers the theme."""
    return page.replace(
        "@media (prefers-color-scheme: dark)", "@media all" if theme == "dark" else "@media not all"
    )


WIDTH = """<script>document.title = 'WIDTH' + document.documentElement.scrollWidth + 'END'</script></body>"""


@needs_chromium
@pytest.mark.parametrize("kind", ["iterate", "many", "loosens", "failed"])
def test_no_page_is_wider_than_a_phone(kind: str, tmp_path: Path) -> None:
    """A frame of 390 pixels: a browser's own window has a least width."""
    page = POLICY.sub("", render.page(REPORTS[kind]())).replace("<details", "<details open")
    (tmp_path / "inner.html").write_text(page.replace("</body>", WIDTH), encoding="utf-8")
    frame = """<!doctype html><title>none</title><iframe src="inner.html" width="390" height="800"></iframe>
      <script>
      onload = () => { const inner = document.querySelector('iframe').contentDocument;
        document.title = inner.title }</script>"""
    found = re.search(r"WIDTH(\d+)END", shown(frame, tmp_path, "--allow-file-access-from-files"))
    assert found is not None
    assert int(found.group(1)) <= 390


@needs_chromium
@needs_axe
@pytest.mark.parametrize("command", ["history", "backtest", "power", "noise"])
def test_the_pages_of_the_record_shut_nobody_out(command: str, tmp_path: Path) -> None:
    year = ROOT / "examples/year-of-verdicts"
    runpy.run_path(str(year / "make_year.py"))["main"](tmp_path / "year")
    words = ["-C", str(year), command, "--format", "page"]
    if command == "noise":
        words[1] = str(ROOT / "examples/vqasynth")
        words += ["--policy", "guarded", "--at", "boundary", "--draws", "200"]
        words += ["--baseline", "reports/baseline", "--variant", "reports/ship"]
    elif command != "power":
        words += ["--record", str(tmp_path / "year")]
    result = CliRunner().invoke(app, words, standalone_mode=False)
    assert result.exception is None, result.exception
    assert [] == found_by_axe(result.stdout, tmp_path)


PHONE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; } article { box-sizing: border-box; width: 390px; padding: 16px;
  font: 14px/1.5 "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
h3 { font-size: 1.25em; line-height: 1.25; margin: 0 0 16px; } p, table, blockquote { margin: 0 0 16px; }
table { display: block; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { border: 1px solid; padding: 6px 13px; } blockquote { padding: 0 1em; border-left: .25em solid; }
code { font-size: 85%; padding: .2em .4em; }
</style><article>BODY</article><script>
document.title = 'HEIGHT' + Math.round(document.querySelector('details').getBoundingClientRect().top) + 'END'
</script>"""
"""A comment as GitHub sets it in a window of 390 pixels: sizes as in github-markdown-css."""


@needs_chromium
@pytest.mark.parametrize(("kind", "most"), [("two_metrics", 844), ("not_comparable", 844), ("ship", 1_100)])
def test_a_comment_above_its_folds_is_at_most_a_screen_of_a_phone(
    kind: str, most: int, tmp_path: Path
) -> None:
    """Four metrics take a little more than one screen."""
    document = shown(PHONE.replace("BODY", as_html(render.comment(REPORTS[kind]()))), tmp_path)
    found = re.search(r"HEIGHT(\d+)END", document)
    assert found is not None
    assert 200 < int(found.group(1)) <= most


@needs_chromium
def test_a_hostile_id_stays_text(tmp_path: Path) -> None:
    attack = "</td><img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    document = shown(render.page(spoken_by(attack)), tmp_path)
    assert "<img" not in document
    assert "<script" not in document
    assert "<title>owned" not in document
