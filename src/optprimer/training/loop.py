"""One training loop for every study: SGD or Adam, minibatch or full batch, deterministic and exactly resumable.

Randomness is stateless: the order of an epoch derives from (seed, "order", epoch), the augmentation of a step from (seed,
"augmentation", epoch, step). So a run continued from any step sees the draws that it would have seen.
"""

import hashlib
import json
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from optprimer import seeds
from optprimer.data.dataset import Dataset
from optprimer.digest import digest
from optprimer.files import held
from optprimer.networks.dropout import seed_dropout
from optprimer.progress import Progress
from optprimer.runtime import Runtime
from optprimer.training import state
from optprimer.training.augmentation import augment
from optprimer.training.checkpoints import Checkpoints
from optprimer.training.optimizers import optimizer_of
from optprimer.training.penalty import penalised
from optprimer.training.recipe import BLOCK, Recipe
from optprimer.training.whitening import whitened

NEARLY_FITTED = 0.99  # training accuracy from which every image counts, so that it is measured in fp32
SAVE_EVERY = 20.0  # seconds between states on disk


class Terminated(SystemExit):
    """SIGTERM arrived; the state is on disk."""


class Trainer:
    """Trains ``network`` on ``data``; its state lives in ``folder``, which belongs to no other run."""

    def __init__(self, network: nn.Module, data: Dataset, recipe: Recipe, runtime: Runtime, folder: Path) -> None:
        self.network = network.to(runtime.device, memory_format=torch.channels_last)
        self.recipe, self.runtime, self.folder = recipe, runtime, folder
        self.images = torch.from_numpy(np.array(data.train_images)).to(runtime.device)
        self.labels = torch.from_numpy(np.array(data.train_labels, dtype=np.int64)).to(runtime.device)
        self.test_images = torch.from_numpy(np.array(data.test_images)).to(runtime.device)
        self.test_labels = torch.from_numpy(np.array(data.test_labels, dtype=np.int64)).to(runtime.device)
        self.classes = len(data.classes)
        self.mean, self.std = (torch.tensor(v, device=runtime.device) for v in (data.mean, data.std))
        shifts = recipe.crop_padding > 0 or recipe.flip
        self._inputs = None if shifts else self._normalised(self.images)  # (n, C, H, W), where they are the same in all epochs
        self.batch = recipe.batch_size or len(self.labels)
        self.steps_per_epoch = math.ceil(len(self.labels) / self.batch)
        self.parameters = list(network.parameters())
        self.optimizer = optimizer_of(self.parameters, recipe)
        self._path = folder / "state.safetensors"
        self._checkpoints = Checkpoints(folder, recipe.checkpoint_every, recipe.epochs)
        self._identity = _identity(self, data)
        self._stop, self._epochs = False, 0
        self._norm: Tensor | None = None

    def run(self) -> list[dict[str, float]]:
        """Train to the end, from the state on disk if there is one, and return the rows of the history.

        Raises:
            Terminated: SIGTERM arrived; the state has been saved.
            UserError: another process continues the same run, or its state is damaged or cannot be written.
        """
        with held(self._path):
            return self._run()

    def _run(self) -> list[dict[str, float]]:
        at = state.load_state(self._path, self.network, self.optimizer, self._identity)
        n, epochs = len(self.labels), self.recipe.epochs
        bar = Progress("training", epochs * n, "images")
        if not at.rows:
            # What another run left goes, its state first: without it no run can take later checkpoints for its own.
            self._path.unlink(missing_ok=True)
            self._checkpoints.remove()
            at.rows.append(self._row(at, math.nan, math.nan))
            self._checkpoints.save(0, self.network.state_dict())
        self._redraw_labels(at.epoch)
        bar.skip(at.epoch * n + at.step_in_epoch * self.batch)
        saved = time.monotonic()
        with self._listening():
            while at.epoch < epochs and not self._has_ended(at):
                epoch = at.epoch + 1
                self.network.train()
                self._redraw_labels(epoch)
                totals = torch.tensor([at.loss_sum, at.correct], dtype=torch.float64, device=self.runtime.device)
                for indices in self._order(epoch).split(self.batch)[at.step_in_epoch :]:
                    totals += self._step(epoch, at.step_in_epoch, indices)
                    at.step_in_epoch += 1
                    bar.add(len(indices), f"epoch {epoch}/{epochs}")
                    at.reached_target = self._has_reached_target(epoch, at.step_in_epoch)
                    if at.reached_target:
                        break
                    if at.step_in_epoch < self.steps_per_epoch and self._is_due(saved):
                        at.loss_sum, at.correct = float(totals[0]), int(totals[1])
                        saved = self._save(at)
                at.epoch, seen = epoch, min(n, at.step_in_epoch * self.batch)
                loss, accuracy = (float(total) / seen for total in totals)
                if epoch % self.recipe.measure_every == 0 or epoch == epochs or at.reached_target or not math.isfinite(loss):
                    at.rows.append(self._row(at, loss, accuracy))
                at.step_in_epoch, at.loss_sum, at.correct = 0, 0.0, 0
                self._checkpoints.save(epoch, self.network.state_dict())
                if self._is_due(saved):
                    saved = self._save(at)
        state.save_state(self._path, self.network, self.optimizer, at, self._identity)
        self._epochs = at.epoch
        return at.rows

    def _is_due(self, saved: float) -> bool:
        return self._stop or time.monotonic() - saved > SAVE_EVERY

    def _save(self, at: state.Progressed) -> float:
        """Write the state; return when, or end the run if it was asked to."""
        state.save_state(self._path, self.network, self.optimizer, at, self._identity)
        if self._stop:
            raise Terminated(128 + signal.SIGTERM)
        return time.monotonic()

    def checkpoints(self) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """Yield (epoch, state dict) of the stored trajectory, in order of epochs.

        Raises:
            UserError: a checkpoint is missing or damaged.
        """
        yield from self._checkpoints.load(self._epochs)

    def _redraw_labels(self, epoch: int) -> None:
        """Take the training labels of ``epoch``, with ``redraw_labels``; those at the start are the data's own."""
        if self.recipe.redraw_labels and epoch > 0:
            drawn = torch.randint(self.classes, self.labels.shape, generator=self._generator("labels", epoch))
            self.labels = drawn.to(self.runtime.device)

    def evaluate(self, images: Tensor, labels: Tensor, precision: str = "fp32") -> tuple[Tensor, float]:
        """Return the predicted classes (n,) of images (n, H, W, C) and the mean loss, in evaluation mode.

        The loss is NaN where it overflows.
        """
        self.network.eval()
        loss, predictions = 0.0, []
        with torch.inference_mode():
            for x, y in zip(images.split(BLOCK), labels.split(BLOCK), strict=True):
                logits = self._logits(self._normalised(x), precision)
                loss += float(functional.cross_entropy(logits, y, reduction="sum"))
                predictions.append(logits.argmax(1))
        return torch.cat(predictions), loss / len(labels) if math.isfinite(loss) else math.nan

    def _step(self, epoch: int, step: int, indices: Tensor) -> Tensor:
        """Take one step on the images at ``indices``; return the sum of their losses and of correct answers, float64."""
        number = (epoch - 1) * self.steps_per_epoch + step
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(number)
        generator = self._generator("augmentation", epoch, step) if self._inputs is None else None
        seed_dropout(self.network, seeds.derive(self.recipe.seed, "dropout", epoch, step))
        totals = torch.zeros(2, dtype=torch.float64, device=self.runtime.device)
        self.optimizer.zero_grad(set_to_none=True)
        for part in indices.to(self.runtime.device).split(self.recipe.block_size):
            if generator:
                x = self._normalised(augment(self.images[part], self.recipe.crop_padding, self.recipe.flip, generator))
            else:
                x = self._inputs[part]
            totals += self._accumulate(x, self.labels[part], len(part) / len(indices), self._rate(number))
        if self.recipe.clip:
            self._norm = nn.utils.clip_grad_norm_(self.parameters, self.recipe.clip, foreach=True)
        self.optimizer.step()
        return totals

    def _accumulate(self, x: Tensor, y: Tensor, share: float, rate: float) -> Tensor:
        """Add a block's ``share`` of the gradient; return the sum of its losses and of its correct answers, float64."""
        # A difference of two gradients that lie close together says nothing in bf16.
        precision = "fp32" if self.recipe.penalty else self.runtime.precision
        logits = self._logits(x, precision)
        loss = functional.cross_entropy(logits, y)
        totals = torch.stack([loss.detach().double() * len(y), (logits.argmax(1) == y).sum().double()])
        if not self.recipe.penalty:
            (loss * share).backward()
            return totals

        def gradient() -> list[Tensor]:
            return list(torch.autograd.grad(functional.cross_entropy(self._logits(x, precision), y), self.parameters))

        here = list(torch.autograd.grad(loss, self.parameters))
        parts = penalised(here, gradient, self.parameters, rate, self.recipe.penalty)
        for parameter, part in zip(self.parameters, parts, strict=True):
            parameter.grad = share * part if parameter.grad is None else parameter.grad.add_(part, alpha=share)
        return totals

    def _normalised(self, images: Tensor) -> Tensor:
        scaled = images.float() / 255
        normal = whitened(scaled) if self.recipe.whiten else scaled.sub_(self.mean).div_(self.std)
        return normal.permute(0, 3, 1, 2)

    def _logits(self, x: Tensor, precision: str) -> Tensor:
        with torch.autocast(self.runtime.device.type, torch.bfloat16, enabled=precision == "bf16"):
            return self.network(x).float()

    def _row(self, at: state.Progressed, train_loss: float, train_accuracy: float) -> dict[str, float]:
        """Measure the test set and make the history's row of the epoch that has just ended."""
        epoch = at.epoch
        step = (epoch - 1) * self.steps_per_epoch + at.step_in_epoch if epoch else 0
        diverged = epoch > 0 and not (math.isfinite(train_loss) and self._is_finite())
        precision = "fp32" if diverged or at.reached_target or epoch == self.recipe.epochs else self.runtime.precision
        loss, accuracy = self._measure(self.test_images, self.test_labels, precision)
        row = {
            "epoch": epoch,
            "step": step,
            "lr": self._rate(step - 1) if epoch else 0.0,
            "train_loss": train_loss if math.isfinite(train_loss) else math.nan,
            "train_accuracy": train_accuracy,
            "test_loss": loss,
            "test_accuracy": accuracy,
            "precision": precision,
            "diverged": diverged,
            "gradient_norm": self._gradient_norm(),
        }
        if self.recipe.patience is not None:
            row["fit_loss"], row["fit_accuracy"] = self._measure(self.images, self.labels, precision)
            if row["fit_accuracy"] >= NEARLY_FITTED and precision != "fp32":
                row["fit_loss"], row["fit_accuracy"] = self._measure(self.images, self.labels, "fp32")
        return row

    def _measure(self, images: Tensor, labels: Tensor, precision: str) -> tuple[float, float]:
        predictions, loss = self.evaluate(images, labels, precision)
        return loss, int((predictions == labels).sum()) / len(labels)

    def _gradient_norm(self) -> float:
        """Return the L2 norm of the gradient of the last step, penalty included, before clipping; NaN before the first."""
        if self.recipe.clip and self._norm is not None:
            return float(self._norm)
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        return float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))) if gradients else math.nan

    def _has_ended(self, at: state.Progressed) -> bool:
        patience = self.recipe.patience
        has_fitted = (
            patience is not None and len(at.rows) > patience and all(row["fit_accuracy"] == 1 for row in at.rows[-patience:])
        )
        return at.reached_target or at.rows[-1]["diverged"] or has_fitted

    def _has_reached_target(self, epoch: int, steps: int) -> bool:
        target, step = self.recipe.target_loss, (epoch - 1) * self.steps_per_epoch + steps
        if target is None or step % self.recipe.target_every:
            return False
        _, loss = self.evaluate(self.images, self.labels)
        self.network.train()
        return loss <= target

    def _order(self, epoch: int) -> Tensor:
        if not self.recipe.shuffle:
            return torch.arange(len(self.labels))
        return torch.randperm(len(self.labels), generator=self._generator("order", epoch))

    def _rate(self, step: int) -> float:
        return self.recipe.schedule(step, self.recipe.epochs * self.steps_per_epoch)

    def _is_finite(self) -> bool:
        return all(bool(parameter.isfinite().all()) for parameter in self.network.parameters())

    def _generator(self, *axis: str | int) -> torch.Generator:
        return torch.Generator().manual_seed(seeds.derive(self.recipe.seed, *axis))

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def stop(*_: object) -> None:
            self._stop = True

        before = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


def _identity(trainer: Trainer, data: Dataset) -> str:
    """Name settings, data, code and machine settings: a state of another run must never be continued."""
    modules = {type(module).__module__ for module in trainer.network.modules()}
    code = digest(__name__, *(name for name in modules if name.startswith("optprimer.")))
    task = (asdict(trainer.recipe), repr(trainer.network), data.name, data.mean, data.std)
    machine = (str(trainer.runtime), torch.get_num_threads(), torch.__version__, code)
    identity = hashlib.sha256(json.dumps([task, machine]).encode())
    for array in (data.train_images, data.train_labels, data.test_images, data.test_labels):
        identity.update(repr(array.shape).encode())
        identity.update(np.ascontiguousarray(array))
    return identity.hexdigest()
