"""What the schema cannot say about the section `sharpness`; as optprimer.config.checks, which has the rest."""

from collections.abc import Callable, Iterator

from optprimer.config.problem import Config, Problem, available


def sharpness_images_are_there(config: Config) -> Iterator[Problem]:
    """`sharpness.images` and `.test_images` are at most those that train and test, and `.seeds` no more than its folds."""
    sharpness = config["sharpness"]
    train, test = available(config, sharpness["folds"])
    for key, most in (("images", train), ("test_images", test)):
        if sharpness[key] != "all" and sharpness[key] > most:
            yield Problem(f"sharpness.{key}", sharpness[key], f"at most {most}, or all")
    if sharpness["folds"] and sharpness["seeds"] > sharpness["folds"]:
        limit = f"at most sharpness.folds = {sharpness['folds']}, so that each tests on its own"
        yield Problem("sharpness.seeds", sharpness["seeds"], limit)


def small_batches_are_smaller(config: Config) -> Iterator[Problem]:
    """`sharpness.batch_size` is less than the large batch, the share `.large_share` of the training images."""
    sharpness = config["sharpness"]
    images = available(config, sharpness["folds"])[0] if sharpness["images"] == "all" else sharpness["images"]
    large = round(sharpness["large_share"] * images)
    if sharpness["batch_size"] >= large:
        yield Problem("sharpness.batch_size", sharpness["batch_size"], f"less than the large batch, {large} images")


def sharpness_networks_have_widths(config: Config) -> Iterator[Problem]:
    """In `sharpness.networks`, `widths` is empty for `alexnet`, and not empty for `mlp` and `conv`."""
    for name, network in config["sharpness"]["networks"].items():
        has_widths = network["architecture"] != "alexnet"
        if has_widths != bool(network["widths"]):
            limit = f"{'at least one' if has_widths else '[]'} for architecture {network['architecture']}"
            yield Problem(f"sharpness.networks.{name}.widths", network["widths"], limit)


def minima_are_points_of_their_line(config: Config) -> Iterator[Problem]:
    """`sharpness.line_points` is 1 + a multiple of 3, so that 0 and 1 are among the points from -1 to 2."""
    points = config["sharpness"]["line_points"]
    if (points - 1) % 3:
        yield Problem("sharpness.line_points", points, "1 + a multiple of 3, so that the two minima are on the line")


CHECKS: tuple[Callable[[Config], Iterator[Problem]], ...] = (
    sharpness_images_are_there,
    small_batches_are_smaller,
    sharpness_networks_have_widths,
    minima_are_points_of_their_line,
)
