"""Title, caption and text alternative of every figure, for all that shows figures: page, report and gallery.

They are in ``captions.yaml`` beside this module, in the order of the chapter.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

import yaml

from optprimer.errors import UserError

FILE = "optprimer/figures/captions.yaml"
SECTIONS = ("Introduction", "Gradient descent", "The PL condition", "Stochastic gradients")
"""The sections of the chapter that figures belong to, in its order."""


@dataclass(frozen=True)
class Caption:
    """What is said of a figure; plain text in UTF-8, without markup."""

    title: str
    section: str  # one of SECTIONS
    caption: str
    alt: str  # in place of the picture, for somebody who cannot see it

    def __post_init__(self) -> None:
        for key, text in asdict(self).items():
            if not isinstance(text, str) or not text.strip():
                raise ValueError(f"{key} = {text!r}: a text is needed")
        if self.section not in SECTIONS:
            raise ValueError(f"section {self.section!r}: allowed are {', '.join(SECTIONS)}")

    def __str__(self) -> str:
        """Return the title, which stands for the figure among the parameters of a job."""
        return self.title


@cache
def captions() -> dict[str, Caption]:
    """Return the caption of every figure by its name, in the order of the chapter.

    Raises:
        ValueError: an entry has another key, lacks one, has no text there, or names no section; the message names the figure.
    """
    text = files("optprimer.figures").joinpath("captions.yaml").read_text(encoding="utf-8")
    return {name: _caption(name, entry) for name, entry in yaml.safe_load(text).items()}


def check_captions(figures: Iterable[str], where: str) -> None:
    """Refuse figures of which nothing can be said.

    Args:
        figures: names.
        where: the file that names them.

    Raises:
        UserError: one has no caption; the line names it, ``where``, and the file of captions.
    """
    for name in figures:
        if name not in captions():
            raise UserError(f"{where}: figure {name!r} has no caption in {FILE}")


def _caption(name: str, entry: dict[str, str]) -> Caption:
    try:
        return Caption(**entry)
    except (TypeError, ValueError) as error:
        raise ValueError(f"captions.yaml: {name}: {error}") from error
