"""What the schema cannot say: settings that are possible one by one and impossible together.

A check is a function from a configuration that satisfies the schema to the problems it finds; its docstring is its line
in docs/configuration.md. To add one, write it and name it in ``CHECKS``.
"""

from collections.abc import Callable, Iterator
from itertools import product

from optprimer.config import batch_checks, edge_checks, memorization_checks, sharpness_checks
from optprimer.config.problem import SOURCES, Config, Problem, has_block_of_one, training_images
from optprimer.config.scales import scale_is_of_the_images
from optprimer.landscape.jobs import CONTROL

SMALLEST_SIDE = 4  # of the images, in pixels


def image_size_divides_native_side(config: Config) -> Iterator[Problem]:
    """`data.image_size` divides the native side of the images (8 for digits, 32 for cifar10)."""
    data = config["data"]
    side = SOURCES[data["dataset"]].side
    if side % data["image_size"]:
        sides = [str(side // parts) for parts in range(1, side // 4 + 1) if side % parts == 0]
        yield Problem("data.image_size", data["image_size"], f"{' or '.join(sides)} for {data['dataset']}")


def embedded_digits_have_no_archive(config: Config) -> Iterator[Problem]:
    """`data.archive` is null for digits, which are embedded."""
    data = config["data"]
    if data["dataset"] == "digits" and data["archive"] is not None:
        yield Problem("data.archive", data["archive"], "null for digits, which are embedded; an archive is for cifar10")


def images_are_there(config: Config) -> Iterator[Problem]:
    """Batch sizes and numbers of images (`train`, `landscape`, `rates`) are at most what the data set has."""
    source, landscape, batch_size = SOURCES[config["data"]["dataset"]], config["landscape"], config["train"]["batch_size"]
    if batch_size != "full" and batch_size > source.train:
        yield Problem("train.batch_size", batch_size, f"at most the {source.train} training images, or full")
    if landscape["images"] > source.train:
        yield Problem("landscape.images", landscape["images"], f"at most the {source.train} training images")
    if config["rates"]["images"] > source.train:
        yield Problem("rates.images", config["rates"]["images"], f"at most the {source.train} training images")
    if landscape["test_images"] > source.test:
        yield Problem("landscape.test_images", landscape["test_images"], f"at most the {source.test} test images")


def subsets_lie_within_the_images(config: Config) -> Iterator[Problem]:
    """`landscape.curvature.images` and `landscape.crosscheck.images` are at most `landscape.images`."""
    landscape = config["landscape"]
    for part in ("curvature", "crosscheck"):
        if landscape[part]["images"] > landscape["images"]:
            limit = f"at most landscape.images = {landscape['images']}"
            yield Problem(f"landscape.{part}.images", landscape[part]["images"], limit)


def shifts_stay_within_the_image(config: Config) -> Iterator[Problem]:
    """`train.crop_padding` and those of `memorization.regularizers` are less than `data.image_size`."""
    side = config["data"]["image_size"]
    paddings = {"train": config["train"]["crop_padding"]}
    paddings |= {f"memorization.regularizers.{k}": v["crop_padding"] for k, v in config["memorization"]["regularizers"].items()}
    for part, padding in paddings.items():
        if padding >= side:
            yield Problem(f"{part}.crop_padding", padding, f"less than data.image_size = {side}")


def batch_norm_sees_more_than_one_value(config: Config) -> Iterator[Problem]:
    """No step is on a single image where batch norm then has one value: images of side 4 (`train`, `memorization`)."""
    # The last maps are 1 x 1 there, and the variance of one value is none. For resnet18 there is batch_networks_fit.
    if config["data"]["image_size"] > SMALLEST_SIDE:
        return
    source, train, memorization = SOURCES[config["data"]["dataset"]], config["train"], config["memorization"]
    images = training_images(config, memorization)
    sizes = {"train.batch_size": (source.train, train["batch_size"])}
    for name, network in memorization["networks"].items():
        if network["architecture"] == "inception":
            sizes[f"memorization.networks.{name}.batch_size"] = (images, network["batch_size"])
    for key, (count, size) in sizes.items():
        if has_block_of_one(count, None if size == "full" else size):
            limit = f"another, so that of the {count} images, of side {SMALLEST_SIDE}, none is in a block alone"
            yield Problem(key, size, limit)


def step_schedules_have_milestones(config: Config) -> Iterator[Problem]:
    """`train.milestones` is not empty with `train.schedule` step."""
    if config["train"]["schedule"] == "step" and not config["train"]["milestones"]:
        yield Problem("train.milestones", [], "at least one, for schedule step; without drops it is called constant")


def milestones_increase(config: Config) -> Iterator[Problem]:
    """`train.milestones` are in increasing order, without repeats."""
    milestones = config["train"]["milestones"]
    if milestones != sorted(set(milestones)):
        yield Problem("train.milestones", milestones, "shares in increasing order, without repeats")


def trajectories_span_a_plane(config: Config) -> Iterator[Problem]:
    """With a `pca` surface, every network has three checkpoints or more: `epochs` > `train.checkpoint_every`."""
    # Epoch 0, at least one in between, and the end: two displacements are needed to span a plane.
    every = config["train"]["checkpoint_every"]
    if _families(config, "pca"):
        for name, network in config["train"]["networks"].items():
            if network["epochs"] <= every:
                limit = f"more than train.checkpoint_every = {every}, or the trajectory has no plane"
                yield Problem(f"train.networks.{name}.epochs", network["epochs"], limit)


def pca_has_one_plane(config: Config) -> Iterator[Problem]:
    """`seeds` of a `pca` surface is [0]: the plane of a trajectory has no randomness."""
    for name, family in _families(config, "pca").items():
        if family["seeds"] != [0]:
            limit = "[0] for pca directions, which have no randomness"
            yield Problem(f"landscape.surfaces.{name}.seeds", family["seeds"], limit)


def figures_have_their_surfaces(config: Config) -> Iterator[Problem]:
    """Some entry of `landscape.surfaces` has `pca` directions, and some `layer` or `none`: figures compare them."""
    for kinds, purpose in ((("pca",), "for the figure of trajectories"), (("layer", "none"), "to compare normalisations")):
        if not any(_families(config, kind) for kind in kinds):
            limit = f"some entry with directions {' or '.join(kinds)}, {purpose}"
            yield Problem("landscape.surfaces", [*config["landscape"]["surfaces"]], limit)


def files_have_one_name_each(config: Config) -> Iterator[Problem]:
    """No two pairs of a network and a surface have the same name `{network}_{surface}`, by which their logs and states go."""
    owner: dict[str, str] = {}
    surfaces = ["line", "curvature", CONTROL, *config["landscape"]["surfaces"]]
    for network, surface in product(config["train"]["networks"], surfaces):
        name, key = f"{network}_{surface}", f"train.networks.{network}"
        if owner.setdefault(name, key) != key:
            yield Problem(
                key, f"{network} with surface {surface}", f"another name: {owner[name]} has a surface that makes {name} too"
            )


def surfaces_have_names_of_their_own(config: Config) -> Iterator[Problem]:
    """No entry of `landscape.surfaces` is called `line`, `curvature` or `control`, which have rows of their own."""
    for name in {"line", "curvature", CONTROL} & set(config["landscape"]["surfaces"]):
        yield Problem(f"landscape.surfaces.{name}", "a surface", "any name but line, curvature and control")


def controls_are_some_of_the_networks(config: Config) -> Iterator[Problem]:
    """`landscape.controls` names `train.networks`, but not all."""
    controls, networks = config["landscape"]["controls"], config["train"]["networks"]
    if not set(controls) < set(networks):
        yield Problem("landscape.controls", controls, f"some of {', '.join(sorted(networks))}, but not all")


def filter_seeds_belong_to_one_family(config: Config) -> Iterator[Problem]:
    """No direction seed is in two surfaces with `filter` directions."""
    owner: dict[int, str] = {}
    for name, family in _families(config, "filter").items():
        for seed in family["seeds"]:
            if seed in owner:
                limit = f"seeds that no other filter surface has; {seed} is in {owner[seed]} too"
                yield Problem(f"landscape.surfaces.{name}.seeds", family["seeds"], limit)
            owner[seed] = name


def directions_exist(config: Config) -> Iterator[Problem]:
    """The seeds of `landscape.line`, `.curvature` and `.crosscheck` are among those of the `filter` surfaces."""
    landscape = config["landscape"]
    seeds = sorted(seed for family in _families(config, "filter").values() for seed in family["seeds"])
    limit = f"among the seeds of surfaces with filter directions, {seeds}"
    if not set(landscape["line"]["seeds"]) <= set(seeds):
        yield Problem("landscape.line.seeds", landscape["line"]["seeds"], limit)
    for part in ("curvature", "crosscheck"):
        if landscape[part]["seed"] not in seeds:
            yield Problem(f"landscape.{part}.seed", landscape[part]["seed"], limit)


def grids_thin_to_the_common_grid(config: Config) -> Iterator[Problem]:
    """`landscape.geometry_points` - 1 divides `points` - 1 of every `filter` surface, and of finer `layer` and `none` ones."""
    common = config["landscape"]["geometry_points"]
    for name, family in config["landscape"]["surfaces"].items():
        is_compared = family["directions"] == "filter" or (family["directions"] != "pca" and family["points"] > common)
        if is_compared and (family["points"] - 1) % (common - 1):
            limit = f"1 + a multiple of {common - 1}, so that it thins to landscape.geometry_points = {common}"
            yield Problem(f"landscape.surfaces.{name}.points", family["points"], limit)


def _families(config: Config, directions: str) -> dict[str, Config]:
    surfaces = config["landscape"]["surfaces"]
    return {name: family for name, family in surfaces.items() if family["directions"] == directions}


CHECKS: tuple[Callable[[Config], Iterator[Problem]], ...] = (
    image_size_divides_native_side,
    scale_is_of_the_images,
    embedded_digits_have_no_archive,
    images_are_there,
    subsets_lie_within_the_images,
    shifts_stay_within_the_image,
    batch_norm_sees_more_than_one_value,
    step_schedules_have_milestones,
    milestones_increase,
    trajectories_span_a_plane,
    pca_has_one_plane,
    figures_have_their_surfaces,
    files_have_one_name_each,
    surfaces_have_names_of_their_own,
    controls_are_some_of_the_networks,
    filter_seeds_belong_to_one_family,
    directions_exist,
    grids_thin_to_the_common_grid,
    *memorization_checks.CHECKS,
    *batch_checks.CHECKS,
    *edge_checks.CHECKS,
    *sharpness_checks.CHECKS,
)
