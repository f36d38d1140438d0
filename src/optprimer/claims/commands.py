"""``optprimer claims``: judge the claims of the chapter, and show how they were judged."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Judge the claims of the chapter, and show how they were judged.")


@app.callback()
def claims() -> None:
    """Judge the claims of the chapter, and show how they were judged."""


@app.command("judge")
def judge_command(
    results: Annotated[Path, typer.Option(help="folder of the run's tables; those that are missing give `not run`")],
    scale: Annotated[str, typer.Option(help="smoke, digits, cifar10-quick, cifar10 or paper: which claims are judged")],
    output: Annotated[Path, typer.Option(help="folder for claims.csv and claims/evidence.csv")],
    seed: Annotated[int, typer.Option(help="global seed, of bootstrap intervals")] = 0,
) -> None:
    """Judge every claim of the registry by the tables of a run; write claims.csv and claims/evidence.csv."""
    from optprimer.claims.checks import checked
    from optprimer.claims.frames import claims_frame, evidence_frame
    from optprimer.claims.judge import judge
    from optprimer.claims.results import tables_in
    from optprimer.claims.tables import Claims, Evidence
    from optprimer.tables import write

    rulings = judge(checked(), tables_in(results), scale, seed)
    write(evidence_frame(rulings), Evidence, output / "claims" / "evidence.csv")
    write(claims_frame(rulings, scale), Claims, output / "claims.csv")
