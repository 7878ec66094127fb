"""`tasks`: the list, the search, and one task with a template that holds."""

from __future__ import annotations

import json
import re

import pytest

from remyx_action.commands.output import Screen
from remyx_action.commands.tasks import tasks
from remyx_action.errors import WrongUsage
from remyx_action.project.load import load_bundle
from remyx_action.project.tasks import task_list

KNOWN = task_list()
GSM8K = """\
gsm8k
  data             openai/gsm8k, subset main, split test
  solved examples  from split train, where few_shot asks for any
  model gives      text

  key               lighteval's name  better  range
  extractive_match  extractive_match  higher  0 to 1

.remyx/templates/gsm8k.yaml:

version: 1
name: gsm8k
runtime: lighteval
task: gsm8k
baseline_asset: org/model
model: {backend: accelerate}
metrics: auto

The rules of its policies name extractive_match.
"""


def test_one_task_with_all_that_a_template_needs() -> None:
    assert GSM8K == tasks("gsm8k").text()


def names_in(text: str) -> list[str]:
    return re.findall(r"^([A-Za-z0-9_:=.…-]+) +[0-9]+  ", text, re.MULTILINE)


def test_the_list_has_each_group_and_each_other_task_once() -> None:
    text = tasks(None).text(screen=Screen(width=120))
    above, _, below = text.partition("No verdict can rest on")
    assert "lighteval 0.13.0: 646 tasks, 563 of them can be judged" == text.splitlines()[0]
    names = names_in(above)
    assert len(names) == len(set(names))
    assert {"gsm8k", "mmlu", "bbq", "bbq:…", "boolq", "boolq:contrastset"} <= set(names)
    assert not [name for name in names if name.startswith("mmlu:")]
    assert "wmt19 (15)" in below
    assert "another model judges the answers" in below


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_the_screen_unless_one_word_alone_is_longer(width: int) -> None:
    for query in [None, *KNOWN.groups, *list(KNOWN.tasks)[::7]]:
        for line in tasks(query).text(screen=Screen(width=width)).splitlines():
            assert len(line) <= width or len(line.split()) == 1 or max(map(len, line.split())) > 20, line


def test_a_search_looks_at_names_data_and_metrics() -> None:
    assert ["bigbench", "legal_summarization", "summarization"] == names_in(tasks("rouge").text())
    assert {"gsm8k", "gsm_plus"} <= set(names_in(tasks("extractive match").text()))
    assert "mmlu:astronomy" in names_in(tasks("astronomy mmlu").text())


def test_a_search_that_finds_one_shows_it() -> None:
    assert tasks("asdiv").text().startswith("asdiv\n")
    assert tasks("GSM_PLUS").text() == tasks("gsm_plus").text()


def test_a_task_that_cannot_be_judged_says_why_and_offers_no_template() -> None:
    text = tasks("wikitext:103:document_level").text()
    assert "word_perplexity" in text
    assert "a perplexity is no mean of samples' scores" in " ".join(text.split())
    assert "No verdict can rest on it." in text
    assert "runtime: lighteval" not in text


def test_of_a_group_the_number_of_tasks_that_report_a_metric_is_reported() -> None:
    text = tasks("bigbench").text()
    assert re.search(r"^  acc +acc +higher +0 to 1 +28$", text, re.MULTILINE)
    assert "downloads a scoring model: bleurt" in text


def test_a_name_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(WrongUsage) as refused:
        tasks("gms8k")
    assert "did you mean gsm8k?" == refused.value.help
    with pytest.raises(WrongUsage) as refused:
        tasks("\x1b[31m")
    assert "\x1b" not in str(refused.value)


@pytest.mark.slow
def test_every_template_to_paste_holds() -> None:
    for name in KNOWN.names:
        text = tasks(name).text()
        if "runtime: lighteval" not in text:
            continue
        place = re.search(r"^(\.remyx/templates/\S+):$", text, re.MULTILINE)
        template = text[text.index("version: 1") : text.index("\nThe rules")]
        assert place is not None
        assert [] == list(load_bundle({place[1]: template.encode()}).problems), name


def test_programs_get_every_task_with_every_fact() -> None:
    document = json.loads(tasks(None).text("json"))
    assert ("remyx-tasks/1", "0.13.0") == (document["schema"], document["lighteval"])
    assert list(KNOWN.tasks) == [task["name"] for task in document["tasks"]]
    assert set(KNOWN.groups) == set(document["groups"])
    by_name = {task["name"]: task for task in document["tasks"]}
    assert {
        "key": "extractive_match",
        "name": "extractive_match",
        "label": "extractive match",
        "direction": "higher",
        "mode": "generative",
        "range": [0, 1],
        "answers": 1,
        "does": None,
        "why_not": None,
    } == by_name["gsm8k"]["metrics"][0]
    assert 563 == sum(task["supported"] for task in document["tasks"])


def test_programs_get_what_they_search_for() -> None:
    document = json.loads(tasks("mmlu").text("json"))
    assert 57 == len(document["tasks"])
    assert ["mmlu"] == list(document["groups"])
