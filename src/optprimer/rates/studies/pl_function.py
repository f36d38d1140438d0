"""The chapter's example of the PL inequality, the rate that follows from it, and what lies between PL and convexity.

The largest alpha of x^2 + 3 sin^2 x is enclosed on the whole line by interval arithmetic (optprimer.rates.certificates): proved
from below by a cover of pieces, refuted from above at a single point. The same is done along the family x^2 + c sin^2 x, which
ceases to be PL at c* = 4.6033..., where a second stationary point appears. Gradient descent runs from several points under (1 -
alpha/beta)^t D with the chapter's alpha and under the exact rate on the line, (1 - q)^2t D with the certified one. Its runs are
faster than linear in the end, because the curvature at the minimiser is beta; so the factor of a single step is maximised over
all points as well. A least squares problem that is flat in most directions shows a linear rate without strong convexity. That
strong convexity implies PL is tested on random problems with a known constant. Controls: c above c*, a double well and w^4, for
which no constant is certified, and whose proofs of failure are points; w^4 under gradient descent, whose slope against the step
tends to 0; a rate with twice the certified alpha.
"""

import math
from itertools import pairwise

import numpy as np
from scipy import optimize

from optprimer.rates import certificates, fits
from optprimer.rates.bounds import pl as bounds
from optprimer.rates.findings import Findings
from optprimer.rates.grids import octaves
from optprimer.rates.methods.gradient import GD, gradient_descent
from optprimer.rates.problems.base import Array, Problem
from optprimer.rates.problems.convex import Power, SeparableLogistic
from optprimer.rates.problems.pl import CHAPTER, THRESHOLD, TIGHT, LeastSquares, SineWell, pl_ratio
from optprimer.rates.settings import Settings

REACH = 6.0  # of the drawing, on either side of the minimiser
GRID = np.linspace(-REACH, REACH, 481)
STARTS = (2.2017, 3.0, 10.0, 2.0, 1.9)
STEPS_DRAWN = 14
FAMILY = (*np.arange(0.25, 4.6, 0.25), 4.55, 4.6, 4.65, 4.7, 4.75, 5.0, 5.25, 5.5, 5.75, 6.0)
NOT_PL = {"x2_4.7sin2": 4.7, "x2_5sin2": 5.0, "x2_6sin2": 6.0}
FLOOR = 1e-12  # share of the first gap below which rounding of L - L* shows


def study(settings: Settings) -> Findings:
    """Certify, run and refute."""
    findings = Findings("pl_function")
    problem = SineWell()
    certified = _enclosures(findings)
    _drawn(findings, problem, certified)
    _family(findings)
    _one_step(findings)
    _runs(findings, problem)
    _flat_quadratic(findings, min(settings.steps, 2000))
    _strongly_convex(findings, settings.rng("pl_function", "strongly convex"))
    _not_pl(findings, min(settings.steps, 10_000))
    return findings


def _enclosures(findings: Findings) -> float:
    """Enclose the largest constant of the example and of the controls; return the one certified for the example."""
    example = certificates.sine_well(3.0)
    found = certificates.largest(example)
    controls = {name: certificates.sine_well(c) for name, c in NOT_PL.items()}
    controls |= {"double_well": certificates.double_well(), "quartic": certificates.quartic()}
    for name, loss in {"x2_3sin2": example, **controls}.items():
        role = "control" if name in controls else "claim"
        each = certificates.largest(loss)
        enclosure = {"certified_lower": each.lower, "measured_upper": each.upper}
        findings.add("pl", problem=name, claimed=CHAPTER, **enclosure, role=role)
        findings.check("certified PL constant", name, each.lower, ">=", CHAPTER, role=role)
        refuted = certificates.refutes(loss, CHAPTER, each.point)
        findings.check("1/32 is refuted at a point", name, refuted, "=", name in controls)
    for name, c in {"x2_3sin2": 3.0, **NOT_PL}.items():
        above = _stationary_above(c)
        findings.check("stationary points proved above the optimum", name, above, "=", 0 if name == "x2_3sin2" else 2)
    findings.check("relative width of the enclosure", "x2_3sin2", 1 - found.lower / found.upper, "<=", 1e-6)
    proved = certificates.certify(example, TIGHT).lower >= TIGHT
    findings.check("0.17553 is proved", "x2_3sin2", proved, "=", 1)
    findings.check("0.175531 is refuted at a point", "x2_3sin2", certificates.refutes(example, 0.175531, found.point), "=", 1)
    return found.lower


def _stationary_above(c: float) -> int:
    """Count the intervals on (1/4, 4) in which a stationary point above the optimum is proved to be."""
    ends = np.arange(0.25, 4.01, 0.125).tolist()
    loss = certificates.sine_well(c)
    return sum(certificates.stationary_above_optimum(loss, low, high) for low, high in pairwise(ends))


def _drawn(findings: Findings, problem: SineWell, certified: float) -> None:
    """Draw the loss, its curvature and its ratio, the pieces of the proof of 1/32, and the ratio of the control."""
    away = GRID[GRID != 0][:, None]  # at 0 the ratio is 0/0
    findings.curve(problem.name, "exact", "loss", "x", GRID, problem.value(GRID[:, None]), relation=">=", bound=0)
    curvature = problem.curvature(GRID)
    findings.curve(problem.name, "exact", "curvature", "x", GRID, curvature, bound=problem.beta)
    findings.check("least curvature", problem.name, curvature.min(), "=", 2 - 2 * problem.c, 1e-3)
    findings.check("largest curvature", problem.name, curvature.max(), "=", problem.beta, 1e-3)
    for each, role in ((problem, "claim"), (SineWell(0.5), "control")):
        findings.check("least curvature, negative", each.name, each.curvature(GRID).min(), "<=", 0, role=role)
    constants = {"bound": CHAPTER, "relation": ">="}
    for each, tight, role in ((problem, certified, "claim"), (SineWell(6.0, pl=0.0), math.nan, "control")):
        ratio = pl_ratio(each, away)
        findings.curve(each.name, "exact", "pl_ratio", "x", away[:, 0], ratio, tight_bound=tight, **constants, role=role)
    pieces = certificates.certify(certificates.sine_well(problem.c), CHAPTER).pieces
    lows, proved = [piece.low for piece in pieces], [piece.bound for piece in pieces]
    findings.curve(problem.name, "interval arithmetic", "pl_ratio", "left end of a piece", lows, proved, **constants)


def _family(findings: Findings) -> None:
    """Enclose the largest constant along the family, and the c at which there is none any more."""
    for role in ("claim", "control"):
        c = np.array([each for each in FAMILY if (each < THRESHOLD) == (role == "claim")])
        found = [certificates.largest(certificates.sine_well(each)) for each in c]
        lower, upper = [each.lower for each in found], [each.upper for each in found]
        names = ("x2_csin2", "interval arithmetic", "largest PL constant", "c")
        findings.curve(*names, c, lower, interval=(lower, upper), relation=">=", bound=certificates.NEGLIGIBLE, role=role)
    low, high = 4.0, 6.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if certificates.largest(certificates.sine_well(middle)).lower > 0 else (low, middle)
    # Near c* the constant vanishes like the square of the distance, and below NEGLIGIBLE it counts as none.
    findings.check("largest c with a certificate", "x2_csin2", low, "=", THRESHOLD, 1e-3)


def _one_step(findings: Findings) -> None:
    """Maximise the factor of the gap over a step from anywhere, and compare it with three theorems."""
    c = np.array([1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
    q = np.array([certificates.largest(certificates.sine_well(each)).lower for each in c]) / (2 + 2 * c)
    factor = np.array([_worst_step(SineWell(each)) for each in c])
    exact, best, chapter = bounds.line_factor(q), bounds.best_factor(q), bounds.chapter_factor(q)
    names = ("x2_csin2", GD.name, "worst factor of the gap per step", "c")
    findings.curve(*names, c, factor, bound=chapter, tight_bound=exact)
    for name, limit in {"(1 - q)^2": exact, "(2 - 2q)/(2 + q)": best, "1 - q": chapter}.items():
        findings.check(f"worst factor of a step, over {name}", "x2_csin2", (factor / limit).max(), "<=", 1)
    doubled = (factor / bounds.line_factor(2 * q)).max()
    findings.check("worst factor of a step, over (1 - 2q)^2", "x2_csin2", doubled, "<=", 1, role="control")


def _worst_step(problem: SineWell) -> float:
    """Return the supremum over x of L(x - L'(x)/beta)/L(x): a grid, then bounded minimisation around its best point."""

    def factor(x: Array) -> Array:
        w = np.atleast_1d(x)[:, None]
        return problem.value(w - problem.gradient(w) / problem.beta) / problem.value(w)

    grid = np.linspace(0.01, 20, 20_001)
    best = grid[factor(grid).argmax()]
    found = optimize.minimize_scalar(
        lambda x: -factor(x)[0], bounds=(best - 1e-3, best + 1e-3), method="bounded", options={"xatol": 1e-10}
    )
    return -float(found.fun)


def _runs(findings: Findings, problem: SineWell) -> None:
    starts = np.array(STARTS)[:, None]
    points = np.array(list(gradient_descent(problem, STEPS_DRAWN, 1 / problem.beta, starts)))
    values, t = problem.value(points), np.arange(STEPS_DRAWN + 1.0)
    chapter = bounds.chapter_factor(CHAPTER / problem.beta) ** t
    exact = bounds.line_factor(TIGHT / problem.beta) ** t
    for start, value in zip(STARTS, values.T, strict=True):
        names = (problem.name, f"gd from {start:g}", "gap", "step")
        findings.curve(*names, t, value, bound=chapter * value[0], tight_bound=exact * value[0])
    judged = values[1:] > FLOOR
    factors = values[1:][judged] / values[:-1][judged]
    limit = bounds.line_factor(TIGHT / problem.beta)
    findings.check("largest factor of the gap per step, over (1 - q)^2", problem.name, factors.max() / limit, "<=", 1)


def _flat_quadratic(findings: Findings, steps: int) -> None:
    """Run on least squares with a kernel: PL, not strongly convex, and linear with the factor (1 - q)^2 in the end."""
    problem = LeastSquares()
    t, gap = _descend(problem, steps)
    kept = octaves(t[-1]).astype(int)
    theory = {"bound": bounds.linear(problem, t)[kept], "tight_bound": bounds.linear_best(problem, t)[kept]}
    findings.curve(problem.name, GD.name, "gap", "step", t[kept], gap[kept], **theory)
    late = np.linspace(0.6 * t[-1], t[-1], 12).astype(int)
    q = problem.pl / problem.beta
    of = (problem.name, GD.name, "gap", "step, semilog")
    findings.exponent(*of, fits.exponential(t[late], gap[late]), 2 * math.log(1 - q), neighbour=math.log(1 - q))


def _strongly_convex(findings: Findings, rng: np.random.Generator, count: int = 20) -> None:
    """Search random strongly convex losses for a ratio below their constant, and w^4, merely convex, likewise."""
    alphas, ratios = [], []
    for _ in range(count):
        axes, _ = np.linalg.qr(rng.normal(size=(4, 4)))
        curvatures = 10 ** rng.uniform(-2, 1, 4)
        matrix, rows = axes * curvatures @ axes.T, rng.normal(size=(3, 4))
        w = 10 ** rng.uniform(-3, 3, (2000, 1)) * rng.normal(size=(2000, 4))
        # Far out along the least curvature the added terms, which are at most linear, no longer count.
        w = np.concatenate([w, 10 ** rng.uniform(-3, 6, (200, 1)) * axes[:, curvatures.argmin()]])
        z = w @ rows.T
        log_cosh = np.logaddexp(z, -z) - math.log(2)
        value = np.einsum("ni,ij,nj->n", w, matrix, w) / 2 + log_cosh.sum(-1)
        gradient = w @ matrix + np.tanh(z) @ rows
        alphas.append(curvatures.min())
        ratios.append(((gradient**2).sum(-1) / (2 * value)).min())
    order = np.argsort(alphas)
    alpha, ratio = np.array(alphas)[order], np.array(ratios)[order]
    name, t = "strongly_convex", np.arange(1.0, count + 1)
    findings.curve(name, "random points", "pl_ratio", "problem", t, ratio, bound=alpha, relation=">=")
    share = ratio / alpha
    findings.check("least PL ratio over strong convexity", name, share.min(), ">=", 1, 1e-9)
    tightest = share.argmin()
    findings.add("pl", problem=name, claimed=alpha[tightest], certified_lower=math.nan, measured_upper=ratio[tightest],
                 role="claim")  # fmt: skip
    distance = np.geomspace(1e-3, 1, 31)
    flat = pl_ratio(Power(4), distance[:, None])
    names = ("power_4", "exact", "pl_ratio", "distance")
    findings.curve(*names, distance, flat, bound=alpha.min(), relation=">=", role="control")
    findings.check("least PL ratio over strong convexity", "power_4", flat.min() / alpha.min(), ">=", 1, role="control")


def _not_pl(findings: Findings, steps: int) -> None:
    """Run on w^4 and on log(1 + e^-w), which are smooth and convex but not PL: no linear rate, and ratios that vanish."""
    for problem in (Power(4), SeparableLogistic()):
        points = np.array(list(GD.run(problem, steps)))
        t, gap = np.arange(steps + 1.0), problem.value(points) - problem.optimum
        kept = octaves(steps).astype(int)
        chapter = bounds.chapter_factor(CHAPTER / problem.beta)
        names = (problem.name, GD.name, "gap", "step")
        findings.curve(*names, t[kept], gap[kept], bound=chapter**kept * gap[0], role="control")
        of = (problem.name, GD.name, "pl_ratio", "step")
        findings.curve(*of, t[kept], pl_ratio(problem, points[kept]), bound=CHAPTER, relation=">=", role="control")
        worst = (gap[1:] / gap[:-1]).max()
        findings.check("largest factor of the gap per step, over 1 - 1/(32 beta)", problem.name, worst / chapter, "<=", 1,
                       role="control")  # fmt: skip
        late = np.linspace(0.6 * steps, steps, 12).astype(int)
        semilog = (problem.name, GD.name, "gap", "step, semilog")
        findings.exponent(*semilog, fits.exponential(t[late], gap[late]), math.log(chapter), role="control")


def _descend(problem: Problem, steps: int) -> tuple[Array, Array]:
    """Return t and the gaps L(w_t) - L* of gradient descent, until rounding shows."""
    gap = problem.value(np.array(list(GD.run(problem, steps)))) - problem.optimum
    last = int(np.flatnonzero(gap > FLOOR * gap[0])[-1])
    return np.arange(last + 1.0), gap[: last + 1]
