"""A Slurm of one node for tests: munged, slurmctld and slurmd, in a folder and on ports of its own, without accounting.

By hand, from the repository, with a command that then sees this Slurm alone:

    python tests/workflow/slurm/slurm_cluster.py snakemake --workflow-profile profiles/slurm ...
"""

import ctypes
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
PATIENCE = 600  # seconds that a change may take on a busy machine

# Nothing that needs a daemon of the system, control groups or the network: processes are found by their parents, and jobs are
# not pinned to cores. The node may have less memory than it says, and /dev/null plays the GPU, so that jobs can ask for both.
CONFIGURATION = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
MinJobAge=7200
KillWait=5
OverTimeLimit=0
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=sched_interval=2,batch_sched_delay=0
PlugStackConfig={folder}/plugstack.conf
NodeName={host} NodeAddr=127.0.0.1 Port={node_port} CPUs={cpus} RealMemory={memory_mb} Gres=gpu:a100:1 State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""

WRAPPERS = {
    # Within a job the executor calls srun without SLURM_CONF, which only a Slurm that is not the system's needs.
    "srun": '#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {program} "$@"\n',
    # Where scontrol takes more than 10 s, as it may on a busy machine, the executor turns to sacct, which has no database here.
    "sacct": "#!/bin/sh\nfor run; do :; done\nexec squeue --states=all --noheader --format='%i|%T' --name \"$run\"\n",
}


class Cluster:
    """Runs while the ``with`` block does; nothing of it outlives the block, nor the process."""

    def __init__(self, folder: Path, cpus: int = 2, memory_mb: int = 64000) -> None:
        self.folder = folder
        self.host = platform.node().split(".")[0]
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder}/bin{os.pathsep}{PATH}"}
        self.daemons: list[subprocess.Popen] = []
        controller_port, node_port = free_ports(2)
        for name in ("state", "spool", "bin"):
            (folder / name).mkdir()
        for name, lines in WRAPPERS.items():
            path = folder / "bin" / name
            path.write_text(lines.format(folder=folder, program=shutil.which(name, path=PATH)), encoding="utf-8")
            path.chmod(0o755)
        (folder / "plugstack.conf").touch()
        (folder / "gres.conf").write_text("Name=gpu Type=a100 File=/dev/null\n", encoding="utf-8")
        configuration = CONFIGURATION.format(
            host=self.host,
            controller_port=controller_port,
            node_port=node_port,
            user=psutil.Process().username(),
            folder=folder,
            cpus=cpus,
            memory_mb=memory_mb,
        )
        (folder / "slurm.conf").write_text(configuration, encoding="utf-8")
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)

    def __enter__(self) -> Self:
        try:
            files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
            places = [f"--{option}={self.folder}/munge.{extension}" for option, extension in files.items()]
            self._start("munged", "--foreground", "--force", *places)
            until(self._alive(lambda: (self.folder / "munge.socket").exists()), "munged answers")
            self._start("slurmctld", "-D")
            self._start("slurmd", "-D", "-N", self.host)
            until(self._alive(lambda: "idle" in self.run("sinfo", "--noheader", "--format=%T")), "the node is idle")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if len(self.daemons) == 3:
            self.run("scancel", "--user", psutil.Process().username())
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
        for process in self.processes():  # jobs that did not heed scancel, and the slurmstepd of each
            process.kill()

    def run(self, *command: str) -> str:
        """Return what a command of Slurm prints, whatever its exit status is."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.stdout + done.stderr

    def processes(self, name: str = "") -> list[psutil.Process]:
        """Return the processes that were started in this cluster, whose command line contains ``name``."""
        found = []
        for process in psutil.process_iter():
            try:
                of_cluster = process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"]
                if of_cluster and process.pid != os.getpid() and name in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:  # has just ended, or is somebody else's
                continue
        return found

    def jobs(self, name: str, state: str = "all") -> list[dict[str, str]]:
        """Return what Slurm knows of each job of a name and in a state, oldest first."""
        query = ["--noheader", "--array", "--sort=i", "--format=%i", f"--name={name}", f"--states={state}"]
        ids = self.run("squeue", *query).split()
        shown = [self.run("scontrol", "--oneliner", "show", "job", name) for name in ids]
        return [dict(field.split("=", 1) for field in text.split() if "=" in field) for text in shown]

    def set_node(self, **settings: str) -> None:
        """Change the node, as its administrator does."""
        self.run("scontrol", "update", f"NodeName={self.host}", *(f"{key}={value}" for key, value in settings.items()))

    def _alive(self, happened: Callable[[], object]) -> Callable[[], object]:
        """Make a wait end with what a daemon said that has died meanwhile, as of a folder with a space in its name."""

        def checked() -> object:
            for daemon in self.daemons:
                if daemon.poll() is not None:
                    said = (self.folder / f"{Path(daemon.args[0]).name}.out").read_text(encoding="utf-8")
                    raise RuntimeError(f"{daemon.args[0]} has ended: {said}")
            return happened()

        return checked

    def _start(self, program: str, *arguments: str) -> None:
        path = shutil.which(program, path=PATH)
        with (self.folder / f"{program}.out").open("wb") as output:
            self.daemons.append(
                subprocess.Popen(
                    [path, *arguments], env=self.environment, stdout=output, stderr=output, preexec_fn=_die_with_parent
                )
            )


def missing() -> list[str]:
    """Return the programs of Slurm and munge that are not installed."""
    return [program for program in PROGRAMS if not shutil.which(program, path=PATH)]


def until(happened: Callable[[], object], what: str, seconds: float = PATIENCE) -> object:
    """Wait until something is true, and return it.

    Raises:
        TimeoutError: it did not become true.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := happened():
            return result
        time.sleep(0.1)
    raise TimeoutError(f"after {seconds:.0f} s it is not so that {what}")


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed test leaves no daemon


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, Cluster(Path(name)) as cluster:
        sys.exit(subprocess.run(sys.argv[1:], env=cluster.environment, check=False).returncode)
