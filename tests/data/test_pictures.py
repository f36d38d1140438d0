import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from optprimer.data.pictures import BadPictureError, decode, quantization_tables

PIXELS = np.random.default_rng(3).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def saved(kind, picture=None, **options):
    buffer = io.BytesIO()
    (picture or Image.fromarray(PIXELS)).save(buffer, kind, **options)
    return buffer.getvalue()


PNG, JPEG = saved("PNG"), saved("JPEG", quality=75)


def test_a_png_comes_back_as_it_was():
    pixels, encoding = decode(PNG, 8)
    assert encoding == "lossless"
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, PIXELS)


@pytest.mark.parametrize("quality", range(1, 101))
def test_the_quality_of_every_jpeg_of_pillow_is_recognised(quality):
    assert decode(saved("JPEG", quality=quality), 8)[1] == f"jpeg{quality}"


def test_tables_of_quality_50_are_those_of_the_standard_and_of_100_all_ones():
    assert quantization_tables(50)[0][:8] == (16, 11, 10, 16, 24, 40, 51, 61)
    assert set(quantization_tables(100)[0] + quantization_tables(100)[1]) == {1}


@pytest.mark.parametrize(
    "tables", [[[7] * 64, [9] * 64], [list(quantization_tables(75)[0])] * 2], ids=["own", "luminance only"]
)
def test_a_jpeg_with_other_tables_has_no_known_quality(tables):
    assert decode(saved("JPEG", qtables=tables), 8)[1] == "jpeg"


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_a_png_of_another_colour_model_is_refused(mode):
    with pytest.raises(BadPictureError, match=f"colour model {mode}, expected RGB"):
        decode(saved("PNG", Image.fromarray(PIXELS).convert(mode)), 8)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_of_another_colour_model_is_refused(mode):
    with pytest.raises(BadPictureError, match=f"colour model {mode}, expected RGB"):
        decode(saved("JPEG", Image.fromarray(PIXELS).convert(mode)), 8)


@pytest.mark.parametrize("data", [PNG, JPEG])
def test_another_size_is_refused(data):
    with pytest.raises(BadPictureError, match="8 x 8 pixels, expected 32 x 32"):
        decode(data, 32)


@pytest.mark.parametrize("data", [b"", b"<html>", saved("GIF"), saved("BMP")], ids=["empty", "html", "gif", "bmp"])
def test_other_kinds_are_refused(data):
    with pytest.raises(BadPictureError, match="not a PNG or JPEG"):
        decode(data, 8)


def test_a_png_that_declares_a_huge_size_is_refused_before_it_is_decoded():
    header = b"IHDR" + struct.pack(">IIBBBBB", 9_000, 9_000, 8, 2, 0, 0, 0)
    bomb = PNG[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + PNG[33:]
    with pytest.raises(BadPictureError, match="9000 x 9000 pixels"):
        decode(bomb, 8)


def attempt(data):
    """The pixels, or the line that says why not."""
    try:
        return decode(bytes(data), 8)[0]
    except BadPictureError as error:
        return str(error)


def unharmed_or_refused(data, original):
    result = attempt(data)
    if isinstance(result, str):
        assert result
        assert "\n" not in result
    else:
        np.testing.assert_array_equal(result, decode(original, 8)[0])


# Of a flat image, so that it is compressed: there, unlike in noise, decoding alone misses some flips.
FLAT = saved("PNG", Image.new("RGB", (8, 8), (40, 90, 200)))


@pytest.mark.parametrize("original", [PNG, FLAT], ids=["noise", "flat"])
def test_any_flipped_bit_of_a_png_is_harmless_or_refused(original):
    for position in range(8 * len(original)):
        data = bytearray(original)
        data[position // 8] ^= 1 << position % 8
        unharmed_or_refused(data, original)


@pytest.mark.parametrize("original", [PNG, JPEG], ids=["png", "jpeg"])
def test_any_truncation_is_harmless_or_refused(original):
    for length in range(len(original)):
        unharmed_or_refused(original[:length], original)
    with pytest.raises(BadPictureError):
        decode(original[: len(original) // 2], 8)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_arbitrary_bytes_behind_a_jpeg_header_raise_nothing_else(tail):
    assert "\n" not in attempt(JPEG[:160] + tail)
