"""A bias-free ReLU network that is trained far past interpolation, and beside it the same one with weight decay."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from optprimer import seeds
from optprimer.data.dataset import PROVENANCE, Dataset, load
from optprimer.digest import digest
from optprimer.edge import direction
from optprimer.edge.plan import CLAIM, CONTROL
from optprimer.edge.setting import sample
from optprimer.hessian.loss import NetworkLoss
from optprimer.networks.mlp import mlp
from optprimer.rowlog import RowLog, Rows, identity

STRAIGHT = 1e-3  # the decision rule's 1 - cos between the weights of successive doublings; a run ends once it is below


@dataclass(frozen=True)
class Direction:
    """The settings ``edge.direction``: a ReLU network with one hidden layer of ``width`` units, trained ``seeds`` times.

    Each time on ``images`` training images, for at most ``doublings`` of log(1 / loss); the control has ``weight_decay``.
    """

    images: int
    width: int
    seeds: int
    doublings: int
    weight_decay: float


def direction_rows(settings: Direction, folder: Path, seed: int, state: Path) -> list[dict[str, Any]]:
    """Return the rows of edge/direction.csv, from where an interrupted job left off. On the CPU: steps of one small batch."""
    data = load(folder)
    machine = (torch.get_num_threads(), torch.__version__, digest("optprimer.edge.direction_study"))
    log = RowLog(state / "direction.jsonl", identity(folder / PROVENANCE, settings, seed, machine))
    finished = log.resumed(range(settings.seeds), lambda index: [*_run(settings, data, seed, index)])
    return [{"data": data.name, "seed": index} | row for index, rows in enumerate(finished) for row in rows]


def _run(settings: Direction, data: Dataset, seed: int, index: int) -> Rows:
    images = sample(data, settings.images, seed, index, torch.float64, torch.device("cpu"))
    size = {"channels": data.train_images.shape[-1], "side": data.train_images.shape[1], "classes": len(data.classes)}
    generator = torch.Generator().manual_seed(seeds.derive(seed, "direction", index))
    network = mlp((settings.width,), **size, bias=False, generator=generator).double()
    n = len(images.labels)
    loss = NetworkLoss(network, direction.log_loss, images.inputs, images.labels, block=n)

    def rows(role: str, points: list[direction.Point]) -> Iterator[dict[str, Any]]:
        for place, point in enumerate(points):
            outputs, norm = loss.outputs(point.weights, images.inputs), float(point.weights.norm())
            yield {
                "role": role,
                "doubling": place,
                "step": point.step,
                "log_loss": float(direction.log_loss(outputs, images.labels)),
                "norm": norm,
                "margin": direction.margin(outputs, images.labels) / norm**2,  # the network is of degree 2
                "turn": direction.turn(points[place - 1].weights, point.weights) if place else float("nan"),
                "n": n,
                "parameters": len(point.weights),
            }

    def straight(points: list[direction.Point]) -> bool:
        return len(points) > 1 and direction.turn(points[-2].weights, points[-1].weights) < STRAIGHT

    grown = direction.doublings(direction.follow(direction.plain(loss), loss.weights), settings.doublings, straight)
    controlled = direction.follow(direction.decayed(loss, settings.weight_decay), loss.weights)
    held = direction.at_steps(controlled, [point.step for point in grown])
    return [*rows(CLAIM, grown), *rows(CONTROL, held)]
