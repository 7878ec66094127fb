"""A Slurm cluster of the suite's own: munge, a controller and one node on loopback, in one folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
PATH = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""With this project's program for the tasks; Debian keeps daemons where the PATH of a person may not lead."""
USER = pwd.getpwuid(os.geteuid()).pw_name
"""Runs the daemons and every task, so that none of it takes the rights of root."""
HELP = "`script/slurm`, as root on Debian 12, gets what is missing"

CONFIGURATION = """\
ClusterName=remyx
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
KillWait=1
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=node Default=YES MaxTime=5 State=UP
"""


def what_is_missing() -> str:
    """Why no cluster can be started here; "" where one can."""
    return ", ".join(name for name in PROGRAMS if not shutil.which(name, path=PATH))


class Cluster:
    """One node with room for four tasks at once."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": str(folder / "slurm.conf")}

    def ask(self, *words: str, folder: Path | None = None) -> str:
        """What a command of Slurm or a script that calls one prints."""
        done = subprocess.run(
            words, cwd=folder, env=self.environment, capture_output=True, check=False, text=True, timeout=120
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def states(self, job: str) -> list[str]:
        """The state of a job, or of each task of an array, such as COMPLETED."""
        told = self.ask("scontrol", "--oneliner", "show", "job", job).split()
        return [word.removeprefix("JobState=") for word in told if word.startswith("JobState=")]

    def ended(self, job: str) -> bool:
        """Whether nothing of the job runs or waits any more."""
        return not {*self.states(job)} & {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING"}


def until(holds: Callable[[], bool], *, seconds: float = 120) -> None:
    """Wait until it holds."""
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last, f"{holds} did not hold in {seconds} s"
        time.sleep(0.1)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster that lives as long as the block."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="remyx-slurm-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "state").mkdir()
        (folder / "key").write_bytes(os.urandom(128))
        (folder / "key").chmod(0o400)
        controller, node = _free_ports(2)
        host = socket.gethostname().partition(".")[0]
        text = CONFIGURATION.format(folder=folder, host=host, user=USER, controller=controller, node=node)
        (folder / "slurm.conf").write_text(text)
        cluster = Cluster(folder)
        files = {"socket": "munge.socket", "key-file": "key", "pid-file": "munged.pid", "seed-file": "seed"}
        munge = [f"--{option}={folder / name}" for option, name in files.items()]
        for words in (
            ["munged", "--foreground", "--force", f"--log-file={folder / 'munged.log'}", *munge],
            ["slurmctld", "-D"],
            ["slurmd", "-D", "-N", "node"],
        ):
            stack.enter_context(_daemon(words, folder, cluster.environment))
            if words[0] == "munged":
                until((folder / "munge.socket").exists)
        stack.callback(_cancel_all, cluster)
        until(lambda: "idle" == cluster.ask("sinfo", "--noheader", "--format=%T"))
        yield cluster


@contextmanager
def _daemon(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{words[0]}.out").open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment)
    try:
        yield
        assert process.poll() is None, (folder / f"{words[0]}.out").read_text()[-2000:]
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _cancel_all(cluster: Cluster) -> None:
    """Leave no task behind: a node that ends does not end its tasks."""
    cluster.ask("scancel", f"--user={USER}")
    until(lambda: not cluster.ask("squeue", "--noheader"))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
