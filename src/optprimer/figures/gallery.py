"""The gallery of the reference figures: all of them on a page of the documentation, a choice of them in the README.

Both are Markdown with tables of HTML in it, which scale the committed pictures, so there are no thumbnails to keep.
"""

import os
import shlex
from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote

from optprimer.errors import UserError
from optprimer.figures.captions import SECTIONS, captions, check_captions
from optprimer.figures.registry import FIGURES, REGISTRY, target
from optprimer.files import write_text

CHOICE = (
    ("trajectory", "memorization_kinds", "saddles", "acceleration"),
    ("pl", "sgd", "edge", "reparameterization"),
)
"""What the README shows beside the figures of its text, row by row."""

BEGIN, END = "<!-- gallery: written by optprimer gallery -->", "<!-- end of the gallery -->"


def write_gallery(runs: Sequence[str], reference: Path, output: Path, readme: Path) -> None:
    """Write the page of all figures to ``output``, and the choice of them into ``readme``, between its marks.

    A figure is shown from the first of ``runs``, folders of ``reference``, that has it; the README shows the first run's.

    Raises:
        UserError: a figure has no caption or is in no run, one of the choice is not in the first, or the README lacks a mark.
    """
    check_captions(FIGURES, REGISTRY)
    base, link = _relative(reference, output), _relative(output, readme)
    text = _with_block(readme.read_text(encoding="utf-8"), _choice(reference, runs[0], readme, link), readme)
    write_text(output, _page(reference, runs, base))
    write_text(readme, text)


def _page(reference: Path, runs: Sequence[str], base: str) -> str:
    parts = [
        "# Gallery",
        "Every figure, in the order of the chapter, drawn from the reference results. A picture leads to its full size, where\n"
        "the footer says what was measured; the command makes it, and whatever it still needs.",
        f"Written by `optprimer gallery {shlex.join(runs)}` from `src/optprimer/figures/captions.yaml`.",
    ]
    for section in SECTIONS:
        names = [name for name, told in captions().items() if told.section == section]
        rows = [_row(name, _having(name, reference, runs), base) for name in names]
        parts += [f"## {section}", "\n".join(["<table>", *rows, "</table>"])]
    return "\n\n".join(parts) + "\n"


def _having(name: str, reference: Path, runs: Sequence[str]) -> list[str]:
    having = [run for run in runs if (reference / run / f"{name}.png").exists()]
    if not having:
        raise UserError(f"{reference}: {name}.png is in none of {', '.join(runs)}")
    return having


def _row(name: str, runs: Sequence[str], base: str) -> str:
    told = captions()[name]
    others = "".join(f' · <a href="{base}/{quote(run)}/{name}.png">{escape(run)}</a>' for run in runs[1:])
    return (
        f'<tr><td width="50%">{_picture(name, f"{base}/{quote(runs[0])}")}</td>\n'
        f"<td><b>{escape(told.title, quote=False)}</b><br>{escape(told.caption, quote=False)}<br><br>\n"
        f"<code>snakemake --cores 4 {target(name)}</code> · {escape(runs[0])}{others}</td></tr>"
    )


def _choice(reference: Path, run: str, readme: Path, link: str) -> str:
    rows, folder = ["<table>"], f"{_relative(reference, readme)}/{quote(run)}"
    for names in CHOICE:
        rows.append("<tr>")
        for name in names:
            _having(name, reference, [run])
            rows.append(f'<td width="25%">{_picture(name, folder)}<br>{escape(captions()[name].title, quote=False)}</td>')
        rows.append("</tr>")
    return "\n".join(
        [*rows, "</table>", "", f"All {len(FIGURES)} figures, with captions and commands: [{unquote(link)}]({link})."]
    )


def _picture(name: str, folder: str) -> str:
    path = f"{folder}/{name}.png"
    return f'<a href="{path}"><img src="{path}" width="100%" alt="{escape(captions()[name].alt)}"></a>'


def _with_block(text: str, block: str, path: Path) -> str:
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(f"{path}: the gallery goes between a line {BEGIN} and a line {END}")
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def _relative(path: Path, page: Path) -> str:
    """Return the link to ``path`` from ``page``, for HTML and Markdown: blanks, quotes, # and the like are written out."""
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())
