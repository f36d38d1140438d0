"""Decoding one PNG or JPEG, and telling how it was encoded."""

import io
from functools import cache

import numpy as np
from PIL import Image

LOSSLESS = "lossless"
UNKNOWN_JPEG = "jpeg"

# The example tables of ISO/IEC 10918-1 (ITU-T T.81), annex K, row by row: what libjpeg calls quality 50.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)


class BadPictureError(ValueError):
    """Bytes that are not an RGB image of the expected size; the text says why, without naming the file."""


def decode(data: bytes, side: int) -> tuple[np.ndarray, str]:
    """Decode an RGB PNG or JPEG of ``side`` x ``side`` pixels into uint8 (side, side, 3), and name its encoding.

    The size is checked before a pixel is decoded. A PNG is checked against all its checksums; a JPEG has none, so a flipped
    bit in its coefficients goes unseen here.

    Raises:
        BadPictureError: truncated, corrupt, of another kind, size or colour model.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
        if picture.size != (side, side):
            raise BadPictureError(f"{picture.width} x {picture.height} pixels, expected {side} x {side}")
        if picture.mode != "RGB":
            raise BadPictureError(f"colour model {picture.mode}, expected RGB")
        if picture.format == "PNG":
            # verify() reads every chunk's CRC, which decoding alone skips, and leaves the object unusable.
            Image.open(io.BytesIO(data), formats=("PNG",)).verify()
        picture.load()
        return np.asarray(picture), LOSSLESS if picture.format == "PNG" else _encoding(picture.quantization)
    except BadPictureError:
        raise
    except Exception as error:  # pillow's decoders raise a dozen types on damaged bytes
        reason = "not a PNG or JPEG" if isinstance(error, Image.UnidentifiedImageError) else " ".join(str(error).split())
        raise BadPictureError(reason or type(error).__name__) from None


def quantization_tables(quality: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the luminance and chrominance tables, row by row, of libjpeg's ``quality`` (1 to 100).

    An entry b of annex K becomes floor((s b + 50) / 100), s = 5000 / q below quality 50 and 200 - 2q from there on, kept
    between 1 and 255 (``jpeg_set_quality`` of the Independent JPEG Group's library).
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    luminance, chrominance = (
        tuple(min(max((entry * scale + 50) // 100, 1), 255) for row in table for entry in row)
        for table in (LUMINANCE, CHROMINANCE)
    )
    return luminance, chrominance


def _encoding(tables: dict[int, list[int]]) -> str:
    quality = _qualities().get(tuple(tuple(tables[key]) for key in sorted(tables)))
    return f"jpeg{quality}" if quality else UNKNOWN_JPEG


@cache
def _qualities() -> dict[tuple[tuple[int, ...], ...], int]:
    return {quantization_tables(quality): quality for quality in range(1, 101)}
