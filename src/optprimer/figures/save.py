"""Write a figure as PNG, PDF and SVG: atomically, with its provenance inside, the same bytes every time."""

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from optprimer.figures.provenance import Provenance
from optprimer.figures.style import house
from optprimer.files import replacing

_DPI = 200


def with_extension(stem: Path, extension: str) -> Path:
    """Append ``extension`` to ``stem``, which may itself contain dots."""
    return stem.with_name(f"{stem.name}.{extension}")


@house()
def save(figure: Figure, stem: Path, provenance: Provenance) -> None:
    """Write ``figure`` to ``stem``.png (200 dpi), .pdf and .svg.

    The provenance is in the PNG's and SVG's Description and in the PDF's Subject. No file holds a date, and the SVG's
    identifiers come from a fixed salt, so equal figures are equal bytes.
    """
    metadata = {
        "png": {"Title": stem.name, "Description": provenance.text()},
        "pdf": {"Title": stem.name, "Subject": provenance.text(), "CreationDate": None},
        "svg": {"Title": stem.name, "Description": provenance.text(), "Date": None},
    }
    with matplotlib.rc_context({"svg.hashsalt": "optprimer", "pdf.fonttype": 42}):
        for extension, entries in metadata.items():
            with replacing(with_extension(stem, extension)) as temporary:
                figure.savefig(temporary, format=extension, dpi=_DPI, metadata=entries)
