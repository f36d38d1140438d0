"""Colours: ten that differ, also in lightness or hue to eyes without red or green cones; shades in order."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from optprimer.figures.palette import COLOURBLIND, shades

# Linear RGB as seen without red and without green cones (Machado, Oliveira & Fernandes 2009, severity 1).
WITHOUT = {
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.mark.parametrize("cones", WITHOUT)
def test_the_first_four_colours_stay_apart_to_the_colour_blind(cones):
    colours = np.array([to_rgb(colour) for colour in COLOURBLIND[:4]])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(WITHOUT[cones]).T, 0, 1)
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.1
    assert len(set(COLOURBLIND)) == 10


@pytest.mark.parametrize("lightest", [0.0, 0.4])
def test_shades_run_along_the_map_in_equal_steps_without_its_ends(lightest):
    found = np.array([to_rgb(colour) for colour in shades("viridis", 5, lightest)])
    at = lightest + (1 - lightest) * np.arange(1, 6) / 6
    expected = np.array([matplotlib.colormaps["viridis"](x)[:3] for x in at])
    assert np.abs(found - expected).max() <= 0.5 / 255 + 1e-9
