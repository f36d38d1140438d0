"""Interrupted runs end in the bytes of undisturbed ones: at every step and every write in this process, and with real
processes that are killed at random instants."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from optprimer.data.dataset import Dataset
from optprimer.digest import PACKAGE, digest
from optprimer.errors import UserError
from optprimer.networks.resnet import resnet
from optprimer.runtime import Runtime
from optprimer.training import checkpoints, loop, state
from optprimer.training.loop import Terminated, Trainer
from optprimer.training.recipe import Recipe
from optprimer.training.schedule import Schedule

EPOCHS, STEPS = 3, 4  # of the runs in this process


class Killed(BaseException):
    """Stands for SIGKILL where the instant is chosen."""


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trainer(folder: Path, optimizer: str = "sgd", **changes: object) -> Trainer:
    draws = np.random.default_rng(0)
    images, labels = draws.integers(0, 256, (STEPS * 8, 8, 8, 1), dtype=np.uint8), np.arange(STEPS * 8) % 4
    data = Dataset("toy", images, labels, images[:8], labels[:8], (0.5,), (0.3,), tuple("abcd"))
    network = resnet(8, skips=True, channels=1, classes=4, generator=torch.Generator().manual_seed(0))
    schedule = Schedule("one_cycle", 0.1 if optimizer == "sgd" else 0.01, warmup=0.2)
    settings = {"epochs": EPOCHS, "seed": 0, "flip": True} | changes
    recipe = Recipe(
        batch_size=8,
        optimizer=optimizer,
        momentum=0.9,
        weight_decay=5e-4,
        schedule=schedule,
        crop_padding=1,
        checkpoint_every=1,
        **settings,
    )
    return Trainer(network, data, recipe, Runtime(torch.device("cpu"), "fp32"), folder)


def outcome(run: Trainer) -> tuple[str, dict[str, bytes]]:
    """Run to the end; return the history and the bytes of all that the folder then holds."""
    rows = run.run()
    return repr(rows), {path.name: path.read_bytes() for path in sorted(run.folder.iterdir()) if path.suffix != ".part"}


def interrupt_after(run: Trainer, step: int) -> None:
    """Send this process a SIGTERM while the run takes its ``step``-th step."""
    take, taken = run._step, iter(range(1, step + 1))

    def counted(*arguments: object) -> torch.Tensor:
        if next(taken, None) == step:
            os.kill(os.getpid(), signal.SIGTERM)
        return take(*arguments)

    run._step = counted


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_sigterm_at_any_step_saves_it_and_the_continued_run_ends_in_the_same_bytes(tmp_path, optimizer):
    whole = outcome(trainer(tmp_path / "whole", optimizer))
    for step in range(1, EPOCHS * STEPS + 1):
        folder = tmp_path / str(step)
        first = trainer(folder, optimizer)
        interrupt_after(first, step)
        with pytest.raises(Terminated) as stopped:
            first.run()
        assert stopped.value.code == 128 + signal.SIGTERM
        second = trainer(folder, optimizer)
        # What was done is not done again.
        progressed = state.load_state(folder / "state.safetensors", second.network, second.optimizer, second._identity)
        assert (len(progressed.rows) - 1) * STEPS + progressed.step_in_epoch == step
        assert outcome(trainer(folder, optimizer)) == whole, f"stopped after step {step}"


def test_a_run_stopped_after_every_single_step_ends_in_the_same_bytes(tmp_path):
    whole = outcome(trainer(tmp_path / "whole"))
    for _ in range(EPOCHS * STEPS):
        run = trainer(tmp_path / "halting")
        interrupt_after(run, 1)
        with pytest.raises(Terminated):
            run.run()
    assert outcome(trainer(tmp_path / "halting")) == whole


def test_a_run_killed_at_any_write_ends_in_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
    whole = outcome(trainer(tmp_path / "whole"))
    write, remaining = state.save_tensors, [0]

    def deadly(path: Path, *content: object) -> None:
        if remaining[0] == 0:
            raise Killed
        remaining[0] -= 1
        write(path, *content)

    monkeypatch.setattr(checkpoints, "save_tensors", deadly)
    monkeypatch.setattr(state, "save_tensors", deadly)
    writes = (1 + EPOCHS) + (EPOCHS * STEPS + 1)
    for before in range(writes):
        remaining[0] = before
        with pytest.raises(Killed):
            trainer(tmp_path / str(before)).run()
        remaining[0] = -1
        assert outcome(trainer(tmp_path / str(before))) == whole, f"killed after {before} writes"
    remaining[0] = writes
    assert outcome(trainer(tmp_path / "spared")) == whole  # so the loop above met every write


def test_a_run_that_is_done_does_nothing(tmp_path):
    whole = outcome(trainer(tmp_path))
    again = trainer(tmp_path)
    again._step = None
    assert outcome(again) == whole


def test_the_handler_of_the_caller_is_put_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    run = trainer(tmp_path)
    interrupt_after(run, 2)
    with pytest.raises(Terminated):
        run.run()
    assert signal.getsignal(signal.SIGTERM) == before
    trainer(tmp_path).run()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_killed_run_of_another_recipe_leaves_nothing_that_a_third_could_take_for_its_own(tmp_path, monkeypatch):
    # The first run is complete; the second overwrites some of its checkpoints and dies before it has a state; then the
    # settings are changed back.
    whole = outcome(trainer(tmp_path / "used"))

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(state, "save_tensors", killed)
        with pytest.raises(Killed):
            trainer(tmp_path / "used", flip=False, epochs=1).run()
    assert outcome(trainer(tmp_path / "used")) == whole


@pytest.mark.parametrize("module", ["training/loop.py", "training/augmentation.py", "networks/resnet.py"])
def test_a_state_of_other_code_is_not_continued(tmp_path, monkeypatch, module):
    code = tmp_path / "code" / "optprimer"
    shutil.copytree(PACKAGE, code, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(loop, "digest", partial(digest, package=code))
    before = trainer(tmp_path)._identity
    with (code / module).open("a") as handle:
        handle.write("# a comment\n")
    digest_afresh()
    assert trainer(tmp_path)._identity == before
    with (code / module).open("a") as handle:
        handle.write("EDITED = True\n")
    digest_afresh()
    assert trainer(tmp_path)._identity != before


def digest_afresh() -> None:
    """Forget the parsed files, as a new process would."""
    from optprimer import digest as module

    for function in (module._module, module._function, module._statements, module._source):
        function.cache_clear()


def stopped(folder: Path) -> Trainer:
    """A run that was interrupted in its second epoch."""
    run = trainer(folder)
    interrupt_after(run, STEPS + 1)
    with pytest.raises(Terminated):
        run.run()
    return trainer(folder)


def test_a_damaged_state_is_refused_in_one_line_that_says_what_to_do_and_is_right(tmp_path):
    whole = outcome(trainer(tmp_path / "whole"))
    path = tmp_path / "run" / "state.safetensors"
    stopped(path.parent)
    content = path.read_bytes()
    end = len(content) - 1
    damaged = [content[:end], content[:1000], b"", b"no tensors", content[:end] + bytes([content[end] ^ 1])]
    damaged += [
        content.replace(b"loss_sum", b"loss_sun"),
        content.replace(b'step_in_epoch\\\\\\": 1', b'step_in_epoch\\\\\\": 2'),
    ]
    for left in damaged:
        assert left != content
        path.write_bytes(left)
        with pytest.raises(UserError, match=r"state\.safetensors: damaged.*; remove it, and the run starts anew$") as caught:
            trainer(path.parent).run()
        assert "\n" not in str(caught.value)
    path.unlink()
    assert outcome(trainer(path.parent)) == whole


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])], ids=["gone", "cut"])
def test_a_missing_or_damaged_checkpoint_is_refused_and_not_left_out(tmp_path, damage):
    run = stopped(tmp_path / "run")
    damage(tmp_path / "run" / "epoch_00001.safetensors")
    run.run()
    with pytest.raises(UserError, match=r"epoch_00001\.safetensors: .*; remove .*run, and the run starts anew$"):
        dict(run.checkpoints())
    shutil.rmtree(tmp_path / "run")
    again = trainer(tmp_path / "run")
    again.run()
    assert [epoch for epoch, _ in again.checkpoints()] == [0, 1, 2, 3]


# Real processes.

DRIVER = """
import sys
from optprimer.training import loop
from optprimer.cli import main

def announced(trainer, run=loop.Trainer.run):
    print("ready", flush=True)
    return run(trainer)

loop.SAVE_EVERY = float(sys.argv.pop(1))
loop.Trainer.run = announced
main()
"""
OUTPUTS = ("history.csv", "weights.safetensors", "trajectory.safetensors")
PROCESS_EPOCHS = 10


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    command = ["data", "--dataset", "digits", "--image-size", "8", "--output", str(folder)]
    subprocess.run([sys.executable, "-c", "from optprimer.cli import main; main()", *command], check=True, capture_output=True)
    return folder


def start(data: Path, folder: Path, save_every: float) -> subprocess.Popen:
    """Start ``optprimer train`` and return when its imports are done and training begins."""
    settings = {
        "data": data,
        "net": "resnet8",
        "output": folder / "out",
        "state": folder / "state",
        "depth": 8,
        "epochs": PROCESS_EPOCHS,
        "schedule": "one_cycle",
        "warmup": 0.2,
        "crop-padding": 1,
        "checkpoint-every": 3,
        "seed": 5,
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(save_every), "train", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def finish(process: subprocess.Popen) -> int:
    _, errors = process.communicate(timeout=120)
    assert process.returncode >= 0, errors
    assert "Traceback" not in errors, errors
    return process.returncode


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory) -> tuple[dict[str, bytes], float]:
    """What a run that nobody disturbs writes, and how long it takes from "ready" on."""
    folder = tmp_path_factory.mktemp("undisturbed")
    process = start(data, folder, 1e9)
    began = time.monotonic()
    assert finish(process) == 0
    return written(folder), time.monotonic() - began


def written(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "out" / name).read_bytes() for name in OUTPUTS}


def test_killed_at_random_instants_and_run_again_it_ends_in_the_same_bytes(data, undisturbed, tmp_path):
    expected, duration = undisturbed
    seed = time.time_ns()
    print(f"instants drawn with seed {seed}")  # pytest shows it when the test fails
    draws = random.Random(seed)
    found = tmp_path / "state" / "state.safetensors"
    continued = 0
    for _ in range(20):
        process = start(data, tmp_path, 0.0)
        time.sleep(draws.uniform(0, 0.4 * duration))
        process.kill()
        process.communicate()
        print(f"exit status {process.returncode}, state on disk: {found.exists()}")
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        continued += found.exists()
        if continued == 3:
            break
    assert continued  # else no state has been put to the test
    assert finish(start(data, tmp_path, 0.0)) == 0
    assert written(tmp_path) == expected


def test_sigterm_saves_and_exits_and_the_continued_run_ends_in_the_same_bytes(data, undisturbed, tmp_path):
    process = start(data, tmp_path, 1e9)  # so that nothing but the signal saves
    while not (tmp_path / "state" / "epoch_00003.safetensors").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    assert not (tmp_path / "state" / "state.safetensors").exists()
    process.terminate()
    assert finish(process) == 128 + signal.SIGTERM
    assert (tmp_path / "state" / "state.safetensors").exists()
    assert not (tmp_path / "out").exists()
    assert finish(start(data, tmp_path, 1e9)) == 0
    assert written(tmp_path) == undisturbed[0]


def test_a_second_process_is_refused_and_the_first_goes_on(data, undisturbed, tmp_path):
    first, lock = start(data, tmp_path, 0.0), tmp_path / "state" / "state.safetensors.lock"
    while not lock.exists() or not lock.read_text():
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)
    second = start(data, tmp_path, 0.0)
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 1
    assert re.fullmatch(rf"optprimer: .*state\.safetensors: process {first.pid} on \S+ is at work on it; .*\n", errors)
    first.send_signal(signal.SIGCONT)
    assert finish(first) == 0
    assert written(tmp_path) == undisturbed[0]


def test_a_disk_that_fills_up_is_one_line_and_with_room_again_it_ends_in_the_same_bytes(data, undisturbed, small_disk):
    disk = small_disk(1200)  # two states and one or two checkpoints
    process = start(data, disk, 0.0)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.fullmatch(
        r"optprimer: \S+\.safetensors: cannot be written \(.*No space left on device.*\)", errors.splitlines()[-1]
    )
    assert "Traceback" not in errors
    assert list(disk.rglob("*.part")) == []
    subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
    assert finish(start(data, disk, 0.0)) == 0
    assert written(disk) == undisturbed[0]
