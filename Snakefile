# The whole graph at a glance:
#
#     data ─► train ─► directions ─► surface, line, curvature ─► tables ─► figures
#       │        └───► trajectory ─┘                               ▲
#       ├───► rates ───────────────────────────────────────────────┤
#       ├───► batch ───────────────────────────────────────────────┤
#       ├───► edge ────────────────────────────────────────────────┤
#       └───► memorization ────────────────────────────────────────┘        └─► claims ─► verdicts
#
# snakemake --cores all                                                      the embedded default (config.yaml)
# snakemake --cores all --configfile workflow/scales/cifar10-quick.yaml      another scale
# snakemake --cores all figure1                                              one figure
from snakemake.utils import min_version

min_version("9.20")


configfile: str(Path(workflow.basedir, "config.yaml"))


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/rates.smk"
include: "workflow/rules/memorization.smk"
include: "workflow/rules/batch.smk"
include: "workflow/rules/edge.smk"
include: "workflow/rules/sharpness.smk"
include: "workflow/rules/collect.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/page.smk"


# All that a run is asked for. Who deletes one of these gets it again, so they are named here and not left to the manifest.
RESULTS = [
    *expand("<figures>/{figure}.png", figure=FIGURES),
    *expand("<results>/rates/{table}.csv", table=RATES_TABLES),
    *expand("<results>/memorization/{table}.csv", table=["curves", "runs", "summary"]),
    *expand("<results>/batch/{table}.csv", table=["curves", "runs", "summary", "cost"]),
    *expand(
        "<results>/edge/{table}.csv",
        table=["curves", "summary", "convexity", "spectra", "direction", "limits"],
    ),
    *expand(
        "<results>/sharpness/{table}.csv",
        table=[*SHARPNESS_TABLES, "summary", "slopes"],
    ),
    "<results>/claims.csv",
    "<results>/claims/evidence.csv",
    "<figures>/index.html",
]


include: "workflow/rules/manifest.smk"


rule all:
    default_target: True
    input:
        RESULTS,
        rules.manifest.output,
