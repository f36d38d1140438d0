"""``optprimer claims``: judge the claims of the chapter, and show how they were judged."""

from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[str, typer.Option(help="name of the run: its tables are in results/{run}")]

app = typer.Typer(help="Judge the claims of the chapter, and show how they were judged.")


@app.callback(invoke_without_command=True)
def claims(
    context: typer.Context,
    run: Run = "digits",
    strict: Annotated[bool, typer.Option("--strict", help="fail where a verdict differs from results/reference/{run}")] = False,
) -> None:
    """Show the verdicts of a run, or judge it, or explain one claim."""
    if context.invoked_subcommand is None:
        _show(run, strict)


def _show(run: str, strict: bool) -> None:
    from rich.console import Console

    from optprimer.claims.load import load
    from optprimer.claims.results import changed, judged
    from optprimer.claims.show import verdicts_table
    from optprimer.claims.wording import adjusted, count

    verdicts, evidence = judged(Path("results", run))
    console = Console()
    console.print(verdicts_table(verdicts, f"results/{run}, scale {', '.join(verdicts['scale'].unique())}"))
    for line in (f"{adjusted(load(), verdicts, evidence)}.", f"{count(verdicts['verdict'])}."):
        console.print(line, highlight=False)
    if strict and (lines := changed(verdicts, Path("results", "reference", run))):
        typer.echo("\n".join(lines), err=True)
        raise typer.Exit(1)


@app.command("judge")
def judge_command(
    results: Annotated[Path, typer.Option(help="folder of the run's tables; those that are missing give `not run`")],
    scale: Annotated[str, typer.Option(help="smoke, digits, cifar10-quick, cifar10 or paper: which claims are judged")],
    output: Annotated[Path, typer.Option(help="folder for claims.csv and claims/evidence.csv")],
    seed: Annotated[int, typer.Option(help="global seed, of shuffled columns")] = 0,
) -> None:
    """Judge every claim of the registry by the tables of a run, finished or not."""
    from optprimer.claims.checks import checked
    from optprimer.claims.frames import claims_frame, evidence_frame
    from optprimer.claims.judge import judge
    from optprimer.claims.load import scales
    from optprimer.claims.origin import check_scale
    from optprimer.claims.results import tables_in
    from optprimer.claims.tables import Claims, Evidence
    from optprimer.claims.wording import count
    from optprimer.errors import UserError
    from optprimer.tables import write

    if scale not in scales():
        raise UserError(f"scale {scale!r}: allowed are {', '.join(scales())}")
    tables = tables_in(results)
    check_scale(results, scale)
    rulings = judge(checked(), tables, scale, seed)
    write(evidence_frame(rulings), Evidence, output / "claims" / "evidence.csv")
    write(claims_frame(rulings, scale), Claims, output / "claims.csv")
    typer.echo(f"{count(ruling.verdict for ruling in rulings)} (scale {scale})")


@app.command("explain")
def explain_command(
    claim: Annotated[str, typer.Argument(help="I1 ... I9, G1 ... G11, P1 ... P5, S1 ... S12")],
    run: Run = "digits",
) -> None:
    """Show how one claim was judged, from the rows of its tables to the verdict, and how to make them anew."""
    from optprimer.claims.checks import checked
    from optprimer.claims.explain import explained, remaking
    from optprimer.claims.results import judged, tables_in
    from optprimer.errors import UserError

    registry = {each.id: each for each in checked()}
    if claim not in registry:
        raise UserError(f"claim {claim!r}: allowed are {', '.join(registry)}")
    results = Path("results", run)
    verdicts, evidence = judged(results)
    rows = verdicts[verdicts["claim"] == claim]
    if rows.empty:
        raise UserError(f"{results / 'claims.csv'}: {claim} has not been judged there")
    verdict = rows.iloc[0]
    for line in explained(registry[claim], verdict, evidence[evidence["claim"] == claim], tables_in(results)):
        typer.echo(line)
    if verdict["scale"] not in registry[claim].scales:
        return
    typer.echo("\nTo make this evidence anew and judge it:")
    for line in remaking(registry[claim], run.removeprefix("reference/"), verdict["scale"], results):
        typer.echo(f"  {line}")


@app.command("docs")
def docs_command(output: Annotated[Path, typer.Option(help="the page to write")]) -> None:
    """Write docs/claims.md from the registry and the reference results."""
    from optprimer.claims.docs import page
    from optprimer.files import write_text

    write_text(output, page())
