"""The studies of this stage by name.

A study is a module of optprimer.rates.studies with a function ``study(settings) -> Findings``. To add one, write the module and
name it here; the workflow runs it, and its rows are in the joined tables.
"""

import importlib
from collections.abc import Callable

TABLES = ("curves", "exponents", "checks", "worst_case", "pl", "errata", "cost")

# Whether it measures on images.
STUDIES = {
    "paths": False,
    "descent": False,
    "nonconvex": False,
    "convex": False,
    "sandwich": False,
    "acceleration": False,
    "strongly_convex": False,
    "worst_case": False,
    "pl_function": False,
    "pl_networks": False,
    "pl_wide": False,
    "oracle": True,
    "sgd": False,
    "sgd_beyond": False,
    "nonsmooth": False,
    "cost": True,
    "saddles": False,
    "kinks": True,
    "smooth_network": True,
    "memorizer": True,
    "errata": False,
}


def load(name: str) -> Callable:
    """Return the function of study ``name``."""
    return importlib.import_module(f"optprimer.rates.studies.{name}").study
