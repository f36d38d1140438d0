"""The stored trajectory of a run: a file of weights for the start, for every so many epochs and for the last."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from optprimer.errors import UserError
from optprimer.tensors import load_tensors, save_tensors


@dataclass(frozen=True)
class Checkpoints:
    """Of a run of ``last`` epochs, in ``folder``; stored are those that ``every`` divides, and the last."""

    folder: Path
    every: int
    last: int

    def save(self, epoch: int, weights: Mapping[str, Tensor]) -> None:
        """Store the state dict of the end of ``epoch``, if it is one that is stored."""
        if self._is_stored(epoch):
            save_tensors(self._path(epoch), weights, {})

    def load(self, ended: int) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """Yield (epoch, state dict) in order of epochs, for a run that went on for ``ended`` epochs.

        Raises:
            UserError: a checkpoint is missing or damaged.
        """
        for epoch in filter(self._is_stored, range(ended + 1)):
            try:
                yield epoch, load_tensors(self._path(epoch))[0]
            except UserError as error:
                raise UserError(f"{error}; remove {self.folder}, and the run starts anew") from None

    def remove(self) -> None:
        """Remove what another run left."""
        for stale in self.folder.glob("epoch_*.safetensors"):
            stale.unlink()

    def _is_stored(self, epoch: int) -> bool:
        return epoch % self.every == 0 or epoch == self.last

    def _path(self, epoch: int) -> Path:
        return self.folder / f"epoch_{epoch:05d}.safetensors"
