"""The one test on a full-size copy of CIFAR-10, for whoever has one: OPTPRIMER_CIFAR10_ARCHIVE=/path/to/copy pytest."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from optprimer.data.prepare import prepare

VARIABLE = "OPTPRIMER_CIFAR10_ARCHIVE"


def test_a_full_copy_of_cifar10(tmp_path):
    archive = os.environ.get(VARIABLE)
    if not archive:
        pytest.skip(f"{VARIABLE} does not name a copy of CIFAR-10")
    data = prepare("cifar10", Path(archive), 16, tmp_path)
    record = json.loads((tmp_path / "provenance.json").read_text())
    assert data.train_images.shape == (50_000, 16, 16, 3)
    assert data.test_images.shape == (10_000, 16, 16, 3)
    assert np.bincount(data.train_labels).tolist() == [5_000] * 10
    assert np.bincount(data.test_labels).tolist() == [1_000] * 10
    assert record["duplicates"]["test_images_in_train"] == 0
    assert data.name == ("cifar10-16" if record["lossless"] else f"cifar10-{record['encoding']}-16")
    # Every copy, JPEG or not, has the published means to within half a grey level; averaging does not move them.
    np.testing.assert_allclose(255 * np.array(data.mean), (125.3, 123.0, 113.9), atol=0.5)
