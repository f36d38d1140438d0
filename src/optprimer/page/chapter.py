"""What the page says of the chapter itself: its sections, and what it leaves open."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

CHAPTER = "Foundations of Deep Learning, chapter 4: A primer on optimization. Lecture notes, NYU Tandon, spring 2022"


@dataclass(frozen=True)
class Chapter:
    """``sections``: what each is about, in order; ``blanks``: what is left open, by the claim that fills it."""

    sections: dict[str, str]
    blanks: dict[str, str]


@cache
def chapter() -> Chapter:
    """Read ``chapter.yaml``."""
    return Chapter(**yaml.safe_load(files("optprimer.page").joinpath("chapter.yaml").read_text(encoding="utf-8")))
