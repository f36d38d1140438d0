"""``optprimer train``."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from optprimer.errors import UserError

Number = TypeVar("Number", int, float)


def train(
    data: Annotated[Path, typer.Option(help="folder of a prepared data set")],
    net: Annotated[str, typer.Option(help="name of the network in tables")],
    output: Annotated[Path, typer.Option(help="folder for weights.safetensors, trajectory.safetensors and history.csv")],
    state: Annotated[Path, typer.Option(help="folder for the state from which an interrupted run continues")],
    depth: Annotated[int, typer.Option(help="6n + 2")] = 56,
    skips: Annotated[bool, typer.Option(help="with or without shortcuts")] = True,
    epochs: Annotated[int, typer.Option(min=1)] = 300,
    batch_size: Annotated[str, typer.Option(help="images per step, or 'full'")] = "128",
    optimizer: Annotated[str, typer.Option(help="sgd or adam")] = "sgd",
    learning_rate: Annotated[float, typer.Option(help="the schedule's largest")] = 0.1,
    momentum: Annotated[float, typer.Option(min=0, max=1, help="Nesterov's, of sgd")] = 0.9,
    weight_decay: Annotated[float, typer.Option(min=0, help="L2 strength")] = 5e-4,
    schedule: Annotated[str, typer.Option(help="constant, step, one_cycle or cosine")] = "step",
    warmup: Annotated[float, typer.Option(min=0, max=1, help="share of all steps")] = 0.0,
    milestones: Annotated[str, typer.Option(help="shares of all steps, comma-separated")] = "0.5,0.75",
    decay: Annotated[float, typer.Option(min=0, max=1, help="factor at each milestone")] = 0.1,
    crop_padding: Annotated[int, typer.Option(min=0, help="pixels")] = 0,
    flip: Annotated[bool, typer.Option(help="random horizontal flips")] = False,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="epochs")] = 1,
    seed: Annotated[int, typer.Option(help="global seed")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads")] = 1,
) -> None:
    """Train a ResNet, with or without shortcuts, from where an interrupted run left off; write weights, trajectory, history."""
    import pandas as pd
    import torch

    from optprimer import seeds
    from optprimer.data.dataset import load
    from optprimer.networks.resnet import resnet
    from optprimer.networks.store import Architecture, save_network, save_trajectory
    from optprimer.runtime import set_up
    from optprimer.tables import write
    from optprimer.training.loop import Trainer
    from optprimer.training.recipe import Recipe
    from optprimer.training.schedule import Schedule
    from optprimer.training.tables import History

    drops = tuple(_parse(float, "milestones", share) for share in milestones.split(",") if share)
    recipe = Recipe(
        epochs=epochs,
        batch_size=None if batch_size == "full" else _parse(int, "batch_size", batch_size),
        optimizer=optimizer,
        momentum=momentum,
        weight_decay=weight_decay,
        schedule=Schedule(schedule, learning_rate, warmup, drops, decay),
        crop_padding=crop_padding,
        flip=flip,
        checkpoint_every=checkpoint_every,
        seed=seed,
    )
    runtime = set_up(device, precision, threads)
    dataset = load(data)
    shape = Architecture(depth, skips, dataset.train_images.shape[-1], len(dataset.classes))
    # The axis is "network", not the network's name: arms share what they can, here the stem and the order of images.
    generator = torch.Generator().manual_seed(seeds.derive(seed, "network"))
    network = resnet(depth, skips=skips, channels=shape.channels, classes=shape.classes, generator=generator)
    trainer = Trainer(network, dataset, recipe, runtime, state)
    history = pd.DataFrame(trainer.run()).assign(data=dataset.name, net=net, seed=seed).drop(columns="gradient_norm")
    save_network(network, shape, output / "weights.safetensors")
    save_trajectory(trainer.checkpoints(), output / "trajectory.safetensors")
    write(history, History, output / "history.csv")


def _parse(kind: type[Number], name: str, text: str) -> Number:
    try:
        return kind(text)
    except ValueError:
        raise UserError(f"{name} {text!r}: not a number") from None
