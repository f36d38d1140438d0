"""What the schema cannot say about the section `edge`; as optprimer.config.checks, which has the rest."""

from collections.abc import Callable, Iterator

from optprimer.config.problem import SOURCES, Config, Problem


def edge_images_are_there(config: Config) -> Iterator[Problem]:
    """`images` of `edge`, `edge.convexity` and `edge.direction` are at most the training images of the data set."""
    most, edge = SOURCES[config["data"]["dataset"]].train, config["edge"]
    for key, section in (("edge", edge), ("edge.convexity", edge["convexity"]), ("edge.direction", edge["direction"])):
        if section["images"] > most:
            yield Problem(f"{key}.images", section["images"], f"at most the {most} training images")


def edge_controls_are_slower(config: Config) -> Iterator[Problem]:
    """In `edge.networks`, `control_learning_rate` is below all `learning_rates`."""
    for name, network in config["edge"]["networks"].items():
        least = min(network["learning_rates"])
        if network["control_learning_rate"] >= least:
            key = f"edge.networks.{name}.control_learning_rate"
            yield Problem(key, network["control_learning_rate"], f"less than {least}, the smallest of learning_rates")


def edge_sharpness_is_measured_late(config: Config) -> Iterator[Problem]:
    """`edge.sharpness_every` is at most a third of the `steps` and `control_steps` of each of `edge.networks`."""
    every = config["edge"]["sharpness_every"]
    for name, network in config["edge"]["networks"].items():
        for key in ("steps", "control_steps"):
            if 3 * every > network[key]:
                yield Problem(f"edge.networks.{name}.{key}", network[key], f"at least 3 times edge.sharpness_every = {every}")


def spectra_are_of_starts(config: Config) -> Iterator[Problem]:
    """`edge.convexity.spectra` is at most `edge.convexity.starts`."""
    convexity = config["edge"]["convexity"]
    if convexity["spectra"] > convexity["starts"]:
        yield Problem("edge.convexity.spectra", convexity["spectra"], f"at most edge.convexity.starts = {convexity['starts']}")


CHECKS: tuple[Callable[[Config], Iterator[Problem]], ...] = (
    edge_images_are_there,
    edge_controls_are_slower,
    edge_sharpness_is_measured_late,
    spectra_are_of_starts,
)
