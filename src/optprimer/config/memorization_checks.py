"""What the schema cannot say about the section `memorization`; as optprimer.config.checks, which has the rest."""

from collections.abc import Callable, Iterator

from optprimer.config.problem import Config, Problem, available, training_images
from optprimer.memorization.plan import CONTROLS


def folds_hold_the_images(config: Config) -> Iterator[Problem]:
    """`memorization.images` and `.test_images` are at most those that train and test, in each fold if there are folds."""
    memorization = config["memorization"]
    train, test = available(config, memorization["folds"])
    for key, most in (("images", train), ("test_images", test)):
        if memorization[key] != "all" and memorization[key] > most:
            yield Problem(f"memorization.{key}", memorization[key], f"at most {most}, or all")


def mlps_have_widths(config: Config) -> Iterator[Problem]:
    """In `memorization.networks`, `widths` is empty for all architectures but `mlp`, for which it is not."""
    for name, network in config["memorization"]["networks"].items():
        if (network["architecture"] == "mlp") != bool(network["widths"]):
            limit = f"{'at least one' if network['architecture'] == 'mlp' else '[]'} for architecture {network['architecture']}"
            yield Problem(f"memorization.networks.{name}.widths", network["widths"], limit)


def studies_name_what_there_is(config: Config) -> Iterator[Problem]:
    """In `memorization.studies`, networks are in `memorization.networks` or `linear`, regularizers in `.regularizers`."""
    memorization = config["memorization"]
    known = {"networks": ["linear", *memorization["networks"]], "regularizers": [*memorization["regularizers"]]}
    for name, study in memorization["studies"].items():
        for part, names in known.items():
            if not set(study[part]) <= set(names):
                yield Problem(f"memorization.studies.{name}.{part}", study[part], f"each one of {', '.join(sorted(names))}")


def partly_corrupted_labels_have_a_corruption(config: Config) -> Iterator[Problem]:
    """In `memorization.studies`, `corruption` is empty without `partial_labels`, and not empty with them."""
    for name, study in config["memorization"]["studies"].items():
        partial = "partial_labels" in study["labels"]
        if partial != bool(study["corruption"]):
            limit = "at least one, for partial_labels" if partial else "[] without partial_labels"
            yield Problem(f"memorization.studies.{name}.corruption", study["corruption"], limit)


def softmax_regression_is_fitted_as_it_is(config: Config) -> Iterator[Problem]:
    """A study of `linear` has `regularizers` [none], and no `redrawn_labels`."""
    for name, study in config["memorization"]["studies"].items():
        if "linear" in study["networks"] and study["regularizers"] != ["none"]:
            yield Problem(f"memorization.studies.{name}.regularizers", study["regularizers"], "[none] for linear")
        if "linear" in study["networks"] and "redrawn_labels" in study["labels"]:
            yield Problem(f"memorization.studies.{name}.labels", study["labels"], "no redrawn_labels for linear")


def true_and_random_labels_are_compared(config: Config) -> Iterator[Problem]:
    """In `memorization.studies`, a network other than `mlp_1x8` and `linear` has true and random labels, with `none`."""
    memorization = config["memorization"]
    none = memorization["regularizers"].get("none")
    if none is None or any(none.values()):
        yield Problem("memorization.regularizers.none", none, "a regularizer that adds nothing")
    shown: dict[str, set[str]] = {}
    for study in memorization["studies"].values():
        for network in study["networks"]:
            if "none" in study["regularizers"]:
                shown.setdefault(network, set()).update(study["labels"])
    networks = memorization["networks"].keys() - {*CONTROLS}
    if not any({"true_labels", "random_labels"} <= shown[name] for name in shown.keys() & networks):
        limit = f"some network but {' and '.join(CONTROLS)} with true_labels and random_labels, regularizer none"
        yield Problem("memorization.studies", [*memorization["studies"]], limit)


def budgets_outlast_patience(config: Config) -> Iterator[Problem]:
    """`memorization.patience` is at most the `epochs` of each of `memorization.networks`."""
    patience = config["memorization"]["patience"]
    for name, network in config["memorization"]["networks"].items():
        if network["epochs"] < patience:
            yield Problem(
                f"memorization.networks.{name}.epochs", network["epochs"], f"at least memorization.patience = {patience}"
            )


def memorization_batches_are_of_images(config: Config) -> Iterator[Problem]:
    """In `memorization.networks`, `batch_size` is at most the images that train."""
    memorization = config["memorization"]
    images = training_images(config, memorization)
    for name, network in memorization["networks"].items():
        if network["batch_size"] > images:
            key = f"memorization.networks.{name}.batch_size"
            yield Problem(key, network["batch_size"], f"at most the {images} images that train")


CHECKS: tuple[Callable[[Config], Iterator[Problem]], ...] = (
    folds_hold_the_images,
    mlps_have_widths,
    studies_name_what_there_is,
    partly_corrupted_labels_have_a_corruption,
    softmax_regression_is_fitted_as_it_is,
    true_and_random_labels_are_compared,
    budgets_outlast_patience,
    memorization_batches_are_of_images,
)
