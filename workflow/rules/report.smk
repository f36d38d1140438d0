# What `snakemake --report` shows, and where. Figures are sorted by section of the chapter, with what captions.yaml says of them.
from optprimer.figures.captions import SECTIONS, captions, check_captions
from optprimer.figures.registry import REGISTRY

try:
    check_captions(FIGURES, REGISTRY)
except UserError as error:
    sys.exit(str(error))

# Among the parameters of a job these are no plain values, which Snakemake would compare: an edited caption reruns no figure.
CAPTIONS = captions()
CATEGORIES = {  # by name, and sorted by it
    name: f"{place}. {name}"
    for place, name in enumerate(["Verdicts", *SECTIONS, "Tables"])
}
STAGES = {
    "train": "Loss landscapes",
    "landscape": "Loss landscapes",
    "rates": "Convergence rates",
    "memorization": "Memorization",
    "batch": "Gradient descent and SGD",
    "sharpness": "Sharp and flat minima",
    "edge": "Paths of gradient descent",
}
FINDINGS = {  # tables of the rates that are short enough
    "exponents": "Exponents, fitted and in theory",
    "checks": "Numbers that theory fixes",
    "worst_case": "Exact worst cases",
    "pl": "PL constants",
    "errata": "Errata of the chapter",
}


def pictured(path, kind, wildcard):
    """Put a file of a figure, which `wildcard` names, into the report."""

    def told(wildcards):
        return CAPTIONS[wildcards[wildcard]]

    return report(
        path,
        caption="../report/figure.rst",
        category=lambda wildcards: CATEGORIES[told(wildcards).section],
        subcategory=lambda wildcards: STAGES[stage_of(wildcards[wildcard])],
        labels=lambda wildcards: {"figure": told(wildcards).title, "kind": kind},
    )


def stage_of(figure):
    return FIGURES[figure][-1].partition("/")[0]


def tabulated(table, title, caption, category="Tables"):
    """Put a table into the report, as a file to download."""
    return report(
        f"<results>/{table}.csv",
        caption=f"../report/{caption}.rst",
        category=CATEGORIES[category],
        subcategory=STAGES.get(table.partition("/")[0]),
        labels={"result": title, "kind": "table"},
    )
