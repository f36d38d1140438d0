"""The learning rate that the search chose, by validation images alone."""

import math
from dataclasses import dataclass

import pandas as pd

from optprimer.errors import UserError


@dataclass(frozen=True)
class Choice:
    """A learning rate, and whether it is the least or the largest of those tried: then a better one may lie outside."""

    rate: float
    at_edge: bool


def choose(search: pd.DataFrame, network: str, recipe: str, number: int) -> Choice:
    """Choose from the rows of batch/search.csv: of those that validate as well as the best, the one with the lowest loss.

    As well as the best is an accuracy within one binomial standard error of the highest; the validation loss then decides,
    which is less coarse. A rate at which training diverged is not chosen, unless all are.

    Args:
        search: rows of all searches.
        network: of the rows to look at.
        recipe: likewise.
        number: of the search, which is the seed of its rows.

    Raises:
        UserError: there are no such rows.
    """
    trials = search[(search["network"] == network) & (search["recipe"] == recipe) & (search["seed"] == number)]
    if trials.empty:
        raise UserError(f"search.csv: no rows of network {network}, recipe {recipe}, seed {number}")
    sound = trials[~trials["diverged"]] if not trials["diverged"].all() else trials
    best = sound["validation_accuracy"].max()
    error = math.sqrt(best * (1 - best) / sound["n_validation"].max())
    good = sound[sound["validation_accuracy"] >= best - error]
    rate = float(good.sort_values(["validation_loss", "learning_rate"])["learning_rate"].iloc[0])
    return Choice(rate, rate in (trials["learning_rate"].min(), trials["learning_rate"].max()))
