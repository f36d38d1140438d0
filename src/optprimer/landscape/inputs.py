"""What the commands of this stage read: a trained network, a data set, and samples of its images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from optprimer import seeds
from optprimer.data.dataset import Dataset, load
from optprimer.digest import digest
from optprimer.errors import UserError
from optprimer.landscape.images import Images, sample
from optprimer.networks.store import load_network
from optprimer.rowlog import RowLog, identity
from optprimer.runtime import Runtime, set_up


@dataclass(frozen=True)
class Inputs:
    """A network of the workflow, its data and the machine."""

    network: nn.Module
    dataset: Dataset
    runtime: Runtime
    files: tuple[Path, ...]
    seed: int

    @classmethod
    def read(cls, weights: Path, data: Path, seed: int, device: str, precision: str, threads: int) -> "Inputs":
        """Load the network and open the data."""
        runtime = set_up(device, precision, threads)
        files = (weights, data / "provenance.json")
        return cls(load_network(weights).to(runtime.device), load(data), runtime, files, seed)

    def train(self, n: int) -> Images:
        """Draw the stratified sample of ``n`` training images that all landscapes of this seed are measured on."""
        return self._sample("train", n)

    def test(self, n: int) -> Images:
        """Draw ``n`` test images, likewise."""
        return self._sample("test", n)

    def log(self, path: Path, planes: Path, *settings: object) -> RowLog:
        """Open the log of a job whose rows depend on the network, the data, the ``planes`` and ``settings``."""
        code = digest("optprimer.landscape.measure")
        machine = (self.runtime, torch.get_num_threads(), torch.__version__)
        return RowLog(path, identity(*self.files, planes, self.seed, settings, machine, code))

    def _sample(self, split: str, n: int) -> Images:
        d = self.dataset
        images, labels = (d.train_images, d.train_labels) if split == "train" else (d.test_images, d.test_labels)
        return sample(images, labels, n, seeds.derive(self.seed, "landscape", split), d.mean, d.std, self.runtime)


def numbers(text: str) -> list[int]:
    """Read a comma-separated list of direction seeds.

    Raises:
        UserError: it is something else.
    """
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise UserError(f"--direction-seeds {text!r}: expected whole numbers, comma-separated, such as 0,1,2") from None


def between(first_and_last: Sequence[int]) -> range:
    """Return the grid rows from the first to the last, both included."""
    return range(first_and_last[0], first_and_last[1] + 1)
