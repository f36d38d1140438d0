"""What the chapter has wrong, and a number that tells it from what is right.

Each entry puts a statement of the chapter beside its correction and measures on a small instance, without randomness, how far
either is from what happens there. What is printed is the control: an entry in which it stands would be no erratum. Some of
the printed statements are true but do not follow, or are looser than they need be; they say so.

Not in the table, since no number can tell: the paper on landscapes is credited to Xu et al. and is by Li, Xu, Taylor, Studer
and Goldstein, as the chapter's own footnote has it; minimising successive quadratic bounds is majorise-minimise rather
than "follow the leader"; the rows of the hierarchies are about different quantities, gradient norms and losses; momentum's row
needs convexity; that a minimiser exists is assumed in the convex theorem; the remark that step sizes of SGD have to be
variable, where the proof takes a constant one; and spelling (converegence, momemtum, a "Lipschitz upper bound of in every
iteration").
"""

from optprimer.rates.errata.deterministic import DETERMINISTIC
from optprimer.rates.errata.stochastic import STOCHASTIC
from optprimer.rates.findings import Findings
from optprimer.rates.settings import Settings

ERRATA = (*DETERMINISTIC, *STOCHASTIC)


def study(settings: Settings) -> Findings:
    """Measure every erratum, numbered in the chapter's order; no setting matters."""
    findings = Findings("errata")
    for number, erratum in enumerate(ERRATA, start=1):
        printed, corrected = erratum.errors()
        findings.add(
            "errata",
            number=number,
            section=erratum.section,
            place=erratum.place,
            printed=erratum.printed,
            corrected=erratum.corrected,
            check=erratum.check,
            printed_error=printed,
            corrected_error=corrected,
            tolerance=erratum.tolerance,
        )
    return findings
