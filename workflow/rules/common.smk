# Settings are checked here, before the graph is built: one line and exit status 1.
import json
import sys

from optprimer.batch.plan import jobs as batch_jobs
from optprimer.claims.load import registry_sha256, tables_needed
from optprimer.config.machine import check_machine
from optprimer.config.validate import check
from optprimer.digest import digest
from optprimer.edge.plan import jobs as edge_jobs
from optprimer.errors import UserError
from optprimer.figures.registry import FIGURES, PAGES, target
from optprimer.files import check_room
from optprimer.landscape.jobs import CONTROL, Jobs
from optprimer.manifest.identity import run_digest
from optprimer.memorization.plan import jobs as memorization_jobs
from optprimer.page.assets import assets_sha256
from optprimer.page.registry import TABLES as PAGE_TABLES
from optprimer.rates.registry import STUDIES, TABLES as RATES_TABLES
from optprimer.sharpness.settings import jobs as sharpness_jobs

try:
    check(config)
    for folder in ("results", "figures"):
        check_room(Path(folder, config["run"]))
except UserError as error:
    sys.exit(str(error))

CONTROLS = sorted(config["landscape"]["controls"])
NETS = sorted(set(config["train"]["networks"]) - set(CONTROLS))
TRAIN_SEEDS = {
    net: config["seed"] + entry["seed"]
    for net, entry in config["train"]["networks"].items()
}
JOBS = Jobs.plan(config["landscape"])
MEMORIZATION_JOBS = memorization_jobs(config["memorization"])
BATCH_JOBS = {
    stage: batch_jobs(config["batch"], stage) for stage in ("search", "train")
}
EDGE_JOBS = edge_jobs(config["edge"])
SHARPNESS_JOBS = sharpness_jobs(config["sharpness"])
STATE = f"results/{config['run']}/.state"  # of interrupted jobs; nobody's output, so Snakemake leaves it alone
GPU = int(config["device"] == "cuda")

SURFACES = {
    name: {"seeds": family.seed_list, "points": family.points}
    for name, family in JOBS.grids.items()
}
DIRECTIONS = sorted({family.directions for family in JOBS.surfaces.values()})
DIRECTION_SEEDS = {kind: JOBS.seeds(kind) for kind in DIRECTIONS}

MACHINE_FLAGS = f"--device {config['device']} --precision {config['precision']}"
SAMPLE_FLAGS = f"--images {config['landscape']['images']} --batch-size {config['landscape']['batch_size']} --seed {config['seed']}"
TRAIN_FLAGS = " ".join(
    f"--{key.replace('_', '-')} {config['train'][key]}"
    for key in (
        "batch_size",
        "optimizer",
        "momentum",
        "weight_decay",
        "schedule",
        "warmup",
        "decay",
    )
    + ("crop_padding", "checkpoint_every")
)
TRAIN_FLAGS += " --milestones " + (
    ",".join(map(str, config["train"]["milestones"])) or "''"
)
TRAIN_FLAGS += " --flip" if config["train"]["flip"] else " --no-flip"

RATES_FLAGS = " ".join(
    f"--{key.replace('_', '-')} {value}" for key, value in config["rates"].items()
)

MEMORIZATION_FLAGS = f"--folds {config['memorization']['folds']}" + "".join(
    f" --{key.replace('_', '-')} {config['memorization'][key]}"
    for key in ("images", "test_images")
    if config["memorization"][key] != "all"
)

COST_NETWORK = config["batch"]["networks"][config["batch"]["cost_network"]]
COST_FLAGS = (
    f"--network {config['batch']['cost_network']} --architecture {COST_NETWORK['architecture']}"
    f" --widths '{','.join(map(str, COST_NETWORK['widths']))}'"
)

BATCH_FLAGS = f"--folds {config['batch']['folds']}" + "".join(
    f" --{key.replace('_', '-')} {config['batch'][key]}"
    for key in ("images", "test_images")
    if config["batch"][key] != "all"
)

EDGE_DESCENT = {
    key: value
    for key, value in config["edge"].items()
    if key not in ("convexity", "direction")
}

PROVENANCE_FLAGS = (
    f"--run {config['run']} --seed {config['seed']} --run-digest {run_digest(config)}"
)


def memory(megabytes):
    """A request that grows with the attempt."""
    return lambda wildcards, attempt: megabytes * attempt


def minutes(first):
    """A time limit that grows with the attempt; a job that reaches it goes on from its state."""
    return lambda wildcards, attempt: first * attempt


def surface_planes(wildcards):
    kind = JOBS.grids[wildcards.surface].directions
    return f"<results>/landscape/{wildcards.net}/directions/{kind}.safetensors"


def table_parts(wildcards):
    """The files that one table is joined from."""
    if wildcards.stage == "rates":
        return [f"<results>/rates/{study}/{wildcards.table}.csv" for study in STUDIES]
    if wildcards.stage == "memorization":
        return [
            f"<results>/memorization/{first}-{last}/{wildcards.table}.csv"
            for first, last in MEMORIZATION_JOBS
        ]
    if wildcards.stage == "batch":
        stage = "search" if wildcards.table == "search" else "train"
        return [
            f"<results>/batch/{stage}/{first}-{last}/{wildcards.table}.csv"
            for first, last in BATCH_JOBS[stage]
        ]
    if wildcards.stage == "edge":
        return [
            f"<results>/edge/{first}-{last}/curves.csv" for first, last in EDGE_JOBS
        ]
    if wildcards.stage == "sharpness":
        return [
            f"<results>/sharpness/{first}-{last}/{wildcards.table}.csv"
            for first, last in SHARPNESS_JOBS
        ]
    families = {
        "line": {"line": JOBS.line},
        "curvature": {"curvature": JOBS.curvature},
        "surface": JOBS.surfaces,
    }
    if wildcards.table not in families:
        return [f"<results>/landscape/{net}/{wildcards.table}.csv" for net in NETS]
    return rows_of(NETS, families[wildcards.table])


def rows_of(nets, families):
    """The files that hold the rows of some families of grids."""
    return [
        f"<results>/landscape/{net}/rows/{name}/{first}-{last}.csv"
        for net in nets
        for name, family in families.items()
        for first, last in family.ranges()
    ]


def tables_of(figure):
    """The tables that a figure is made from."""
    return files_of(FIGURES[figure], NETS)


def files_of(tables, nets):
    """The files of tables: one each, but for the histories of training, which are one per network."""
    histories = [f"<results>/train/{net}/history.csv" for net in nets]
    return [
        path
        for table in tables
        for path in (
            histories if table == "train/history" else [f"<results>/{table}.csv"]
        )
    ]


CLAIMS_TABLES = files_of(
    tables_needed(config["scale"]), sorted(config["train"]["networks"])
)


def figure_code(figure):
    """The digest of what draws a figure."""
    modules = [figure, f"{figure}_page"] if figure in PAGES else [figure]
    return digest(
        "optprimer.figures.commands",
        *(f"optprimer.figures.{module}" for module in modules),
    )


pathvars:
    results=f"results/{config['run']}",
    figures=f"figures/{config['run']}",
    logs=f"results/{config['run']}/logs",
    benchmarks=f"results/{config['run']}/benchmarks",


# The software of all rules, for those who ask for it by --sdm (docs/clusters.md): an environment by its name, or an image.
# Declared to nobody else but the linter, because every run would say that it is ignored.
SOFTWARE = {method.name for method in workflow.deployment_settings.deployment_method}
CONDA = "optprimer" if "CONDA" in SOFTWARE else None
if "APPTAINER" in SOFTWARE or "--lint" in sys.argv:

    container: str(Path(workflow.basedir, "containers/optprimer.sif"))


wildcard_constraints:
    net="|".join(NETS + CONTROLS),
    surface="|".join(SURFACES),
    directions="filter|layer|none",
    stage="landscape|rates|memorization|batch|edge|sharpness",
    table="surface|line|curvature|trajectory|crosscheck|precision|runs|search|"
    + "minima|keskar|reparameterization|profile|"
    + "|".join(RATES_TABLES),
    study="|".join(STUDIES),
    figure="|".join(name for name in FIGURES if name not in PAGES),
    page="|".join(PAGES),
    first=r"\d+",
    last=r"\d+",


# Where jobs run elsewhere, their own machines answer.
onstart:
    if workflow.local_exec:
        try:
            check_machine(config)
        except UserError as error:
            sys.exit(str(error))


onsuccess:
    print(
        f"\nFigures: {Path('figures', config['run']).resolve()}\nTables:  {Path('results', config['run']).resolve()}"
    )
    page = Path("figures", config["run"], "index.html")
    verdicts = Path("results", config["run"], "claims.csv")
    if page.exists() and verdicts.exists():
        from optprimer.claims.results import judged
        from optprimer.claims.wording import count

        print(
            f"Page:    {page.resolve()}\n\n{count(judged(verdicts.parent)[0]['verdict'])}"
        )
