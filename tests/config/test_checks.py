"""Each check of several keys refuses what it is for, and lets its neighbour pass."""

import pytest

from optprimer.config.checks import CHECKS
from optprimer.config.load import load, merge
from optprimer.config.validate import check
from optprimer.errors import UserError

CIFAR = {"data": {"dataset": "cifar10", "image_size": 32}}

# check, impossible settings, key that the message names, their possible neighbours
CASES = [
    ("image_size_divides_native_side", {"data": {"image_size": 6}}, "data.image_size", {"data": {"image_size": 4}}),
    ("image_size_divides_native_side", {"data": {"image_size": 16}}, "data.image_size", {"data": {"image_size": 8}}),
    (
        "image_size_divides_native_side",
        {"data": {"dataset": "cifar10", "image_size": 24}},
        "data.image_size",
        {"data": {"dataset": "cifar10", "image_size": 16}},
    ),
    (
        "embedded_digits_have_no_archive",
        {"data": {"archive": "x.zip"}},
        "data.archive",
        merge(CIFAR, {"data": {"archive": "x.zip"}}),
    ),
    ("images_are_there", {"train": {"batch_size": 1438}}, "train.batch_size", {"train": {"batch_size": 1437}}),
    (
        "images_are_there",
        {"train": {"batch_size": 50001}} | CIFAR,
        "train.batch_size",
        {"train": {"batch_size": "full"}} | CIFAR,
    ),
    ("images_are_there", {"landscape": {"images": 1438}}, "landscape.images", {"landscape": {"images": 1437}}),
    (
        "images_are_there",
        {"landscape": {"test_images": 361}},
        "landscape.test_images",
        {"landscape": {"test_images": 361}} | CIFAR,
    ),
    (
        "subsets_lie_within_the_images",
        {"landscape": {"curvature": {"images": 401}}},
        "landscape.curvature.images",
        {"landscape": {"curvature": {"images": 400}}},
    ),
    (
        "subsets_lie_within_the_images",
        {"landscape": {"crosscheck": {"images": 401}}},
        "landscape.crosscheck.images",
        {"landscape": {"crosscheck": {"images": 400}}},
    ),
    ("shifts_stay_within_the_image", {"train": {"crop_padding": 8}}, "train.crop_padding", {"train": {"crop_padding": 7}}),
    ("milestones_increase", {"train": {"milestones": [0.75, 0.5]}}, "train.milestones", {"train": {"milestones": []}}),
    (
        "milestones_increase",
        {"train": {"milestones": [0.5, 0.5]}},
        "train.milestones",
        {"train": {"milestones": [0.5, 0.6]}},
    ),
    (
        "trajectories_span_a_plane",
        {"train": {"checkpoint_every": 40}},
        "train.networks.resnet56.epochs",
        {"train": {"checkpoint_every": 39}},
    ),
    (
        "trajectories_span_a_plane",
        {"train": {"networks": {"resnet56": {"epochs": 1}}}},
        "train.networks.resnet56.epochs",
        {
            "train": {"networks": {"resnet56": {"epochs": 1}}},
            "landscape": {"surfaces": {"trajectory": {"directions": "layer"}}},
        },
    ),
    (
        "pca_has_one_plane",
        {"landscape": {"surfaces": {"trajectory": {"seeds": [0, 1]}}}},
        "landscape.surfaces.trajectory.seeds",
        {"landscape": {"surfaces": {"layer": {"seeds": [0, 1]}}}},
    ),
    (
        "surfaces_have_names_of_their_own",
        {"landscape": {"surfaces": {"line": {"directions": "layer", "seeds": [0], "points": 5}}}},
        "landscape.surfaces.line",
        {"landscape": {"surfaces": {"lines": {"directions": "layer", "seeds": [0], "points": 5}}}},
    ),
    (
        "images_are_there",
        {"rates": {"images": 1438}},
        "rates.images",
        {"rates": {"images": 1437}},
    ),
    (
        "filter_seeds_belong_to_one_family",
        {"landscape": {"surfaces": {"coarse": {"seeds": [0, 1, 2, 3, 4]}}}},
        "landscape.surfaces.coarse.seeds",
        {"landscape": {"surfaces": {"layer": {"seeds": [0, 1, 2, 3, 4]}}}},
    ),
    (
        "directions_exist",
        {"landscape": {"line": {"seeds": [0, 5]}}},
        "landscape.line.seeds",
        {"landscape": {"line": {"seeds": [4]}}},
    ),
    (
        "directions_exist",
        {"landscape": {"curvature": {"seed": 5}}},
        "landscape.curvature.seed",
        {
            "landscape": {
                "curvature": {"seed": 5},
                "surfaces": {"extra": {"directions": "filter", "seeds": [5], "points": 13}},
            }
        },
    ),
    (
        "directions_exist",
        {"landscape": {"crosscheck": {"seed": 5}, "surfaces": {"layer": {"seeds": [5]}}}},
        "landscape.crosscheck.seed",
        {"landscape": {"crosscheck": {"seed": 1}}},
    ),
    (
        "grids_thin_to_the_common_grid",
        {"landscape": {"surfaces": {"fine": {"points": 27}}}},
        "landscape.surfaces.fine.points",
        {"landscape": {"surfaces": {"fine": {"points": 37}}}},
    ),
    (
        "grids_thin_to_the_common_grid",
        {"landscape": {"surfaces": {"coarse": {"points": 7}}}},
        "landscape.surfaces.coarse.points",
        {"landscape": {"surfaces": {"layer": {"points": 7}, "trajectory": {"points": 9}}}},
    ),
]


def test_every_check_has_its_case():
    assert {case[0] for case in CASES} == {check.__name__ for check in CHECKS}


@pytest.mark.parametrize(("name", "impossible", "key", "possible"), CASES)
def test_the_impossible_is_refused_by_its_own_check(name, impossible, key, possible):
    config = merge(load(), impossible)
    assert [violated.__name__ for violated in CHECKS if list(violated(config))] == [name]
    with pytest.raises(UserError) as caught:
        check(config)
    assert str(caught.value).startswith(f"config: {key} = ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("name", "impossible", "key", "possible"), CASES)
def test_its_possible_neighbour_passes(name, impossible, key, possible):
    check(merge(load(), possible))


def test_the_line_says_what_would_do():
    with pytest.raises(UserError) as caught:
        check(merge(load(), {"data": {"image_size": 16}}))
    assert str(caught.value) == "config: data.image_size = 16: 8 or 4 for digits"
