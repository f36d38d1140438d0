"""docs/claims.md, generated: every claim of the registry, how it is judged, and the verdicts of the reference results."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from optprimer.claims import statistics
from optprimer.claims.load import SECTIONS, load, scales
from optprimer.claims.parts import Claim, Part, Verdict
from optprimer.claims.results import judged
from optprimer.claims.rules import RULES
from optprimer.claims.wording import adjusted, count, estimate, parameters_of
from optprimer.config.schema import ROOT

_HEAD = """\
# The claims of the chapter

<!-- Generated from src/optprimer/claims/registry/ and results/reference/*/claims.csv by
     `optprimer claims docs --output docs/claims.md`; edit the registry instead. -->

## Scope

Every statement of the chapter that a computation can test is a claim here, in the chapter's order and in our own words: what it
says, who says it, what is measured, by which rule it is judged, and where that rule has to fail. Statements that are
definitions, history or advice are not. A claim is judged at the scales that it names, at others it is `not run`. A run is
judged at its own: tables of other images, or whose manifest names another scale, are refused.

    optprimer claims                     the verdicts of results/digits
    optprimer claims explain S9          one claim, back to the rows of its tables, and the commands that make these anew
    optprimer claims judge --results results/digits --scale digits --output results/digits
    optprimer claims --strict            fails where a verdict differs from the one in results/reference

## Method

An entry names, for each part of its evidence, a table, the rows that are selected, a measured value, a statistic, and a rule
with its parameters, which were fixed before the result was known, but for I2 (see the limits below). `rule_sha256` in
`claims.csv` is a fingerprint of all of these, and a test refuses a registry whose rules are not those that the committed
verdicts were reached by.

- **supported**: the evidence meets the rule, and every control fails it.
- **refuted**: the evidence is against the claim. That is a finding, not an error.
- **inconclusive**: the evidence decides neither way: an interval contains what it should exclude, values are missing, a
  condition under which the claim can be judged does not hold, or a control passes (untested).
- **not run**: there are no rows to judge, or the claim needs another scale.

A control is the same statistic, rule and parameters on rows where the claim must not hold: shuffled labels, a step size that
is too large, a function outside the class, two runs that differ by chance alone. A rule that cannot fail says nothing. A
control of which values are missing has not failed, so its claim is untested. Runs of one setting that are alike in every
column to the last digit are one run under several names, and decide nothing, whatever the statistic; of `edge/summary`,
`edge/convexity`, `memorization/summary` and `sharpness/slopes` the runs behind them are compared. Of the intervals in `rates`
no table keeps the runs, so that copies among these would not be seen here.
Unless it says otherwise, a claim needs all of its parts, and one refuted part refutes it. A part that is measured "for each
network" has to hold for each of them, and so has its control to pass; where some of the parts suffice, a control has to pass
as many. What stands beside the evidence is told with the verdict and has no say in it.

Statistics over the selected values:

"""

_ERRORS = """\
## How often the rules err

At the edge of what a rule must not support, the threshold or the margin itself, it may do so at its level at most: 2.5 % for
one end of a 95 % interval, 5 % for `equivalent`. So it does where units are normal, or shares. Elsewhere Student's t is
approximate for the few units that there are, and the bootstrap that gives fitted exponents their intervals is too narrow for
few runs. How often, simulated again by tests/claims/test_error_rates.py:

| units | how many | rule | level | at the edge |
| --- | --- | --- | --- | --- |
| normal | 3 | ci_above | 2.5 % | 2.5 % |
| normal | 5 | ci_above | 2.5 % | 2.5 % |
| normal | 5 | ci_below | 2.5 % | 2.5 % |
| normal | 5 | exponent_in | 2.5 % | 2.5 % |
| normal | 5 | exponent_in refutes | 5 % | 5.0 % |
| normal | 5 | equivalent | 5 % | 5.0 % |
| normal | 15 | equivalent | 5 % | 5.0 % |
| ratios with normal logarithms, geometric mean | 5 | ci_above | 2.5 % | 2.5 % |
| differences of accuracies on 360 images | 5 | ci_above | 2.5 % | 2.5 % |
| differences of accuracies on 360 images | 15 | equivalent | 5 % | 5.0 % |
| exponential, the long tail on the other side | 5 | ci_above | 2.5 % | 11.4 % |
| exponential, the long tail on the other side | 15 | ci_above | 2.5 % | 8.4 % |
| exponential, the long tail on the other side | 15 | equivalent | 5 % | 12.0 % |
| one of two values, as likely | 3 | ci_above | 2.5 % | 12.5 % |
| one of two values, as likely | 5 | ci_above | 2.5 % | 3.1 % |
| rank correlations of 4 levels without order | 5 | ci_above | 2.5 % | 3.3 % |
| rank correlations of 6 levels without order | 5 | ci_above | 2.5 % | 2.8 % |
| rank correlations of 3 levels without order | 3 | ci_above | 2.5 % | 7.0 % |
| skewed runs, exponent by bootstrap | 5 | exponent_in refutes | 5 % | 19 % |
| skewed runs, exponent by bootstrap | 16 | exponent_in refutes | 5 % | 11 % |
| skewed runs, exponent by bootstrap | 400 | exponent_in refutes | 5 % | 5 % |

One of two values, three or five times the same, has an interval without width, which lies beside any threshold that is not that
value. So the support of a claim whose p-value is just below 5 %, of few units or of units with an outlier, is to be taken with
care, and an interval that is far from its threshold is not in doubt. `bound_holds`, `at_least` and `agrees_within` look at no
interval and have no level: a mean that is at the edge meets them every other time. They are for what is exact, for every single
run, and for estimates whose tolerance is many standard errors wide. None of this changed a rule.

"""

_LIMITS = """\
## What differs, and limits

- **The unit is the seed.** Intervals are over independent runs (other weights at the start, other orders, other folds of
  images), never over images or epochs, and arms are compared within a seed. They say what another seed would have given, not
  what another data set or architecture would. Of fewer than five runs an interval says little, and is marked `few`.
- **Many claims are judged at once.** Intervals are at 95 %, one by one, so among some forty one or two err. Above it says how
  many of the supported claims that rest on a p-value would remain after Holm's adjustment of all of them. Rules without a
  p-value (bounds that hold at every point, exponents from deterministic sequences) are not adjusted.
- **Inconclusive is not "no".** It says that these runs cannot tell. No difference is shown by two one-sided tests within a
  margin that was stated beforehand, never by an interval that contains 0.
- **Exact and statistical results.** With the same seed, threads and machine, tables are the same to the byte; on another
  machine bounds and exact constants agree to rounding, and results of training only statistically.
- **Other seeds and what they changed.** On digits I2, I5, S9 and S12 were at first undecided, each under at least one of the
  global seeds 1 to 3. With those runs in view their experiments were strengthened, and the rule of I2 was changed, a second
  time after seed 4; seed 5 left S9 undecided once more, and its seeds became 25 (docs/landscape.md, docs/memorization.md and
  docs/batch.md say how). Seed 6 was run after all of this.
- **Scale.** Networks are trained on fewer and smaller images than in the sources. Each entry says what differs and what the
  source printed; a verdict is about the setting in which it was reached.
"""


def page(reference: Path = ROOT / "results" / "reference") -> str:
    """Return the whole page as Markdown; ``reference`` holds a folder of results for each scale that has been judged."""
    claims = load()
    runs = {name: judged(reference / name) for name in scales() if (reference / name / "claims.csv").exists()}
    blocks = [
        _HEAD + "".join(_definitions()),
        "## Results\n\n" + "".join(_results(claims, runs)) + "".join(_other_seeds(claims, reference)),
        _ERRORS + _LIMITS,
        "## Claim by claim\n",
    ]
    blocks += ["\n".join(_entry(claim)) for claim in claims]
    return "\n".join(blocks)


def _definitions() -> Iterator[str]:
    for name, function in {**statistics.STATISTICS, "rank_correlation": statistics.rank_correlation}.items():
        yield f"- `{name}`: {' '.join(inspect.getdoc(function).split())}\n"
    yield "\nRules, a closed set:\n\n"
    for name, rule in RULES.items():
        yield f"- `{name}`: {rule.means}.\n"


def _results(claims: list[Claim], runs: dict[str, tuple[pd.DataFrame, pd.DataFrame]]) -> Iterator[str]:
    for name, (verdicts, evidence) in runs.items():
        yield f"- `{name}`: {count(verdicts['verdict'])}; {adjusted(claims, verdicts, evidence)}.\n"
    yield "" if runs else "No verdicts are committed yet.\n"
    verdicts = {name: frame.set_index("claim") for name, (frame, _) in runs.items()}
    for section in SECTIONS.values():
        rows = [_row(claim, verdicts) for claim in claims if claim.section == section]
        if rows:
            yield f"\n### {section}\n\n" + _table(("claim", "statement", *verdicts, "control"), rows)


def _other_seeds(claims: list[Claim], reference: Path) -> Iterator[str]:
    """The verdicts of runs that differ in the global seed alone: all of a claim's, and why where they are not all supported."""
    runs = {
        path.name: judged(path)[0].set_index("claim")
        for path in sorted(reference.glob("seed*/"))
        if list(path.glob("claims.csv"))
    }
    if not runs:
        return
    frames = list(runs.values())
    yield (
        f"\n### Under other seeds\n\nThe whole run at scale {frames[0]['scale'].iloc[0]} with {len(runs)} other global seeds"
        f" ({', '.join(name.removeprefix('seed') for name in runs)}), by the same rules:\n\n"
    )
    for name, frame in runs.items():
        yield f"- `{name}`: {count(frame['verdict'])}.\n"
    rows = []
    for claim in claims:
        found = [frame.loc[claim.id] for frame in frames if claim.id in frame.index]
        if any(row["verdict"] != Verdict.SUPPORTED for row in found):
            rows.append((f"[{claim.id}](#{claim.id.lower()})", *(_verdict(row) for row in found)))
    yield (
        "\nClaims that were not supported under each of them (all others were):\n\n"
        if rows
        else "\nEvery claim is supported under each of them.\n"
    )
    if rows:
        yield _table(("claim", *runs), rows)


def _row(claim: Claim, verdicts: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    found = (_verdict(frame.loc[claim.id]) if claim.id in frame.index else "" for frame in verdicts.values())
    controls = "; ".join(part.name for part in claim.controls)
    return f"[{claim.id}](#{claim.id.lower()})", _plain(claim.statement), *found, _plain(controls)


def _verdict(row: pd.Series) -> str:
    if row["verdict"] == "not run":
        return "not run"
    reason = f"; {row['reason']}" if row["reason"] else ""
    return f"**{row['verdict']}**: " + _plain(f"{estimate(row)}, {row['rule']} {row['threshold']}{reason}")


def _entry(claim: Claim) -> Iterator[str]:
    yield f"### {claim.id}\n"
    yield f"{_plain(claim.statement)}\n"
    yield f"- Source: {_plain(claim.source)}"
    if claim.published:
        yield f"- Published: {_plain(claim.published)}"
    if claim.differs:
        yield f"- Differs: {_plain(claim.differs)}"
    yield f"- Scales: {', '.join(claim.scales)}"
    yield f"- Figures: {', '.join(f'`{figure}`' for figure in claim.figures)}"
    if claim.combine != "all":
        needed = "all parts must agree" if claim.combine == "agree" else f"at least {claim.combine} parts must be supported"
        yield f"- Parts: {needed}"
    yield "\n" + _table(("role", "part", "rows", "measured", "statistic", "rule"), [_part(*each) for each in claim.parts])


def _part(role: str, part: Part) -> tuple[str, ...]:
    name = f"{part.name} (of: {part.of})" if part.of else part.name
    name += f" (at {', '.join(part.scales)})" * bool(part.scales)
    rule = f"{part.rule}: {parameters_of(part)}"
    written = name, f"{part.table}.csv: {part.selection}", part.measure, part.statistic, rule
    return "condition" if role == "requires" else role, *map(_plain, written)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _plain(text: str) -> str:
    """Text of the registry and of tables, in which nothing is markup: ``L* < w*`` is no emphasis, and a bar ends no cell."""
    return re.sub(r"([*<`|])", r"\\\1", text)
