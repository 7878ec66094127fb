"""Arms are real processes here: their output is logged, their end is reported, and none is left running."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from remyx_action.errors import NotJudged
from remyx_action.runtimes import (
    Finished,
    Outcome,
    OutputLine,
    Progress,
    RunEvent,
    ScriptRuntime,
    Started,
    run_arms,
)
from remyx_action.runtimes.plan.run_plan import ArmPlan, RunPlan
from support.arm_plans import FAMILY, STUBBORN_FAMILY, arm_plan
from support.living import holding, is_free


def outcome_of(
    plan: ArmPlan, *, log_cap_bytes: int = 1_000_000, grace_seconds: float = 0.3
) -> tuple[Outcome, list[RunEvent]]:
    events: list[RunEvent] = []
    runtime = ScriptRuntime(log_cap_bytes=log_cap_bytes, grace_seconds=grace_seconds)
    outcomes = run_arms(RunPlan(arms=(plan,), together=True), runtime, events.append)
    return outcomes[plan.arm], events


def lines_of(events: list[RunEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, OutputLine)]


def test_what_a_harness_prints_arrives_line_by_line_and_in_its_log(tmp_path: Path) -> None:
    program = """
        import sys
        print("one"); print("two", file=sys.stderr)
        print("\\x1b[31mred\\x1b[0m\\u202e"); print("end", end="")
    """
    plan = arm_plan(tmp_path, program)
    outcome, events = outcome_of(plan)
    assert "completed" == outcome.state
    assert ["one", "two", "red", "end"] == lines_of(events)
    assert [Started, Finished] == [type(events[0]), type(events[-1])]
    assert (tmp_path / "variant" / "harness.log").read_text() == "one\ntwo\n\x1b[31mred\x1b[0m\u202e\nend\n"


def test_progress_bars_become_progress(tmp_path: Path) -> None:
    program = """
        print("\\r 50%|█████     | 150/300 [00:01<00:01]", end="")
        print("\\r100%|██████████| 300/300 [00:02<00:00]")
        print("scored 40/40 samples, 3/4 of them right")
    """
    _, events = outcome_of(arm_plan(tmp_path, program, expected_samples=(40,)))
    seen = [(event.done, event.total) for event in events if isinstance(event, Progress)]
    assert [(150, 300), (300, 300), (40, 40)] == seen


def test_the_environment_is_what_was_planned_and_nothing_else(tmp_path: Path) -> None:
    os.environ["A_TOKEN_OF_OURS"] = "secret"
    try:
        outcome, events = outcome_of(arm_plan(tmp_path, "import os; print(sorted(os.environ))"))
    finally:
        del os.environ["A_TOKEN_OF_OURS"]
    assert "completed" == outcome.state
    allowed = {"PATH", "HERE", "PYTHONUNBUFFERED", "LC_CTYPE"}  # the last is Python's own
    assert set() == set(eval(lines_of(events)[0])) - allowed


def test_standard_input_is_empty(tmp_path: Path) -> None:
    _, events = outcome_of(arm_plan(tmp_path, "import sys; print(repr(sys.stdin.read()))"))
    assert ["''"] == lines_of(events)


def test_a_crash_says_its_exit_code_and_its_last_lines(tmp_path: Path) -> None:
    program = "import sys\nfor i in range(100): print(f'line {i}')\nsys.exit(3)"
    outcome, _ = outcome_of(arm_plan(tmp_path, program))
    assert "failed" == outcome.state
    assert "exit code 3" == outcome.what
    assert tuple(f"line {i}" for i in range(80, 100)) == outcome.last_lines


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ("import os; os.kill(os.getpid(), 11)", "killed by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, as the kernel does where memory runs out"),
        ("raise MemoryError", "exit code 1: out of memory"),
        ("import sys; sys.exit(137)", "exit code 137 (SIGKILL), as the kernel does where memory runs out"),
    ],
)
def test_signals_and_memory_are_named(tmp_path: Path, program: str, what: str) -> None:
    outcome, _ = outcome_of(arm_plan(tmp_path, program))
    assert "failed" == outcome.state
    assert what == outcome.what


def test_a_timeout_kills_the_whole_family_however_stubborn(tmp_path: Path) -> None:
    plan = arm_plan(tmp_path, holding(tmp_path / "lock", STUBBORN_FAMILY), timeout_seconds=1.5)
    outcome, _ = outcome_of(plan, grace_seconds=0.2)
    assert ("timed_out", "timed out after 1.5 s") == (outcome.state, outcome.what)
    assert is_free(tmp_path / "lock")


def test_children_that_outlive_a_harness_are_ended_and_noted(tmp_path: Path) -> None:
    program = """
        import subprocess
        subprocess.Popen(["sleep", "300"], close_fds=False)
        print("done")
    """
    outcome, events = outcome_of(arm_plan(tmp_path, holding(tmp_path / "lock", program)))
    assert "completed" == outcome.state
    assert ("processes that outlived the harness and were ended: 1",) == outcome.notes
    assert ["done"] == lines_of(events)
    assert is_free(tmp_path / "lock")


def test_a_harness_that_closes_its_output_is_still_waited_for(tmp_path: Path) -> None:
    program = """
        import os, time
        os.close(1); os.close(2); time.sleep(0.3)
        open(f"{os.environ['HERE']}/variant/late", "w").close()
    """
    outcome, _ = outcome_of(arm_plan(tmp_path, program))
    assert "completed" == outcome.state
    assert (tmp_path / "variant" / "late").exists()


def test_a_log_is_cut_at_its_cap_but_the_last_lines_are_kept(tmp_path: Path) -> None:
    program = "import sys\nfor i in range(20_000): print(f'line {i}')\nsys.exit(1)"
    outcome, events = outcome_of(arm_plan(tmp_path, program), log_cap_bytes=50_000)
    assert "failed" == outcome.state
    assert ("the log was cut at 48.8 KiB",) == outcome.notes
    assert outcome.last_lines[-1] == "line 19999"
    assert (tmp_path / "variant" / "harness.log").stat().st_size < 50_200
    assert len(lines_of(events)) < 20_000


def test_one_endless_line_is_bounded(tmp_path: Path) -> None:
    outcome, events = outcome_of(arm_plan(tmp_path, "print('x' * 5_000_000)"), log_cap_bytes=10_000_000)
    assert "completed" == outcome.state
    assert max(len(line) for line in lines_of(events)) == 2_000


def test_arms_run_at_once_or_in_turn(tmp_path: Path) -> None:
    program = "import time; time.sleep(0.4)"
    for together, order in (
        (True, [Started, Started, Finished, Finished]),
        (False, [Started, Finished, Started, Finished]),
    ):
        folder = tmp_path / str(together)
        folder.mkdir()
        events: list[RunEvent] = []
        arms = (arm_plan(folder, program, arm="baseline"), arm_plan(folder, program))
        outcomes = run_arms(RunPlan(arms=arms, together=together), ScriptRuntime(), events.append)
        assert ["baseline", "variant"] == list(outcomes)
        assert order == [type(event) for event in events]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-program",), "cannot start no-such-program: no such file or directory"),
        (("./plain.txt",), "cannot start ./plain.txt: permission denied"),
    ],
)
def test_what_cannot_be_started_is_refused(tmp_path: Path, command: tuple[str, ...], message: str) -> None:
    (tmp_path / "plain.txt").write_text("no program")
    plan = arm_plan(tmp_path, "")
    plan = replace(plan, command=command)
    with pytest.raises(NotJudged) as refusal:
        outcome_of(plan)
    assert message == refusal.value.message
    assert refusal.value.help


def test_an_error_of_the_callback_ends_the_arms(tmp_path: Path) -> None:
    def broken(event: RunEvent) -> None:
        if isinstance(event, OutputLine):
            raise BrokenPipeError

    program = """
        import time
        while True:
            print("hello"); time.sleep(0.01)
    """
    plan = RunPlan(arms=(arm_plan(tmp_path, holding(tmp_path / "lock", program)),), together=True)
    with pytest.raises(BrokenPipeError):
        run_arms(plan, ScriptRuntime(grace_seconds=0.2), broken)
    assert is_free(tmp_path / "lock")


def test_what_a_plan_notes_comes_before_what_an_arm_notes(tmp_path: Path) -> None:
    plan = RunPlan(arms=(arm_plan(tmp_path, "print('x' * 100)"),), together=True, notes=("mind the gap",))
    outcomes = run_arms(plan, ScriptRuntime(log_cap_bytes=10), lambda _event: None)
    assert ("mind the gap", "the log was cut at 10 bytes") == outcomes["variant"].notes


def with_metadata(folder: Path, path: str) -> ArmPlan:
    """A plan that starts a script whose inline metadata asks for nothing, among files that steer uv."""
    (folder / ".python-version").write_text("3.99\n")
    (folder / "uv.toml").write_text("this is no TOML")
    (folder / "pyproject.toml").write_text("[tool.uv]\npython-preference = 'only-managed'\n")
    script = folder / "evaluate.py"
    script.write_text("# /// script\n# dependencies = []\n# ///\nimport sys; print(sys.argv[1:], 'ran')\n")
    command = ("uv", "run", "--no-config", "--offline", "--script", str(script), "word")
    environment = {"PATH": path, "HOME": str(folder)}
    return replace(arm_plan(folder, ""), command=command, environment=environment)


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_a_script_with_inline_metadata_is_run_by_uv_which_reads_no_settings_beside_it(tmp_path: Path) -> None:
    outcome, events = outcome_of(with_metadata(tmp_path, os.environ["PATH"]))
    assert "completed" == outcome.state
    assert "['word'] ran" == lines_of(events)[-1]


def test_without_uv_that_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(NotJudged, match="uv is missing") as refusal:
        outcome_of(with_metadata(tmp_path, str(tmp_path)))
    assert "python3 -m pip install uv" in refusal.value.help


def test_stop_ends_an_arm(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    plan = arm_plan(tmp_path, holding(tmp_path / "lock", "import time; time.sleep(300)"))
    outcome = ScriptRuntime().carry_out(plan, on_event=lambda _event: None, stop=stop)
    assert ("failed", "stopped") == (outcome.state, outcome.what)


INTERRUPTED_RUN = """
    import signal, sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from support.arm_plans import STUBBORN_FAMILY, arm_plan
    from support.living import holding
    from remyx_action.runtimes import OutputLine, ScriptRuntime, run_arms
    from remyx_action.runtimes.plan.run_plan import RunPlan

    def terminate(number, frame):
        sys.exit(143)

    def show(event):
        if isinstance(event, OutputLine):
            print(event.text, flush=True)

    signal.signal(signal.SIGTERM, terminate)
    folder = Path(sys.argv[1])
    program = holding(folder / "lock", STUBBORN_FAMILY)
    arms = (arm_plan(folder, program, arm="baseline"), arm_plan(folder, program))
    run_arms(RunPlan(arms=arms, together=True), ScriptRuntime(grace_seconds=0.3), show)
"""


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
@pytest.mark.slow
def test_an_interruption_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    program = textwrap.dedent(INTERRUPTED_RUN).format(tests=str(Path(__file__).parents[1]))
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        assert run.stdout is not None
        members = sorted(run.stdout.readline() for _ in range(8))
        run.send_signal(number)
    assert sorted(2 * FAMILY) == [line.decode().strip() for line in members]
    assert exit_code == run.returncode
    assert is_free(tmp_path / "lock")
