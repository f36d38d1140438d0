"""Faults planted in the code: what rests on it is supported without the fault, and is not with it.

Each fault replaces one function or constant while the smallest real computation runs (``small_runs``), whose tables are then
judged by parts of the registry. Where no rule looks at a fault, numbers that a run holds against each other are compared.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_runs
import torch

from optprimer.claims.checks import checked
from optprimer.claims.judge import combined, judge_part
from optprimer.claims.parts import ALL, Part, Verdict
from optprimer.claims.selection import groups
from optprimer.data.dataset import Dataset
from optprimer.data.prepare import prepare
from optprimer.edge.direction import decayed
from optprimer.landscape.folding import Folded
from optprimer.memorization.variants import Variant
from optprimer.rates.studies.memorizer import Memorizer, best_fit, interleaved

REFUTED, INCONCLUSIVE = Verdict.REFUTED, Verdict.INCONCLUSIVE
Tables = small_runs.Tables
Wrong = Callable[[Any], Any]  # what stands in the code, to what is planted in its place


@dataclass(frozen=True)
class Fault:
    """``wrong`` at ``place`` (module:name), which gives ``parts`` (claim and how the part's name begins) their ``verdict``."""

    name: str
    run: small_runs.Computation
    place: str
    wrong: Wrong
    parts: tuple[str, ...]
    verdict: Verdict = REFUTED


def plant(monkeypatch: pytest.MonkeyPatch, place: str, wrong: Wrong) -> None:
    module, _, names = place.partition(":")
    *owners, name = names.split(".")
    owner = import_module(f"optprimer.{module}")
    for each in owners:
        owner = getattr(owner, each)
    monkeypatch.setattr(owner, name, wrong(getattr(owner, name)))


CLAIMS = {claim.id: claim for claim in checked()}


def named(words: str) -> Part:
    """Find the one condition or part of the evidence: ``S2 largest deviation of the mean``."""
    claim, _, beginning = words.partition(" ")
    parts = (*CLAIMS[claim].requires, *CLAIMS[claim].evidence)
    (part,) = [part for part in parts if part.name.startswith(beginning)]
    return part


def verdicts(parts: tuple[str, ...], tables: Tables) -> dict[str, Verdict]:
    """Judge each part, in all groups of rows that its rule is asked of."""
    asked = {words: (named(words), tables[named(words).table]) for words in parts}
    return {
        words: combined(ALL, [judge_part(group, table, 0).verdict for group in groups(part, table)])
        for words, (part, table) in asked.items()
    }


# --- rates: steps, momentum, samples, noise, constants -------------------------------------------------------------------


def longer_steps(factor: float) -> Wrong:
    return lambda descent: lambda problem, steps, step, start=None: descent(problem, steps, factor * step, start)


def without_momentum(accelerated: Any) -> Any:
    return lambda problem, momenta: accelerated(problem, (0.0 for _ in momenta))


def the_last_tenth_never(_: Any) -> Any:
    return lambda n: lambda rng, b: rng.integers(n - n // 10, size=b)


def replaced(_: Any) -> Any:
    return lambda n: lambda rng, b: rng.integers(n, size=b)


def sum_of_gradients(gradient: Any) -> Any:
    return lambda model, weights, rows=slice(None): gradient(model, weights, rows) * len(model.inputs[rows])


def with_a_mean(draw: Any) -> Any:
    return lambda oracle, w, rng: draw(oracle, w, rng) - 2


def without_noise(_: Any) -> Any:
    return lambda oracle, w, rng: oracle.problem.gradient(w)


def one_unit_fewer(_: Any) -> Any:
    def memorize(inputs: np.ndarray, labels: np.ndarray, direction: np.ndarray) -> Memorizer:
        return best_fit(inputs, labels, direction, interleaved(np.sort(inputs @ direction))[:-1])

    return memorize


RATES = (
    Fault(
        "steps of 2.1 over beta",
        small_runs.paths,
        "rates.methods.gradient:gradient_descent",
        longer_steps(2.1),
        ("G4 share of the bound, every step", "G7 share of the bound, every step", "P3 share of the bound, every step"),
    ),
    Fault(
        "steps longer than recorded",
        small_runs.descent,
        "rates.studies.descent:gradient_descent",
        longer_steps(1.2),
        ("G3 decrease over what is granted, five losses", "G3 largest rise of the loss in a step"),
    ),
    Fault(
        "no momentum",
        small_runs.acceleration,
        "rates.methods.momentum:accelerated",
        without_momentum,
        ("G10 exponents of two momentum methods", "G10 share of the upper bound, worst loss for each t"),
    ),
    Fault(
        "samples that are never drawn",
        small_runs.minibatches,
        "rates.studies.oracle:with_replacement",
        the_last_tenth_never,
        ("S2 largest deviation of the mean",),
    ),
    Fault(
        "samples put back that should not be",
        small_runs.minibatches,
        "rates.studies.oracle:without_replacement",
        replaced,
        ("S2 largest deviation of the variance",),
    ),
    Fault(
        "a sum over the batch for its mean",
        small_runs.minibatches,
        "rates.problems.images:LinearModel.gradient",
        sum_of_gradients,
        ("S2 exponent of the variance", "S2 largest deviation of the mean"),
    ),
    Fault(
        "noise with a mean",
        small_runs.noisy,
        "rates.problems.stochastic:Noisy.draw",
        with_a_mean,
        ("S6 share of the bounds",),
    ),
    Fault(
        "a PL constant of 0.2",
        small_runs.enclosures,
        "rates.studies.pl_function:CHAPTER",
        lambda _: 0.2,
        ("P1 PL constant certified", "P2 PL constant certified"),
    ),
    Fault(
        "one hidden unit fewer",
        small_runs.constructed,
        "rates.studies.memorizer:memorize",
        one_unit_fewer,
        ("I7 largest residual", "I7 weights over 2n + d"),
    ),
)


# --- edge: what is recorded, what is measured, what is trained -----------------------------------------------------------


def twice_the_rate(descend: Any) -> Any:
    return lambda loss, weights, rate: descend(loss, weights, 2 * rate)


def of_eight_images(hessian: Any) -> Any:
    def of_few(loss: Any, point: torch.Tensor) -> Any:
        few = copy.copy(loss)
        few._inputs, few._labels, few._n = loss._inputs[:8], loss._labels[:8], 8
        return hessian(few, point)

    return of_few


def without_steps(descend: Any) -> Any:
    return lambda loss, weights, _: descend(loss, weights, 0.0)


def ends_exchanged(extreme_eigenvalues: Any) -> Any:
    def exchanged(*arguments: Any) -> Any:
        found = extreme_eigenvalues(*arguments)
        return replace(found, lambda_min=found.lambda_max, lambda_max=found.lambda_min)

    return exchanged


PLATEAU = "G5 sharpness over 2/η in the last third of the steps, mean over seeds, each η, "
EDGE = (
    Fault("half the learning rate recorded", small_runs.edge, "edge.descent:descend", twice_the_rate, (f"{PLATEAU}above",)),
    Fault("sharpness of a minibatch", small_runs.edge, "hessian.loss:FlatLoss.hessian", of_eight_images, (f"{PLATEAU}below",)),
    Fault(
        "two Hessian products for a sharpness",
        small_runs.edge,
        "edge.descent:PRODUCTS",
        lambda _: 2,
        (f"{PLATEAU}above", f"{PLATEAU}below"),
        INCONCLUSIVE,
    ),
    Fault(
        "networks that are not trained",
        small_runs.convexity,
        "edge.convexity_study:descend",
        without_steps,
        ("I1 share of segments",),
        INCONCLUSIVE,
    ),
    Fault(
        "ends of the spectrum exchanged",
        small_runs.convexity,
        "edge.convexity_study:extreme_eigenvalues",
        ends_exchanged,
        ("I1 smallest eigenvalue",),
    ),
    Fault(
        "weight decay left on",
        small_runs.direction,
        "edge.direction:plain",
        lambda _: lambda loss: decayed(loss, 0.001),
        ("I9 1 − cos of the last turn",),
    ),
)


# --- memorization: leaks, and labels that are not random -----------------------------------------------------------------


def with_test_images(data: Dataset) -> Dataset:
    images = np.concatenate([data.train_images, data.test_images])
    return replace(data, train_images=images, train_labels=np.concatenate([data.train_labels, data.test_labels]))


def leaked_images(drawn: Any) -> Any:
    return lambda *data, **split: with_test_images(drawn(*data, **split))


def leaked_labels(variant: Any) -> Any:
    def leaky(*arguments: Any) -> Variant:
        shown = variant(*arguments)
        test = shown.data.test_labels
        corrupted = np.concatenate([shown.corrupted, np.zeros(len(test), bool)])
        true = np.concatenate([shown.true_labels, test])
        return replace(shown, data=with_test_images(shown.data), true_labels=true, corrupted=corrupted)

    return leaky


def labels_of(corrupted: Callable[[np.ndarray, int], np.ndarray]) -> Wrong:
    """Labels, in the place of random ones, that are made of the true ones and the number of classes."""

    def wrong(corrupt: Any) -> Any:
        def not_random(labels: np.ndarray, classes: int, probability: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
            if probability < 1:
                return corrupt(labels, classes, probability, seed)
            return corrupted(labels, classes), np.ones(len(labels), bool)

        return not_random

    return wrong


def in_five_classes(corrupt: Any) -> Any:
    return lambda labels, classes, probability, seed: corrupt(labels, 5 if probability else classes, probability, seed)


def drawn_for_each_epoch(recipe: Any) -> Any:
    return lambda run, seed: replace(recipe(run, seed), redraw_labels=True)


CHANCE = "I4 test accuracy after random labels and Gaussian images, mean of each network, not "
AGREEMENT = "I4 share of random labels that are true ones, not "
CORRUPT = "memorization.variants:corrupt"
MEMORIZATION = (
    Fault(
        "test images that train",
        small_runs.memorized,
        "memorization.job:drawn",
        leaked_images,
        ("I6 share of the test images",),
    ),
    Fault(
        "test images that train with their labels",
        small_runs.memorized,
        "memorization.experiment:variant",
        leaked_labels,
        (f"{CHANCE}above", f"{AGREEMENT}above", "I6 share of the test images"),
    ),
    Fault(
        "random labels that are the true ones",
        small_runs.memorized,
        CORRUPT,
        labels_of(lambda labels, _: labels),
        (f"{CHANCE}above", f"{AGREEMENT}above"),
    ),
    Fault(
        "random labels that are the next class",
        small_runs.memorized,
        CORRUPT,
        labels_of(lambda labels, classes: (labels + 1) % classes),
        (f"{CHANCE}below", f"{AGREEMENT}below"),
    ),
    Fault("random labels of five classes", small_runs.memorized, CORRUPT, in_five_classes, ("I4 p-value of random labels",)),
    Fault(
        "labels drawn for each epoch",
        small_runs.memorized,
        "memorization.experiment:recipe",
        drawn_for_each_epoch,
        ("I4 training accuracy on random labels, every seed of MLP 1x512",),
    ),
)


# --- landscape: what is evaluated, and where -----------------------------------------------------------------------------


def in_training_mode(_: Any) -> Any:
    return lambda network, example: Folded(copy.deepcopy(network).train().requires_grad_(False), {}, plain=True, note="")


def exchanged(move_to: Any) -> Any:
    return lambda evaluator, alpha, beta: move_to(evaluator, beta, alpha)


def all_parameters(_: Any) -> Any:
    return lambda network: {name: parameter.detach() for name, parameter in network.named_parameters()}


def bytes_as_they_are(normalised: Any) -> Any:
    return lambda images, mean, std, runtime: normalised(images, (0.0,), (1 / 255,), runtime)


SECOND_OPINIONS = ("I2 relative difference of losses", "I2 relative difference of the surfaces")
LANDSCAPE = (
    Fault(
        "batch norms in training mode",
        small_runs.landscape,
        "landscape.evaluator:fold",
        in_training_mode,
        SECOND_OPINIONS,
    ),
    Fault(
        "alpha and beta exchanged",
        small_runs.landscape,
        "landscape.evaluator:PlaneEvaluator.move_to",
        exchanged,
        SECOND_OPINIONS,
    ),
    Fault(
        "directions that move batch norms",
        small_runs.landscape,
        "landscape.directions:moving_parameters",
        all_parameters,
        SECOND_OPINIONS,
    ),
    Fault(
        "images that are not normalised",
        small_runs.landscape,
        "landscape.images:normalised",
        bytes_as_they_are,
        ("I2 training loss of the network without skips",),
    ),
)


# --- sharpness, and differences between arms -----------------------------------------------------------------------------


def in_a_far_larger_box(search: Any) -> Any:
    return lambda climb, radii, start: search(climb, 1000 * radii, start)


def of_one_layer(scaling: Any) -> Any:
    return lambda network, alpha, **choice: scaling(network, alpha, **choice).clamp(min=1.0)


def of_the_next_seed(measured: Any) -> Any:
    return lambda part, rows: measured(part, rows.assign(seed=(rows["seed"] + (rows["recipe"] == "gd")) % 5))


ARMS = (
    Fault(
        "Keskar's box far too large",
        small_runs.boxes,
        "sharpness.keskar:lbfgsb",
        in_a_far_larger_box,
        ("S10 φ, large over small batch, deep network",),
    ),
    Fault(
        "one layer scaled, and not the other",
        small_runs.scaled,
        "sharpness.reparameterization:scaling",
        of_one_layer,
        ("S11 largest change of an output",),
    ),
    Fault(
        "arms paired by other seeds",
        small_runs.paired_runs,
        "claims.selection:_measured",
        of_the_next_seed,
        ("S8 test accuracy, SGD less gradient descent",),
        INCONCLUSIVE,
    ),
)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The folder of the prepared digits."""
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture(scope="module")
def sound(digits):
    """The tables of a computation without a fault, made once."""
    return cache(lambda run: run(digits))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # runs that diverge, as they should
@pytest.mark.parametrize("fault", [*RATES, *EDGE, *MEMORIZATION, *LANDSCAPE, *ARMS], ids=lambda fault: fault.name)
def test_a_fault_takes_the_support_of_what_rests_on_the_code(fault, digits, sound, monkeypatch):
    assert verdicts(fault.parts, sound(fault.run)) == dict.fromkeys(fault.parts, Verdict.SUPPORTED)
    plant(monkeypatch, fault.place, fault.wrong)
    assert verdicts(fault.parts, fault.run(digits)) == dict.fromkeys(fault.parts, fault.verdict)


# --- faults that no rule looks at ----------------------------------------------------------------------------------------


def failing(tables: Tables) -> set[str]:
    """The checks of a study of rates that should hold, and do not."""
    checks = tables["rates/checks"]
    return set(checks.loc[(checks["role"] == "claim") & ~checks["holds"], "check"])


def test_noise_that_is_not_there_is_noticed_by_a_check_of_the_study(digits, sound, monkeypatch):
    """Bounds from above hold without noise too."""
    assert failing(sound(small_runs.noisy)) == set()
    plant(monkeypatch, "rates.problems.stochastic:Noisy.draw", without_noise)
    with np.errstate(divide="ignore"):
        wrong = failing(small_runs.noisy(digits))
    assert wrong == {"gap against sigma^2/(2 alpha T): largest deviation in standard errors"}


def spread_of_profiles(tables: Tables) -> float:
    """How far the loss along filter-normalised directions depends on how the layers of one function are scaled."""
    profile = tables["sharpness/profile"].query("normalisation == 'filter'")
    by_scale = profile.pivot(index="step", columns="alpha", values="loss")
    return float((by_scale.max(axis=1) / by_scale.min(axis=1) - 1).max())


def test_directions_that_are_not_normalised_are_noticed_by_profiles_of_one_function(digits, sound, monkeypatch):
    """The other program is given our directions, so it does not see what is wrong with them."""
    assert spread_of_profiles(sound(small_runs.scaled)) < 1e-5
    plant(
        monkeypatch,
        "sharpness.reparameterization:random_direction",
        lambda random_direction: lambda network, seed, _: random_direction(network, seed, "none"),
    )
    assert spread_of_profiles(small_runs.scaled(digits)) > 0.1


def norms(tables: Tables) -> pd.Series:
    """The last step's gradient as the training loop has it, over that of the loss where training ended, by recipe."""
    last = tables["batch/curves"].sort_values("epoch").groupby("recipe")["gradient_norm"].last()
    return last / tables["batch/runs"].set_index("recipe")["gradient_norm"]


def test_a_sum_over_blocks_for_their_mean_is_noticed_by_norms_of_gradients(digits, sound, monkeypatch):
    """A sum is no more than a larger learning rate, which is searched anyway."""
    assert norms(sound(small_runs.full_batches))["gd"] == pytest.approx(1, abs=0.03)
    plant(
        monkeypatch,
        "training.loop:Trainer._accumulate",
        lambda accumulate: lambda trainer, x, y, share, rate: accumulate(trainer, x, y, 1.0, rate),
    )
    assert norms(small_runs.full_batches(digits))["gd"] == pytest.approx(4, rel=0.1)


def test_a_penalty_that_is_dropped_leaves_two_recipes_that_are_one(digits, sound, monkeypatch):
    def ends(tables: Tables) -> list[float]:
        return tables["batch/runs"].set_index("recipe").loc[["gd_clip", "gd_penalty"], "distance"].tolist()

    assert len(set(ends(sound(small_runs.full_batches)))) == 2
    plant(monkeypatch, "training.loop:penalised", lambda _: lambda here, *_: here)
    assert len(set(ends(small_runs.full_batches(digits)))) == 1
