"""Arms are real containers here: built, bounded, heard, told apart by how they end, and none is left."""

from __future__ import annotations

import json
import select
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from remyx_action.errors import NotJudged
from remyx_action.runtimes import (
    ContainerRuntime,
    OutputLine,
    Predicting,
    Retrying,
    RunEvent,
    ScriptRuntime,
    run_arms,
)
from remyx_action.runtimes.plan.run_plan import ArmPlan
from support.containers.arms import FROM, harness, lines_of, outcome_of, planned
from support.containers.engine import BASE, RunningEngine

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engine")]


def test_what_a_container_prints_is_read_and_what_it_writes_is_taken_out(
    engine: RunningEngine, tmp_path: Path
) -> None:
    program = """
        import json, os, sys
        print("asset", os.environ["REMYX_ASSET"], flush=True)
        print("seed", os.environ["REMYX_SEED"], file=sys.stderr, end="")
        os.makedirs(os.environ["REMYX_OUTPUT_DIR"] + "/deep/er")
        open(os.environ["REMYX_OUTPUT_DIR"] + "/deep/er/a.txt", "w").write("found")
    """
    plan = planned(harness(tmp_path / "root", program), tmp_path / "out")
    outcome, events = outcome_of(plan, engine)
    assert "completed" == outcome.state
    assert ["asset new", "seed 0"] == lines_of(events)[-2:]
    assert any(line.startswith("Step 1/") for line in lines_of(events))
    assert "found" == (tmp_path / "out" / "variant" / "deep" / "er" / "a.txt").read_text()
    assert (tmp_path / "out" / "variant" / "harness.log").read_text().endswith("asset new\nseed 0\n")


LOOK_AROUND = """
    import json, os, pathlib
    def tried(path):
        try:
            pathlib.Path(path).write_text("x")
            return "written"
        except OSError as error:
            return error.strerror
    lines = open("/proc/self/status").read().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    groups = pathlib.Path("/sys/fs/cgroup")
    def limit(*places):
        return next(int((groups / place).read_text()) for place in places if (groups / place).exists())
    found = {
        "uid": os.getuid(), "gid": os.getgid(),
        "effective": status["CapEff"].strip(), "bounding": status["CapBnd"].strip(),
        "no_new_privileges": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(),
        "init": pathlib.Path("/proc/1/comm").read_text().strip(),
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "root": tried("/file"), "home": tried(os.path.expanduser("~/file")), "tmp": tried("/tmp/file"),
        "ours": tried("/remyx/file"), "usr": tried("/usr/bin/file"),
        "memory": limit("memory/memory.limit_in_bytes", "memory.max"),
        "pids": limit("pids/pids.max", "pids.max"),
        "environment": sorted(name for name in os.environ if name.startswith(("REMYX_", "SECRET"))),
        "mounts": sorted({line.split()[1] for line in open("/proc/mounts") if "/remyx" in line.split()[1]}),
    }
    print(json.dumps(found), flush=True)
"""


def looked_around(engine: RunningEngine, folder: Path, **keys: Any) -> dict[str, Any]:
    plan = planned(harness(folder / "root", LOOK_AROUND), folder / "out", **keys)
    outcome, events = outcome_of(plan, engine)
    assert "completed" == outcome.state, outcome
    found: dict[str, Any] = json.loads(lines_of(events)[-1])
    return found


def test_by_default_a_container_may_do_next_to_nothing(engine: RunningEngine, tmp_path: Path) -> None:
    found = looked_around(engine, tmp_path, container={"memory": "256m"})
    assert {
        "uid": 65532,
        "gid": 65532,
        "effective": "0000000000000000",
        "bounding": "0000000000000000",
        "no_new_privileges": "1",
        "seccomp": "2",
        "init": "docker-init",
        "interfaces": ["lo"],
        "root": "Read-only file system",
        "usr": "Read-only file system",
        "ours": "Permission denied",
        "home": "written",
        "tmp": "written",
        "memory": 256 * 1024 * 1024,
        "pids": 1024,
        "mounts": ["/remyx"],
    } == {name: value for name, value in found.items() if name != "environment"}
    expected = ["ARM", "ASSET", "OUTPUT_DIR", "SEED", "SHARD", "SHARDS"]
    assert [f"REMYX_{name}" for name in expected] == found["environment"]


def test_what_a_template_asks_for_is_given(engine: RunningEngine, tmp_path: Path) -> None:
    container = {"network": "bridge", "pids": 50, "user": "7:8", "tmpfs": ["/scratch", "/tmp"], "cpus": 1}
    found = looked_around(engine, tmp_path, container=container, env=["SECRET"])
    assert ["eth0", "lo"] == found["interfaces"]  # the positive control: networks can be seen at all
    assert (7, 8, 50) == (found["uid"], found["gid"], found["pids"])
    assert "SECRET" in found["environment"]


def test_two_arms_share_nine_tenths_of_the_memory(engine: RunningEngine, tmp_path: Path) -> None:
    found = looked_around(engine, tmp_path)
    total = int(engine.ask("info", "--format", "{{.MemTotal}}"))
    assert found["memory"] == pytest.approx(0.9 * total, abs=8192)
    plan = planned(harness(tmp_path / "two", ""), tmp_path / "out2", arms=("baseline", "variant"))
    assert [0.45, 0.45] == [arm.container.memory_share for arm in plan.arms if arm.container]


def test_an_image_with_a_user_of_its_own_keeps_it(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path, "", dockerfile=f'{FROM}USER 1234\nCMD ["id", "-u"]\n')
    _, events = outcome_of(planned(root, tmp_path / "out"), engine)
    assert "1234" == lines_of(events)[-1]


PASSWD = {
    "another name": ("toor:x:0:0::/:/bin/sh", "toor:5", "65532"),
    "a number that is a name, behind a link": ("1234:x:0:0::/:/bin/sh", "1234", "65532"),
    "a name that is not root's": ("app:x:1234:0::/:/bin/sh", "app", "1234"),
}


@pytest.mark.parametrize("case", PASSWD)
def test_root_by_the_images_own_passwd_is_root(engine: RunningEngine, tmp_path: Path, case: str) -> None:
    line, user, number = PASSWD[case]
    link = "mv /etc/passwd /users && ln -s ../users /etc/passwd" if "link" in case else "true"
    made = f"RUN mkdir -p /etc && echo '{line}' > /etc/passwd && {link}\n"
    root = harness(tmp_path, "", dockerfile=f'{FROM}{made}USER {user}\nCMD ["id", "-u"]\n')
    outcome, events = outcome_of(planned(root, tmp_path / "out"), engine)
    assert (number, "completed") == (lines_of(events)[-1], outcome.state)


def test_an_image_in_which_nobody_is_root_is_refused(engine: RunningEngine, tmp_path: Path) -> None:
    made = "RUN mkdir -p /etc && echo 65532:x:0:0::/:/bin/sh > /etc/passwd\n"
    root = harness(tmp_path, "", dockerfile=f'{FROM}{made}CMD ["id", "-u"]\n')
    outcome, _ = outcome_of(planned(root, tmp_path / "out"), engine)
    assert "the container could not be started: the image's /etc/passwd makes root of 65532" == outcome.what
    assert "" == engine.ask("ps", "--all", "--quiet")


def test_code_that_asks_for_too_much_memory_is_reported_as_having_done_so(
    engine: RunningEngine, tmp_path: Path
) -> None:
    program = "hoard = [bytearray(b'x' * 1_000_000) for _ in range(500)]"
    plan = planned(harness(tmp_path, program), tmp_path / "out", container={"memory": "64m"})
    outcome, _ = outcome_of(plan, engine)
    assert "failed" == outcome.state
    assert "exit code 137 (SIGKILL): out of memory" == outcome.what
    assert not outcome.infrastructure


def test_a_child_that_ran_out_of_memory_is_reported_too(engine: RunningEngine, tmp_path: Path) -> None:
    program = """
        import subprocess, sys
        hoard = "hoard = [bytearray(b'x' * 1_000_000) for _ in range(500)]"
        sys.exit(0 if subprocess.run([sys.executable, "-c", hoard]).returncode == 0 else 3)
    """
    plan = planned(harness(tmp_path, program), tmp_path / "out", container={"memory": "64m"})
    outcome, _ = outcome_of(plan, engine)
    assert "failed" == outcome.state
    assert "exit code 3: out of memory" == outcome.what


def test_a_container_killed_from_outside_is_not_out_of_memory(engine: RunningEngine, tmp_path: Path) -> None:
    plan = planned(
        harness(tmp_path, "import time; print('here', flush=True); time.sleep(60)"), tmp_path / "out"
    )

    def kill(event: RunEvent) -> None:
        if isinstance(event, OutputLine) and event.text == "here":
            engine.ask("kill", engine.ask("ps", "--quiet"))

    with ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        outcome = run_arms(plan, runtime, kill)["variant"]
    assert "failed" == outcome.state
    assert ("exit code 137 (SIGKILL)", True) == (outcome.what, outcome.infrastructure)


def test_a_harness_that_runs_too_long_is_ended_with_its_output(engine: RunningEngine, tmp_path: Path) -> None:
    program = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open(os.environ["REMYX_OUTPUT_DIR"] + "/half", "w").write("half")
        print("working", flush=True)
        time.sleep(60)
    """
    outcome, _ = outcome_of(planned(harness(tmp_path, program), tmp_path / "out", timeout=5), engine)
    assert "timed_out" == outcome.state, outcome.what
    assert "working" == outcome.last_lines[-1]
    assert "half" == (tmp_path / "out" / "variant" / "half").read_text()


def test_a_failing_step_fails_the_arm_in_the_engines_words(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path, "", dockerfile=f"{FROM}RUN echo first\nRUN echo broken && exit 9\n")
    outcome, events = outcome_of(planned(root, tmp_path / "out"), engine)
    assert "failed" == outcome.state
    assert outcome.what.startswith(
        "the image could not be built: Dockerfile: The command '/bin/sh -c echo broken"
    )
    assert outcome.what.endswith("returned a non-zero code: 9")
    assert "broken" in lines_of(events)


def test_a_disk_that_is_full_here_is_reported_and_the_container_is_gone(
    engine: RunningEngine, tmp_path: Path
) -> None:
    program = """
        import os
        open(os.environ["REMYX_OUTPUT_DIR"] + "/large", "wb").write(bytes(30_000_000))
    """
    plan = planned(harness(tmp_path / "root", program), tmp_path / "out")
    folder = tmp_path / "out" / "variant"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
    try:
        outcome, _ = outcome_of(plan, engine)
    finally:
        subprocess.run(["umount", folder], check=True)
    assert ("failed", f"cannot write below {folder}: no space left on device") == (
        outcome.state,
        outcome.what,
    )
    assert "" == engine.ask("ps", "--all", "--quiet")


ODD = {
    "nothing": "\n",
    "comments alone": "# nothing\n# escape=`\n",
    "no base": "FROM\n",
    "a base without a value": "ARG B\nFROM $B\n",
    "no known word": f"{FROM}FLY away\n",
    "an end in the middle": f"{FROM}RUN echo a \\\n",
    "a base over two lines": f"FROM \\\n  {BASE}\nRUN echo a > /a\nRUN false\n",
    "another escape": f"# escape=`\nFROM `\n  {BASE}\nRUN echo a > /a; `\n  false\n",
    "a mark before it": f"\ufeff{FROM}RUN echo a > /a\nRUN false\n",
    "line ends of Windows": f"{FROM.strip()}\r\nRUN echo a > /a\r\nRUN false\r\n",
    "small letters": f"from {BASE} as one\nrun echo a > /a\nfrom one\nrun echo b > /b\nrun false\n",
    "a stage that copies": f"{FROM}RUN echo a > /a\nFROM {BASE}\nCOPY --from=0 /a /b\nRUN false\n",
    "a label of its own": f"{FROM}LABEL remyx-action.run=mine\nRUN false\n",
    "two labels": f"{FROM}LABEL remyx-action.run=mine remyx-action.arm=true\nCMD exit 9\n",
    "a trigger": f"{FROM}ONBUILD RUN false\nCMD exit 9\n",
    "a here-document": f"{FROM}RUN <<E\nFROM nothing\nE\n",
    "bytes": f"{FROM}RUN echo \x00\x01\n",
}


@pytest.mark.parametrize("dockerfile", ODD.values(), ids=ODD)
def test_an_odd_dockerfile_fails_its_arm_and_leaves_no_image(
    dockerfile: str, engine: RunningEngine, tmp_path: Path
) -> None:
    before = set(engine.ask("images", "--all", "--quiet", "--no-trunc").split())
    outcome, _ = outcome_of(planned(harness(tmp_path, "", dockerfile=dockerfile), tmp_path / "out"), engine)
    assert "failed" == outcome.state
    assert before == set(engine.ask("images", "--all", "--quiet", "--no-trunc").split())
    assert "" == engine.ask("ps", "--all", "--quiet")


@pytest.mark.parametrize("ignored", ["[\n", "***\n", "!\n", "a/**/[b-\n", "\x00\n"])
def test_an_odd_dockerignore_is_no_internal_error(
    ignored: str, engine: RunningEngine, tmp_path: Path
) -> None:
    root = harness(tmp_path, "print(1)")
    (root / ".dockerignore").write_text(ignored)
    outcome, _ = outcome_of(planned(root, tmp_path / "out"), engine)
    assert outcome.state in {"completed", "failed"}


def test_a_base_that_is_nowhere_is_named_with_what_to_do(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path, "", dockerfile="FROM harness-base:1\n")
    outcome, _ = outcome_of(planned(root, tmp_path / "out"), engine)
    assert "failed" == outcome.state
    assert outcome.what.startswith("the image could not be built: Dockerfile: ")
    assert outcome.what.endswith("a base that is only built here belongs into `container.prebuild`")


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"dockerfile": "eval/Dockerfil"}, "there is no {root}/eval/Dockerfil; correct `dockerfile`"),
        ({"context": "evaluation"}, "there is no folder {root}/evaluation; correct `context`"),
    ],
)
def test_what_is_not_there_is_reported(
    container: dict[str, str], message: str, engine: RunningEngine, tmp_path: Path
) -> None:
    outcome, _ = outcome_of(planned(harness(tmp_path, ""), tmp_path / "out", container=container), engine)
    assert "failed" == outcome.state
    assert message.format(root=tmp_path) in outcome.what


def test_a_step_that_takes_too_long_is_ended(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path, "", dockerfile=f"{FROM}RUN echo quick\nRUN sleep 300\n")
    outcome, _ = outcome_of(planned(root, tmp_path / "out", timeout=3), engine)
    assert "failed" == outcome.state
    assert "building the image timed out after 3 s" == outcome.what


def test_a_command_that_is_not_in_the_image_is_reported(engine: RunningEngine, tmp_path: Path) -> None:
    plan = planned(harness(tmp_path, ""), tmp_path / "out", command=["evaluate-it"])
    outcome, _ = outcome_of(plan, engine)
    assert "failed" == outcome.state
    assert outcome.what.startswith(("exit code 127", "the container could not be started: "))


def test_gpus_where_there_are_none_are_refused_with_what_to_do(engine: RunningEngine, tmp_path: Path) -> None:
    plan = planned(harness(tmp_path, ""), tmp_path / "out", container={"gpus": "all"})
    assert not plan.together or len(plan.arms) == 1
    outcome, _ = outcome_of(plan, engine)
    assert "failed" == outcome.state
    assert outcome.what.endswith("install the NVIDIA Container Toolkit, or remove `gpus`")


def test_local_bases_are_built_first_and_leave_the_engines_own_alone(
    engine: RunningEngine, tmp_path: Path
) -> None:
    """The engine has an image by the very name of the base: it is not used, and stays."""
    engine.ask("tag", BASE, "harness-base:latest")
    before = engine.ask("images", "--no-trunc", "--quiet", "harness-base")
    root = harness(
        tmp_path,
        "",
        dockerfile='ARG BASE=harness-base\nFROM ${BASE} AS last\nCMD ["cat", "/word", "/again"]\n',
    )
    (root / "base").mkdir()
    (root / "base" / "first.dockerfile").write_text(f"{FROM}ARG WORD=wrong\nRUN echo $WORD > /word\n")
    (root / "base" / "second.dockerfile").write_text("FROM harness-base\nCOPY again.txt /again\n")
    (root / "base" / "again.txt").write_text("again\n")
    prebuild = [
        {
            "dockerfile": "base/first.dockerfile",
            "tag": "harness-base:latest",
            "build_args": {"WORD": "right"},
        },
        {"dockerfile": "base/second.dockerfile", "context": "base", "tag": "harness-second"},
    ]
    container = {"prebuild": prebuild, "build_args": {"BASE": "harness-second"}, "target": "last"}
    try:
        outcome, events = outcome_of(planned(root, tmp_path / "out", container=container), engine)
        assert before == engine.ask("images", "--no-trunc", "--quiet", "harness-base")
    finally:
        engine.ask("rmi", "harness-base:latest")
    assert "completed" == outcome.state
    assert ["right", "again"] == lines_of(events)[-2:]
    base = engine.ask("images", "--no-trunc", "--quiet", BASE)
    assert base == outcome.images[f"FROM {BASE}"]
    assert outcome.images["image"].startswith("sha256:")


def test_a_patched_config_lies_over_the_baked_in_one(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(
        tmp_path, "", dockerfile=f'{FROM}COPY config.yaml /app/c.yaml\nCMD ["cat", "/app/c.yaml"]\n'
    )
    (root / "config.yaml").write_text("arguments:\n  eval_model: none  # a comment\n  limit: 5\n")
    patch = [{"file": "config.yaml", "set": {"arguments.eval_model": "{asset}:{seed}"}}]
    container = {"mount_config": {"config.yaml": "/app/c.yaml"}}
    plan = planned(root, tmp_path / "out", container=container, patch=patch, arms=("baseline", "variant"))
    events: list[RunEvent] = []
    with ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        run_arms(plan, runtime, events.append)
    models = {
        event.arm: event.text
        for event in events
        if isinstance(event, OutputLine) and "eval_model" in event.text
    }
    assert {"baseline": "  eval_model: old:0", "variant": "  eval_model: new:0"} == models


def test_a_dockerignore_is_kept_to_and_history_never_sent(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path, "", dockerfile=f'{FROM}COPY . /all\nCMD ["ls", "-A", "/all"]\n')
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("secret")
    (root / "secret.txt").write_text("secret")
    (root / "kept.txt").write_text("kept")
    (root / ".dockerignore").write_text("# a comment\n*.txt\n!kept.txt\n")
    _, events = outcome_of(planned(root, tmp_path / "out"), engine)
    lines = lines_of(events)
    listed = lines[[line.endswith(' : CMD ["ls", "-A", "/all"]') for line in lines].index(True) :]
    assert {"kept.txt", "eval", ".dockerignore"} <= set(listed)
    assert not {".git", "secret.txt"} & set(listed)


def test_links_and_other_oddities_stay_in_the_container(engine: RunningEngine, tmp_path: Path) -> None:
    program = """
        import os
        out = os.environ["REMYX_OUTPUT_DIR"]
        os.symlink("/etc/passwd", out + "/results.json")
        os.mkfifo(out + "/pipe")
        os.symlink("..", out + "/up")
        open(out + "/harness.log", "w").write("forged")
        open(out + "/new\\nline", "w").write("x")
        open(out + "/fine", "w").write("fine")
    """
    outcome, _ = outcome_of(planned(harness(tmp_path, program), tmp_path / "out"), engine)
    assert "completed" == outcome.state
    assert ["fine", "harness.log"] == sorted(path.name for path in (tmp_path / "out" / "variant").iterdir())
    assert "forged" not in (tmp_path / "out" / "variant" / "harness.log").read_text()
    assert 5 == sum("left in the container" in note for note in outcome.notes)


def test_six_arms_at_once_share_one_build(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path / "root", "import time; time.sleep(1); print('done', flush=True)")
    arms: list[ArmPlan] = []
    for number in range(3):
        arms += planned(root, tmp_path / f"out{number}", arms=("baseline", "variant")).arms
    events: list[RunEvent] = []
    found: list[Any] = []
    with ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        stop = threading.Event()

        def carry_out(arm: ArmPlan) -> None:
            found.append(runtime.carry_out(arm, on_event=events.append, stop=stop))

        threads = [threading.Thread(target=carry_out, args=(arm,)) for arm in arms]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ["completed"] * 6 == [one.state for one in found]
    assert 1 == len({one.images["image"] for one in found})
    lines = [event.text for event in events if isinstance(event, OutputLine)]
    assert (1, 6) == (sum(line.startswith("Successfully built") for line in lines), lines.count("done"))


def test_an_interruption_leaves_nothing(engine: RunningEngine, tmp_path: Path) -> None:
    """Ctrl-C, as run_arms sees it, while one arm runs that will not end by itself."""
    program = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(99)"
    )
    plan = planned(harness(tmp_path, program), tmp_path / "out")

    def interrupt(event: RunEvent) -> None:
        if isinstance(event, OutputLine) and event.text == "here":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        run_arms(plan, runtime, interrupt)


def test_an_interruption_while_building_leaves_nothing(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path, "", dockerfile=f"{FROM}RUN echo quick\nRUN echo slow && sleep 300\n")

    def interrupt(event: RunEvent) -> None:
        if isinstance(event, OutputLine) and event.text == "slow":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ContainerRuntime({"DOCKER_HOST": engine.address}) as runtime:
        run_arms(planned(root, tmp_path / "out"), runtime, interrupt)


@contextmanager
def over_tcp(path: str) -> Iterator[str]:
    """The engine as another machine's: its socket behind a TCP port, with no folder in common."""

    class Tunnel(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as engine:
                engine.connect(path)
                ends = [self.request, engine]
                while True:
                    for end in select.select(ends, [], [])[0]:
                        data = end.recv(65536)
                        if not data:
                            return
                        ends[ends[0] is end].sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_an_engine_behind_a_network_needs_no_folder_in_common(engine: RunningEngine, tmp_path: Path) -> None:
    program = """
        import os
        text = open("/app/config.yaml").read()
        open(os.environ["REMYX_OUTPUT_DIR"] + "/seen", "w").write(text)
    """
    dockerfile = f'{FROM}COPY config.yaml /app/\nCOPY eval/main.py /\nCMD ["python3", "/main.py"]\n'
    root = harness(tmp_path, program, dockerfile=dockerfile)
    (root / "config.yaml").write_text("model: none\n")
    plan = planned(
        root,
        tmp_path / "out",
        patch=[{"file": "config.yaml", "set": {"model": "{asset}"}}],
        container={"mount_config": {"config.yaml": "/app/config.yaml"}},
    )
    with (
        over_tcp(engine.address.removeprefix("unix://")) as address,
        ContainerRuntime({"DOCKER_HOST": address}) as runtime,
    ):
        outcome = run_arms(plan, runtime, lambda _event: None)["variant"]
    assert "completed" == outcome.state
    assert "model: new\n" == (tmp_path / "out" / "variant" / "seen").read_text()


def test_no_engine_is_one_clear_error(tmp_path: Path) -> None:
    plan = planned(harness(tmp_path, ""), tmp_path / "out")
    with pytest.raises(NotJudged) as refusal, ContainerRuntime({"DOCKER_HOST": "unix:///no.sock"}) as runtime:
        run_arms(plan, runtime, lambda _event: None)
    assert (
        "no container engine answers at unix:///no.sock: no such file or directory" == refusal.value.message
    )
    assert "DOCKER_HOST" in refusal.value.help


def test_the_proxies_of_the_machine_stay_with_it(
    engine: RunningEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Engines' clients hand them to every container, and the address may hold a password."""
    proxies = {"proxies": {"default": {"httpProxy": "http://me:secret@127.0.0.1:3128"}}}
    (tmp_path / "config.json").write_text(json.dumps(proxies))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    program = "import os; print(sorted(name for name in os.environ if 'proxy' in name.lower()))"
    _, events = outcome_of(planned(harness(tmp_path / "root", program), tmp_path / "out"), engine)
    assert "[]" == lines_of(events)[-1]


def test_code_under_test_that_its_machine_failed_is_run_again(engine: RunningEngine, tmp_path: Path) -> None:
    root = harness(tmp_path / "root", "import os; print(os.listdir(os.environ['REMYX_PREDICTIONS']))")
    (root / "predictor").mkdir()
    (root / "predictor" / "Dockerfile").write_text(FROM)
    code = "import sys, time; print('here', flush=True); time.sleep(2); open(sys.argv[1] + '/p', 'w').close()"
    predict = {
        "command": ["python3", "-c", code, "{predictions}"],
        "inputs": "eval/main.py",
        "container": {"dockerfile": "predictor/Dockerfile", "context": "predictor"},
    }
    killed: list[bool] = []
    lines: list[str] = []

    def kill(event: RunEvent) -> None:
        if isinstance(event, OutputLine):
            lines.append(event.text)
            if event.text == "here" and not killed:
                killed.append(True)
                engine.ask("kill", engine.ask("ps", "--quiet"))

    plan = planned(root, tmp_path / "out", predict=predict)
    with ContainerRuntime({"DOCKER_HOST": engine.address}) as containers:
        runtime = Retrying(Predicting(processes=ScriptRuntime(), containers=containers), retries=1)
        outcome = run_arms(plan, runtime, kill)["variant"]
    assert "completed" == outcome.state
    assert "attempt 1 of 2 was lost: the code under test: exit code 137 (SIGKILL)" == outcome.notes[0]
    assert "['p']" == lines[-1]
    kept = {path.name for path in (tmp_path / "out" / "variant").iterdir()}
    assert {"predict-1.log", "predict.log", "harness.log", "predictions"} == kept
