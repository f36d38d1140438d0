"""Each check of several keys refuses what it is for, and lets its neighbour pass."""

import pytest

from optprimer.config.checks import CHECKS
from optprimer.config.load import load, merge
from optprimer.config.validate import check
from optprimer.errors import UserError

RESNET = load()["train"]["networks"]["resnet56"]
RESNET18 = {"batch": {"networks": {"conv": {"architecture": "resnet18", "widths": []}}}}
LAYER = {"directions": "layer", "seeds": [0], "points": 13}
CIFAR = {"scale": "cifar10", "data": {"dataset": "cifar10", "image_size": 32}}
CIFAR_16 = {"scale": "cifar10-quick", "data": {"dataset": "cifar10", "image_size": 16}}
NOTHING = {"weight_decay": 0.0, "dropout": 0.0, "crop_padding": 0, "flip": False}
NO_STUDY = {"memorization": {"studies": {name: {"networks": []} for name in load()["memorization"]["studies"]}}}


def study(name, **lists):
    return {"memorization": {"studies": {name: lists}}}


def recipe(name, **settings):
    return {"batch": {"recipes": {name: settings}}}


def ladder(*names):
    return {"batch": {"ladders": {"mlp": list(names), "conv": []}}}


# check, impossible settings, key that the message names, their possible neighbours
CASES = [
    ("image_size_divides_native_side", {"data": {"image_size": 6}}, "data.image_size", {"data": {"image_size": 4}}),
    ("image_size_divides_native_side", {"data": {"image_size": 16}}, "data.image_size", {"data": {"image_size": 8}}),
    (
        "image_size_divides_native_side",
        merge(CIFAR, {"data": {"image_size": 24}}),
        "data.image_size",
        CIFAR_16,
    ),
    ("scale_is_of_the_images", {"scale": "cifar10"}, "scale", {"scale": "smoke"}),
    ("scale_is_of_the_images", CIFAR_16 | {"scale": "cifar10"}, "scale", CIFAR_16),
    ("scale_is_of_the_images", CIFAR_16 | {"scale": "digits"}, "scale", CIFAR | {"scale": "paper"}),
    (
        "scale_is_of_the_images",
        {"data": {"dataset": "cifar10", "image_size": 8}},
        "scale",
        {"scale": "paper", "data": {"dataset": "cifar10", "image_size": 8}},
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
        {"landscape": {"curvature": {"images": 301}}},
        "landscape.curvature.images",
        {"landscape": {"curvature": {"images": 300}}},
    ),
    (
        "subsets_lie_within_the_images",
        {"landscape": {"crosscheck": {"images": 301}}},
        "landscape.crosscheck.images",
        {"landscape": {"crosscheck": {"images": 300}}},
    ),
    ("shifts_stay_within_the_image", {"train": {"crop_padding": 8}}, "train.crop_padding", {"train": {"crop_padding": 7}}),
    ("milestones_increase", {"train": {"milestones": [0.75, 0.5]}}, "train.milestones", {"train": {"milestones": [0.5]}}),
    (
        "step_schedules_have_milestones",
        {"train": {"milestones": [], "schedule": "step"}},
        "train.milestones",
        {"train": {"milestones": [], "schedule": "constant"}},
    ),
    (
        "memorization_batches_are_of_images",
        {"memorization": {"networks": {"mlp_1x8": {"batch_size": 1001}}}},
        "memorization.networks.mlp_1x8.batch_size",
        {"memorization": {"networks": {"mlp_1x8": {"batch_size": 1000}}}},
    ),
    (
        "memorization_batches_are_of_images",
        {"memorization": {"images": "all", "networks": {"mlp_1x8": {"batch_size": 1438}}}},
        "memorization.networks.mlp_1x8.batch_size",
        {"memorization": {"images": "all", "networks": {"mlp_1x8": {"batch_size": 1437}}}},
    ),
    # 1,437 = 4 x 359 + 1, and 513 is a block of 512 and one image.
    (
        "batch_norm_sees_more_than_one_value",
        {"data": {"image_size": 4}, "train": {"batch_size": 4}},
        "train.batch_size",
        {"data": {"image_size": 8}, "train": {"batch_size": 4}},
    ),
    (
        "batch_norm_sees_more_than_one_value",
        {"data": {"image_size": 4}, "train": {"batch_size": 513}},
        "train.batch_size",
        {"data": {"image_size": 4}, "train": {"batch_size": "full"}},
    ),
    (
        "batch_norm_sees_more_than_one_value",
        {"data": {"image_size": 4}, "memorization": {"networks": {"inception": {"batch_size": 999}}}},
        "memorization.networks.inception.batch_size",
        {"data": {"image_size": 4}, "memorization": {"networks": {"inception_no_bn": {"batch_size": 999}}}},
    ),
    (
        "figures_have_their_surfaces",
        {"landscape": {"surfaces": {"trajectory": {"directions": "layer", "points": 13}}}},
        "landscape.surfaces",
        {"landscape": {"surfaces": {"layer": {"directions": "none"}}}},
    ),
    (
        "figures_have_their_surfaces",
        {"landscape": {"surfaces": {name: {"directions": "pca", "seeds": [0]} for name in ("layer", "unnormalised")}}},
        "landscape.surfaces",
        {"landscape": {"surfaces": {"layer": {"directions": "pca", "seeds": [0]}}}},
    ),
    (
        "files_have_one_name_each",
        {"train": {"networks": {"resnet56_a": RESNET}}, "landscape": {"surfaces": {"a_fine": LAYER}}},
        "train.networks.resnet56_a",
        {"train": {"networks": {"resnet56_a": RESNET}}, "landscape": {"surfaces": {"b_fine": LAYER}}},
    ),
    (
        "grids_thin_to_the_common_grid",
        {"landscape": {"surfaces": {"layer": {"points": 15}}}},
        "landscape.surfaces.layer.points",
        {"landscape": {"surfaces": {"layer": {"points": 25}}}},
    ),
    (
        "some_recipe_is_trained",
        {"batch": {"ladders": {"mlp": [], "conv": []}}},
        "batch.ladders",
        {"batch": {"ladders": {"mlp": [], "conv": ["sgd", "adam"]}}},
    ),
    # Batches of 24, of which a block of 23 leaves one out.
    (
        "batch_norm_has_more_than_one_value",
        merge(RESNET18, merge(recipe("adam", block_size=23), {"batch": {"ladders": {"conv": ["sgd", "adam"]}}})),
        "batch.recipes.adam.batch_size",
        merge(RESNET18, merge(recipe("adam", block_size=22), {"batch": {"ladders": {"conv": ["sgd", "adam"]}}})),
    ),
    (
        "batch_recipes_fit_the_images",
        merge(ladder("sgd", "adam"), {"batch": {"images": "all", "recipes": {"adam": {"batch_size": 1438}}}}),
        "batch.recipes.adam.batch_size",
        merge(ladder("sgd", "adam"), {"batch": {"images": "all", "recipes": {"adam": {"batch_size": 1437}}}}),
    ),
    (
        "batch_images_are_there",
        merge(ladder("sgd", "adam"), {"batch": {"images": "all", "sharpness_images": 1438}}),
        "batch.sharpness_images",
        merge(ladder("sgd", "adam"), {"batch": {"images": "all", "sharpness_images": 1437}}),
    ),
    (
        "milestones_increase",
        {"train": {"milestones": [0.5, 0.5]}},
        "train.milestones",
        {"train": {"milestones": [0.5, 0.6]}},
    ),
    (
        "trajectories_span_a_plane",
        {"train": {"checkpoint_every": 30}},
        "train.networks.resnet56.epochs",
        {"train": {"checkpoint_every": 29}},
    ),
    (
        "trajectories_span_a_plane",
        {"train": {"networks": {"resnet56": {"epochs": 1}}}},
        "train.networks.resnet56.epochs",
        {"train": {"networks": {"resnet56": {"epochs": 2}}}},
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
        "surfaces_have_names_of_their_own",
        {"landscape": {"surfaces": {"control": {"directions": "layer", "seeds": [0], "points": 5}}}},
        "landscape.surfaces.control",
        {},
    ),
    (
        "controls_are_some_of_the_networks",
        {"landscape": {"controls": ["resnet20"]}},
        "landscape.controls",
        {"landscape": {"controls": []}},
    ),
    (
        "controls_are_some_of_the_networks",
        {"landscape": {"controls": ["resnet56", "resnet56_noskip", "resnet56_again"]}},
        "landscape.controls",
        {"landscape": {"controls": ["resnet56", "resnet56_again"]}},
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
    (
        "shifts_stay_within_the_image",
        {"memorization": {"regularizers": {"crop": {"crop_padding": 8}}}},
        "memorization.regularizers.crop.crop_padding",
        {"memorization": {"regularizers": {"crop": {"crop_padding": 7}}}},
    ),
    (
        "shifts_stay_within_the_image",
        {"memorization": {"regularizers": {"shift": NOTHING | {"crop_padding": 9}}}},
        "memorization.regularizers.shift.crop_padding",
        {"memorization": {"regularizers": {"shift": NOTHING | {"crop_padding": 9}}}} | CIFAR,
    ),
    # 1,797 digits in 5 folds: the largest has 360, so that others train on 1,437; the smallest has 359.
    ("folds_hold_the_images", {"memorization": {"images": 1438}}, "memorization.images", {"memorization": {"images": 1437}}),
    (
        "folds_hold_the_images",
        {"memorization": {"test_images": 360}},
        "memorization.test_images",
        {"memorization": {"test_images": 359}},
    ),
    (
        "folds_hold_the_images",
        {"memorization": {"folds": 0, "test_images": 361}},
        "memorization.test_images",
        {"memorization": {"folds": 0, "images": 1437, "test_images": 360}},
    ),
    (
        "folds_hold_the_images",
        {"memorization": {"folds": 0, "images": 50001}} | CIFAR,
        "memorization.images",
        {"memorization": {"folds": 10, "images": 50001, "test_images": 6000}} | CIFAR,
    ),
    (
        "mlps_have_widths",
        {"memorization": {"networks": {"mlp_1x512": {"widths": []}}}},
        "memorization.networks.mlp_1x512.widths",
        {"memorization": {"networks": {"mlp_1x512": {"widths": [9, 3]}}}},
    ),
    (
        "mlps_have_widths",
        {"memorization": {"networks": {"alexnet": {"widths": [512]}}}},
        "memorization.networks.alexnet.widths",
        {"memorization": {"networks": {"alexnet": {"architecture": "inception", "widths": []}}}},
    ),
    (
        "mlps_have_widths",
        {"memorization": {"networks": {"mlp_1x512": {"architecture": "inception_no_bn"}}}},
        "memorization.networks.mlp_1x512.widths",
        {"memorization": {"networks": {"mlp_1x512": {"architecture": "inception_no_bn", "widths": []}}}},
    ),
    (
        "studies_name_what_there_is",
        study("regularizers", networks=["mlp_1x512", "mlp_2x512"]),
        "memorization.studies.regularizers.networks",
        study("regularizers", networks=["mlp_1x512", "mlp_3x512"]),
    ),
    (
        "studies_name_what_there_is",
        study("regularizers", regularizers=["early_stopping"]),
        "memorization.studies.regularizers.regularizers",
        study("regularizers", regularizers=["crop_weight_decay"]),
    ),
    (
        "partly_corrupted_labels_have_a_corruption",
        study("corruption", corruption=[]),
        "memorization.studies.corruption.corruption",
        study("corruption", corruption=[], labels=["true_labels", "random_labels"]),
    ),
    (
        "partly_corrupted_labels_have_a_corruption",
        study("labels", corruption=[0.5]),
        "memorization.studies.labels.corruption",
        study("labels", corruption=[0.5], labels=["partial_labels"]),
    ),
    (
        "softmax_regression_is_fitted_as_it_is",
        study("controls", regularizers=["none", "weight_decay"]),
        "memorization.studies.controls.regularizers",
        study("controls", regularizers=["none", "weight_decay"], networks=["mlp_1x8"]),
    ),
    (
        "softmax_regression_is_fitted_as_it_is",
        study("redrawn", networks=["linear"]),
        "memorization.studies.redrawn.labels",
        study("redrawn", networks=["mlp_1x8"]),
    ),
    (
        "true_and_random_labels_are_compared",
        merge(NO_STUDY, study("labels", networks=["alexnet"], labels=["true_labels"])),
        "memorization.studies",
        merge(NO_STUDY, study("labels", networks=["alexnet"])),
    ),
    (
        "true_and_random_labels_are_compared",
        merge(NO_STUDY, study("controls", networks=["linear"])),
        "memorization.studies",
        merge(NO_STUDY, study("controls", networks=["linear", "mlp_1x512"])),
    ),
    (
        "true_and_random_labels_are_compared",
        {"memorization": {"regularizers": {"none": {"flip": True}}}},
        "memorization.regularizers.none",
        {"memorization": {"regularizers": {"crop": {"flip": True}}}},
    ),
    (
        "budgets_outlast_patience",
        {"memorization": {"patience": 61}},
        "memorization.networks.mlp_3x512.epochs",
        {"memorization": {"patience": 60}},
    ),
    (
        "recipes_are_told_to_the_end",
        recipe("gd_clip", like="gd_cilp"),
        "batch.recipes.gd_clip.like",
        recipe("gd_clip", like="gd"),
    ),
    (
        "recipes_are_told_to_the_end",
        merge(recipe("gd", like="gd_longer"), ladder("sgd", "gd_longer", "adam")),
        "batch.recipes.gd_tuned_rate.like",
        merge(recipe("gd", like="adam"), ladder("sgd", "gd_longer", "adam")),
    ),
    (
        "recipes_are_told_to_the_end",
        recipe("new", epochs=3),
        "batch.recipes.new",
        recipe("new", epochs=3, like="sgd"),
    ),
    (
        "recipes_name_what_there_is",
        ladder("sgd", "newton"),
        "batch.ladders.mlp",
        ladder("sgd", "adam"),
    ),
    (
        "recipes_name_what_there_is",
        recipe("gd_clip", rate_of="gd_equal_steps"),
        "batch.recipes.gd_clip.rate_of",
        recipe("gd_clip", rate_of="gd_longer"),
    ),
    (
        "recipes_name_what_there_is",
        ladder("gd", "adam"),
        "batch.recipes.gd.against",
        merge(ladder("gd", "adam"), recipe("sgd", against="adam")),
    ),
    (
        "searches_are_equal",
        recipe("gd_longer", learning_rates=[0.1, 0.2]),
        "batch.recipes.gd_longer.learning_rates",
        recipe("gd_longer", learning_rates=[0.1]),  # no search
    ),
    ("searches_are_equal", {"batch": {"searches": 4, "seeds": 3}}, "batch.searches", {"batch": {"searches": 3, "seeds": 3}}),
    ("searches_are_equal", {"batch": {"seeds": 26}}, "batch.seeds", {"batch": {"seeds": 25}}),
    ("recipes_name_what_there_is", {"batch": {"claims": ["newton"]}}, "batch.claims", {"batch": {"claims": []}}),
    ("batch_images_are_there", {"batch": {"test_images": 360}}, "batch.test_images", {"batch": {"test_images": 359}}),
    (
        "batch_images_are_there",
        merge(ladder("sgd", "adam"), {"batch": {"images": 1438}}),
        "batch.images",
        merge(ladder("sgd", "adam"), {"batch": {"images": 1437}}),
    ),
    # Two folds hold 720 of the 1,797 digits.
    (
        "batch_images_are_there",
        {"batch": {"validation_images": 1077}},
        "batch.validation_images",
        {"batch": {"validation_images": 1076}},
    ),
    (
        "batch_images_are_there",
        {"batch": {"sharpness_images": 1153}},
        "batch.sharpness_images",
        {"batch": {"sharpness_images": 1152}},
    ),
    ("batch_networks_fit", {"batch": {"ladders": {"lenet": []}}}, "batch.ladders.lenet", {"batch": {"ladders": {"conv": []}}}),
    ("batch_networks_fit", {"batch": {"cost_network": "lenet"}}, "batch.cost_network", {"batch": {"cost_network": "mlp"}}),
    (
        "batch_networks_fit",
        {"batch": {"networks": {"conv": {"widths": []}}}},
        "batch.networks.conv.widths",
        {"batch": {"networks": {"conv": {"architecture": "resnet18", "widths": []}}}},
    ),
    (
        "batch_networks_fit",
        merge(
            {"scale": "cifar10", "data": {"dataset": "cifar10", "image_size": 4}},
            {"batch": {"networks": {"conv": {"architecture": "resnet18", "widths": []}}}},
        ),
        "batch.networks.conv.architecture",
        merge(CIFAR_16, {"batch": {"networks": {"conv": {"architecture": "resnet18", "widths": []}}}}),
    ),
    (
        "batch_recipes_fit_the_images",
        recipe("sgd_augmented", crop_padding=8),
        "batch.recipes.sgd_augmented.crop_padding",
        recipe("sgd_augmented", crop_padding=7),
    ),
    (
        "batch_recipes_fit_the_images",
        recipe("adam", batch_size=1153),
        "batch.recipes.adam.batch_size",
        recipe("adam", batch_size="full"),
    ),
    (
        "equal_steps_are_equal",
        recipe("sgd", batch_size=64),
        "batch.recipes.gd_equal_steps.epochs",
        merge(recipe("sgd", batch_size=64), recipe("gd_equal_steps", epochs=180)),
    ),
    ("edge_images_are_there", {"edge": {"images": 1438}}, "edge.images", {"edge": {"images": 1437}}),
    (
        "edge_images_are_there",
        {"edge": {"convexity": {"images": 1438}}},
        "edge.convexity.images",
        {"edge": {"convexity": {"images": 1437}}},
    ),
    (
        "edge_images_are_there",
        {"edge": {"direction": {"images": 1438}}},
        "edge.direction.images",
        {"edge": {"direction": {"images": 1437}}},
    ),
    (
        "edge_controls_are_slower",
        {"edge": {"networks": {"tanh": {"control_learning_rate": 0.25}}}},
        "edge.networks.tanh.control_learning_rate",
        {"edge": {"networks": {"tanh": {"control_learning_rate": 0.24}}}},
    ),
    (
        "edge_sharpness_is_measured_late",
        {"edge": {"sharpness_every": 301}},
        "edge.networks.tanh.steps",
        {"edge": {"sharpness_every": 300}},
    ),
    (
        "spectra_are_of_starts",
        {"edge": {"convexity": {"spectra": 21}}},
        "edge.convexity.spectra",
        {"edge": {"convexity": {"spectra": 20}}},
    ),
    ("sharpness_images_are_there", {"sharpness": {"images": 1438}}, "sharpness.images", {"sharpness": {"images": 1437}}),
    (
        "sharpness_images_are_there",
        {"sharpness": {"test_images": 360}},
        "sharpness.test_images",
        {"sharpness": {"test_images": 359}},
    ),
    ("sharpness_images_are_there", {"sharpness": {"seeds": 6}}, "sharpness.seeds", {"sharpness": {"seeds": 6, "folds": 6}}),
    (
        "small_batches_are_smaller",
        {"sharpness": {"batch_size": 100}},
        "sharpness.batch_size",
        {"sharpness": {"batch_size": 99}},
    ),
    (
        "sharpness_networks_have_widths",
        {"sharpness": {"networks": {"deep": {"widths": []}}}},
        "sharpness.networks.deep.widths",
        {"sharpness": {"networks": {"deep": {"architecture": "alexnet", "widths": []}}}},
    ),
    (
        "sharpness_networks_have_widths",
        {"sharpness": {"networks": {"deep": {"architecture": "alexnet"}}}},
        "sharpness.networks.deep.widths",
        {"sharpness": {"networks": {"deep": {"architecture": "conv"}}}},
    ),
    (
        "minima_are_points_of_their_line",
        {"sharpness": {"line_points": 24}},
        "sharpness.line_points",
        {"sharpness": {"line_points": 22}},
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


def test_without_the_regularizer_none_there_is_nothing_to_compare_with():
    config = load()
    del config["memorization"]["regularizers"]["none"]
    for entry in config["memorization"]["studies"].values():
        entry["networks"], entry["regularizers"] = ["mlp_1x8"], ["crop"]
    with pytest.raises(UserError, match=r"^config: memorization.regularizers.none = None: a regularizer that adds nothing$"):
        check(config)
