"""Pictures inside the page.

A figure is carried as lossless WebP: pixel for pixel the PNG that lies beside the page, at 40 % of its size. Written out as
text, all figures of a run take 5 MB; they would take 13 MB as PNG and 9 MB as SVG, whose thousands of paths are slow to draw.
A palette of 256 colours would save another 1 MB, and put bands into shaded surfaces.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from optprimer.errors import UserError


@dataclass(frozen=True)
class Picture:
    """A picture of ``width`` times ``height`` pixels as a data URI."""

    uri: str
    width: int
    height: int


def picture(path: Path) -> Picture:
    """Read a picture; equal pixels give equal text.

    Raises:
        UserError: the file is no picture.
    """
    try:
        with Image.open(path) as image:
            pixels = image.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError) as error:  # Pillow tells a damaged PNG by a SyntaxError
        raise UserError(f"{path}: not a picture ({' '.join(str(error).split())[:80]})") from None
    paper = Image.new("RGBA", pixels.size, "white")
    stream = io.BytesIO()
    Image.alpha_composite(paper, pixels).convert("RGB").save(stream, "WEBP", lossless=True, quality=30, method=3)
    return Picture(f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}", *pixels.size)
