"""JUnit XML: what Jenkins's schema allows, what a consumer reads, and nothing that a text could do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import junitparser
import pytest
from junit2htmlreport.parser import Junit as Drawn
from lxml import etree, html
from msgspec.structs import replace

from remyx_action.commands.run.junit_file import writing_junit
from remyx_action.errors import FilesWrong, NotJudged, Problem
from remyx_action.policy.rules import Gate, Mark
from remyx_action.report import render
from support.hostile_text import CORPUS
from support.places import Place
from support.reports import REPORTS
from support.spoken import spoken_by

PROGRAM = Path(sys.executable).with_name("remyx-action")
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit-10.xsd")))
"""Of Jenkins's xUnit plugin, as pytest 9.0.1 has it among its own tests."""


def checked(text: str) -> etree._Element:
    """The document, which is as the schema says."""
    root = etree.fromstring(text.encode("ascii"))
    SCHEMA.assertValid(root)
    return root


def read(text: str, folder: Path) -> junitparser.JUnitXml:
    file = folder / "junit.xml"
    file.write_text(text)
    return junitparser.JUnitXml.fromfile(str(file))


@pytest.mark.parametrize("kind", REPORTS)
def test_every_report_is_as_the_schema_says_read_by_one_program_and_drawn_by_another(
    kind: str, tmp_path: Path
) -> None:
    report = REPORTS[kind]()
    text = render.junit(report)
    checked(text)
    (suite,) = read(text, tmp_path)
    cases = list(suite)
    verdict, *conditions = cases
    of = [*report.ship_rule().conditions(), *(gate.conditions() if (gate := report.reject_rule()) else ())]
    assert [condition.text for condition in of] == [case.name.partition(" ($")[0] for case in conditions]
    assert len({(case.classname, case.name) for case in cases}) == len(cases) == suite.tests
    ends = {"ship": [], "reject": ["failure"], "iterate": ["failure"], None: ["error"]}
    assert ends[report.verdict] == [end._tag for end in verdict.result]
    unknown = sum(condition.mark is Mark.UNKNOWN for condition in of)
    assert (unknown, int(report.verdict is None)) == (suite.skipped, suite.errors)
    found = [end for case in cases for end in case.result]
    assert suite.failures == sum(isinstance(end, junitparser.Failure) for end in found)
    page = html.fromstring(Drawn(xmlstring=text).html()).text_content()
    assert all(case.name in page for case in cases)
    assert all(end.message in page for end in found)


def test_only_what_is_in_the_way_fails() -> None:
    first, *others = REPORTS["ship"]().ship_rule().conditions()
    marks = [Mark.TRUE, *[Mark.FALSE] * len(others)]
    children = tuple(replace(one, mark=mark) for one, mark in zip((first, *others), marks, strict=True))
    any_of = Gate(k=1, children=children, pointer="", role="ship", combinator="any")
    assert [] == list(any_of.in_the_way())
    assert list(children[1:]) == list(replace(any_of, k=2, combinator="at_least").in_the_way())
    rejecting = replace(any_of, role="reject")
    assert [children[0]] == list(rejecting.in_the_way())
    nested = replace(any_of, k=2, children=(any_of, replace(any_of, children=children[1:])), combinator="all")
    assert list(children[1:]) == list(nested.in_the_way())


@pytest.mark.parametrize(
    "hostile",
    ["\0\x01\x1b[31m", "]]><x/>", "\ud800", "\ufffe\uffff", "&amp;&lt;&#0;<!--", "\u202e", *CORPUS[::8]],
)
def test_no_text_leaves_its_place(hostile: str, tmp_path: Path) -> None:
    usual, spoken = (render.junit(spoken_by(text)) for text in ("x", hostile))
    assert [one.tag for one in checked(usual).iter()] == [one.tag for one in checked(spoken).iter()]
    assert list(read(spoken, tmp_path))


def test_a_command_without_a_verdict_leaves_an_error(tmp_path: Path) -> None:
    file = tmp_path / "deep/junit.xml"
    with pytest.raises(NotJudged), writing_junit(file):
        raise NotJudged("lost \0", help="look \ud800")
    (case,) = checked(file.read_text()).iter("error")
    assert ("Not judged: lost \\x00", "Next: look \\ud800") == (case.get("message"), case.text)
    problem = Problem(
        path="a.yaml", line=1, column=2, pointer="/x", code="c", message="is <wrong>", help="mend it"
    )
    with pytest.raises(FilesWrong), writing_junit(file):
        raise FilesWrong((problem,), {})
    (case,) = checked(file.read_text()).iter("error")
    assert "Not judged: 1 error in files under .remyx/" == case.get("message")
    assert "a.yaml:1:2 $.x: is <wrong>; mend it" == case.text
    with writing_junit(file):
        pass
    assert ["skipped"] == [one.tag for one in checked(file.read_text()).iter("skipped")]
    with pytest.raises(KeyboardInterrupt), writing_junit(file):
        raise KeyboardInterrupt
    assert not file.exists()
    with pytest.raises(NotJudged, match="cannot be written"), writing_junit(tmp_path):
        pass


def test_run_and_judge_write_the_file_that_render_draws(tmp_path: Path) -> None:
    place = Place(tmp_path)

    def remyx(*words: str) -> subprocess.CompletedProcess[str]:
        line = [str(PROGRAM), "-C", str(place.root), *words]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    assert 0 == remyx("run", "--variant", "better", "--junit", "junit.xml").returncode
    written = (place.root / "junit.xml").read_text()
    assert written == remyx("render", ".remyx-out/verdict.json", "--as", "junit").stdout
    arms = [f"--{name}=.remyx-out/arms/{name}" for name in ("baseline", "variant")]
    assert 0 == remyx("judge", "--policy", "default", *arms, "--junit", "junit.xml").returncode
    names = [[case.get("name") for case in checked(text).iter("testcase")] for text in (written,)]
    again = checked((place.root / "junit.xml").read_text())
    assert names == [[case.get("name") for case in again.iter("testcase")]]
    part = remyx("run", "--shard", "0/2", "--measure-only", "--junit", "junit.xml")
    assert (64, True) == (part.returncode, "has no verdict" in part.stderr)
