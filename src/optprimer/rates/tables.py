"""The tables of the rates stage.

``study`` names the module of optprimer.rates.studies that a row comes from, ``role`` is ``claim`` for evidence and ``control``
for a case in which the same rule must fail. ``data`` is ``analytic`` where no images are involved.
"""

from typing import ClassVar

import pandera.pandas as pa
from pandera.typing.pandas import Series

from optprimer.tables import Table

ROLES = ["claim", "control"]


class Curves(Table):
    """rates/curves.csv: a measured quantity against ``t``, and what theory says of it at each t.

    ``variable`` says what t is (step, horizon, batch_size, width, distance, ...) and ``quantity`` what ``value`` is (gap: L -
    L*; best_gradient: the least gradient norm so far; ...). ``relation`` is "<=" where the bounds are upper bounds and ">=" for
    lower ones; ``bound`` is the chapter's, ``tight_bound`` the best constant known, NaN where there is none. ``ci_low`` and
    ``ci_high`` are a 95 % interval over ``seeds`` independent runs, equal to ``value`` where nothing is random.
    """

    _key: ClassVar[list[str]] = ["study", "problem", "method", "quantity", "variable", "t"]
    data: Series[str]
    study: Series[str]
    problem: Series[str]
    method: Series[str]
    quantity: Series[str]
    variable: Series[str]
    t: Series[float]
    value: Series[float] = pa.Field(nullable=True)
    ci_low: Series[float] = pa.Field(nullable=True)
    ci_high: Series[float] = pa.Field(nullable=True)
    bound: Series[float] = pa.Field(nullable=True)
    tight_bound: Series[float] = pa.Field(nullable=True)
    relation: Series[str] = pa.Field(isin=["<=", ">="])
    seeds: Series[int] = pa.Field(ge=1)
    role: Series[str] = pa.Field(isin=ROLES)


class Exponents(Table):
    """rates/exponents.csv: the slope of log ``quantity`` against log ``variable`` over ``points`` values in [first, last].

    ``ci_low`` and ``ci_high`` are what optprimer.rates.fits says of a deterministic sequence, a 95 % bootstrap interval over
    ``seeds`` runs, or, in the studies saddles and kinks, the spread of single runs or hinges. For ``variable`` "step, semilog"
    the slope is that of log quantity against the step itself. ``theory`` is the exponent claimed, ``neighbour`` that of the
    next rate of the hierarchy, which the interval has to exclude (NaN where there is none).
    """

    _key: ClassVar[list[str]] = ["study", "problem", "method", "quantity", "variable"]
    data: Series[str]
    study: Series[str]
    problem: Series[str]
    method: Series[str]
    quantity: Series[str]
    variable: Series[str]
    estimate: Series[float]
    ci_low: Series[float]
    ci_high: Series[float]
    theory: Series[float]
    neighbour: Series[float] = pa.Field(nullable=True)
    first: Series[float]
    last: Series[float]
    points: Series[int] = pa.Field(ge=3)
    seeds: Series[int] = pa.Field(ge=1)
    role: Series[str] = pa.Field(isin=ROLES)


class Checks(Table):
    """rates/checks.csv: single numbers against what they should be; ``holds`` is measured relation expected, within tolerance.

    ``tolerance`` is absolute. With role ``control`` the row should not hold.
    """

    _key: ClassVar[list[str]] = ["study", "check", "problem"]
    data: Series[str]
    study: Series[str]
    check: Series[str]
    problem: Series[str]
    measured: Series[float] = pa.Field(nullable=True)
    relation: Series[str] = pa.Field(isin=["=", "<=", ">="])
    expected: Series[float]
    tolerance: Series[float] = pa.Field(ge=0)
    holds: Series[bool]
    role: Series[str] = pa.Field(isin=ROLES)


class WorstCase(Table):
    """rates/worst_case.csv: the exact worst case by semidefinite programming (PEPit), by formula, and by our own run.

    ``class`` is the class of functions, ``quantity`` what is maximised over it after t steps, in units where beta = 1 and the
    initial distance (or gap) is 1. ``relative_difference`` is |pepit - closed_form| / closed_form, ``measured`` what our
    method reaches on the function said to be worst, and ``measured_difference`` its distance from pepit, relative too.
    """

    _key: ClassVar[list[str]] = ["method", "class", "quantity", "t"]
    data: Series[str]
    method: Series[str]
    class_: Series[str] = pa.Field(alias="class")
    quantity: Series[str]
    t: Series[int] = pa.Field(ge=1)
    pepit: Series[float]
    closed_form: Series[float] = pa.Field(nullable=True)
    relative_difference: Series[float] = pa.Field(nullable=True)
    measured: Series[float] = pa.Field(nullable=True)
    measured_difference: Series[float] = pa.Field(nullable=True)


class Pl(Table):
    """rates/pl.csv: the largest alpha of the PL inequality ||grad L||^2 >= 2 alpha (L - L*), enclosed from both sides.

    ``claimed`` is the chapter's or a theorem's constant (NaN where none is claimed), ``certified_lower`` one proved by interval
    arithmetic (0 where the certificate fails, NaN where none was tried), ``measured_upper`` the least ratio met anywhere.
    """

    _key: ClassVar[list[str]] = ["problem"]
    data: Series[str]
    problem: Series[str]
    claimed: Series[float] = pa.Field(nullable=True)
    certified_lower: Series[float] = pa.Field(nullable=True)
    measured_upper: Series[float]
    role: Series[str] = pa.Field(isin=ROLES)


class Errata(Table):
    """rates/errata.csv: what the chapter has wrong, what is right, and a number that tells them apart.

    ``printed_error`` and ``corrected_error`` are how far each statement is from what was measured, in the sense that ``check``
    says; a statement stands when its error is at most ``tolerance``.
    """

    _key: ClassVar[list[str]] = ["number"]
    data: Series[str]
    number: Series[int] = pa.Field(ge=1)
    section: Series[str]
    place: Series[str]
    printed: Series[str]
    corrected: Series[str]
    check: Series[str]
    printed_error: Series[float]
    corrected_error: Series[float]
    tolerance: Series[float] = pa.Field(ge=0)


class Cost(Table):
    """rates/cost.csv: seconds per step against the number of images n and the batch size; not reproducible to the byte."""

    _key: ClassVar[list[str]] = ["method", "n", "batch_size"]
    data: Series[str]
    method: Series[str]
    n: Series[int] = pa.Field(ge=1)
    batch_size: Series[int] = pa.Field(ge=1)
    seconds: Series[float] = pa.Field(gt=0)
