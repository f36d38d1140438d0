"""The page, from what was read: a pure function, so that equal inputs give equal bytes.

It asks for nothing outside itself. Its policy allows the one style sheet and the one script that it carries, known by their
fingerprints, and pictures written out in it; a script that got into a table could not run even if it were not escaped.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from optprimer.claims.wording import count
from optprimer.figures.captions import SECTIONS, Caption
from optprimer.figures.provenance import Provenance
from optprimer.page import assets
from optprimer.page.chapter import CHAPTER, chapter
from optprimer.page.pictures import Picture
from optprimer.page.views import Claim, claims_in, errata_in
from optprimer.page.words import data_in_words, mathematical

SYMBOLS = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "not run": "–"}
_ARXIV = re.compile(r"arXiv[: ](\d{4}\.\d{4,5})")


@dataclass(frozen=True)
class Link:
    """A file beside the page, by a path relative to it."""

    name: str
    href: str


@dataclass(frozen=True)
class Drawn:
    """A figure that was made: its picture, and links to its files and to the tables that it was drawn from."""

    picture: Picture
    files: tuple[Link, ...]
    tables: tuple[Link, ...]


@dataclass(frozen=True)
class About:
    """What the page says of the run itself."""

    provenance: Provenance
    scale: str
    data: tuple[str, ...]  # names of the data sets
    versions: tuple[tuple[str, str], ...]
    command: str  # that makes the run and its page anew
    tables: tuple[Link, ...]


@dataclass(frozen=True)
class Figure:
    """A figure as the page shows it; ``first`` is the claim at which it stands, empty if no claim names it."""

    name: str
    title: str
    caption: str
    alt: str
    section: str
    first: str
    drawn: Drawn | None

    @property
    def made(self) -> bool:
        """Whether there is a picture."""
        return self.drawn is not None


@dataclass(frozen=True)
class Section:
    """A section of the chapter: what it is about, its claims, and figures that no claim names."""

    name: str
    anchor: str
    lead: str
    claims: tuple[Claim, ...]
    others: tuple[Figure, ...]


def page(
    *,
    claims: pd.DataFrame,
    evidence: pd.DataFrame,
    errata: pd.DataFrame,
    captions: Mapping[str, Caption],
    figures: Mapping[str, Drawn],
    models: Mapping[str, Mapping[str, Any]],
    about: About,
    adjusted: str,
) -> str:
    """Return the page as HTML.

    Args:
        claims: rows of claims.csv.
        evidence: rows of claims/evidence.csv.
        errata: rows of rates/errata.csv, none if they were not computed.
        captions: of all figures, those of the claims among them.
        figures: those that were made, by name; another that a claim names is said to be missing.
        models: what can be moved, by the figure that it belongs to (optprimer.page.models); an empty one is left out.
        about: the run.
        adjusted: how many claims remain when all are adjusted together.
    """
    shown = claims_in(claims, evidence)
    gallery = _gallery(shown, captions, figures)
    by_name = {claim.id: claim for claim in shown}
    style, script = assets.style(), assets.script()
    return _environment().get_template("page.html.j2").render(
        about=about,
        adjusted=adjusted,
        blanks=[(open_, by_name[name]) for name, open_ in chapter().blanks.items() if name in by_name],
        by_verdict={verdict: [claim for claim in shown if claim.verdict == verdict] for verdict in SYMBOLS},
        chapter=CHAPTER,
        errata=errata_in(errata),
        figure_of=lambda claim: gallery[claim.figure],
        models={name: model for name, model in models.items() if model},
        script=Markup(script),
        script_hash=assets.fingerprint(script),
        sections=[_section(name, shown, gallery) for name in SECTIONS],
        sources=_sources(shown),
        style=Markup(style),
        style_hash=assets.fingerprint(style),
        summary=count(claim.verdict for claim in shown),
        symbol=symbol,
        tally=tally,
    )  # fmt: skip


def _gallery(claims: Iterable[Claim], captions: Mapping[str, Caption], figures: Mapping[str, Drawn]) -> dict[str, Figure]:
    firsts: dict[str, str] = {}
    for claim in claims:
        firsts.setdefault(claim.figure, claim.id)
    return {
        name: Figure(
            name=name,
            title=caption.title,
            caption=caption.caption,
            alt=caption.alt,
            section=caption.section,
            first=firsts.get(name, ""),
            drawn=figures.get(name),
        )
        for name, caption in captions.items()
    }


def _section(name: str, claims: Iterable[Claim], gallery: Mapping[str, Figure]) -> Section:
    others = [each for each in gallery.values() if each.section == name and not each.first and each.made]
    return Section(
        name=name,
        anchor=slug(name),
        lead=chapter().sections[name],
        claims=tuple(claim for claim in claims if claim.section == name),
        others=tuple(others),
    )


def _sources(claims: Iterable[Claim]) -> list[str]:
    """Return whom the claims are from, each once; the chapter is named by itself."""
    named = (source.strip() for claim in claims for source in claim.source.split(";"))
    return sorted({source for source in named if source and not source.startswith("the chapter")})


def symbol(verdict: str) -> Markup:
    """Return the sign of a verdict, which is not read aloud: its word stands beside it."""
    return Markup('<span class="symbol" aria-hidden="true">{}</span>').format(SYMBOLS[verdict])


def tally(claims: Sequence[Claim]) -> Markup:
    """Return how many claims there are of each verdict, for the navigation."""
    counts = Counter(claim.verdict for claim in claims)
    parts = (
        Markup('<span class="{}">{}{}<span class="unseen"> {}</span></span>').format(
            slug(verdict), symbol(verdict), counts[verdict], verdict
        )
        for verdict in SYMBOLS
        if counts[verdict]
    )
    return Markup('<span class="tally">{}</span>').format(Markup(" ").join(parts))


def slug(text: str) -> str:
    """Return a name for anchors and style classes."""
    return re.sub(r"\W+", "-", text.lower())


def linked(text: str) -> Markup:
    """Make links of the numbers of arXiv in a text, which may be marked up already."""
    parts = [type(text)(piece) for piece in _ARXIV.split(text)]
    links = (Markup('<a href="https://arxiv.org/abs/{0}">arXiv {0}</a>').format(each) for each in parts[1::2])
    return Markup("").join(piece for pair in zip(map(escape, parts[::2]), [*links, ""], strict=True) for piece in pair)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("optprimer.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "allow_nan": False, "separators": (",", ":")}
    environment.filters |= {
        "slug": slug,
        "linked": linked,
        "data_in_words": data_in_words,
        "mathematical": mathematical,
        "quoted": shlex.quote,
    }
    return environment
