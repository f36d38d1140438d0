"""Pictures in the page are those on disk, pixel for pixel."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from optprimer.errors import UserError
from optprimer.page.pictures import picture


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (30, 50, 4), dtype=np.uint8)


def decoded(uri):
    kind, _, data = uri.partition(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_every_pixel_is_kept(noise, tmp_path):
    noise[..., 3] = 255
    Image.fromarray(noise).save(tmp_path / "a.png")
    found = picture(tmp_path / "a.png")
    assert (found.width, found.height) == (50, 30)
    np.testing.assert_array_equal(decoded(found.uri), noise[..., :3])


def test_what_is_see_through_becomes_white(noise, tmp_path):
    noise[..., 3] = 0
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert (decoded(picture(tmp_path / "a.png").uri) == 255).all()


def test_equal_pixels_give_equal_text(noise, tmp_path):
    Image.fromarray(noise).save(tmp_path / "a.png", compress_level=1)
    Image.fromarray(noise).save(tmp_path / "b.png", compress_level=9)
    assert picture(tmp_path / "a.png") == picture(tmp_path / "b.png")


@pytest.mark.parametrize("cut", [0, 200])
def test_a_damaged_picture_is_refused_by_name(noise, tmp_path, cut):
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"a\.png: not a picture"):
        picture(path)
