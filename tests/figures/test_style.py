import matplotlib
import pandas as pd
import pytest

from optprimer.figures import style


def test_nets_are_named_and_ordered_without_skips_first():
    assert style.title("resnet56_noskip") == "ResNet-56, no skip connections"
    assert style.title("resnet110") == "ResNet-110, with skip connections"
    assert style.title("resnet56_noskip_lr0.01") == "ResNet-56, no skip connections, lr0.01"
    assert style.title("their_network") == "their_network"
    assert style.ordered(["resnet110", "resnet20", "resnet110_noskip", "resnet20"]) == [
        "resnet110_noskip",
        "resnet20",
        "resnet110",
    ]


def test_legends_are_short_for_one_pair_and_unambiguous_otherwise():
    assert style.labels(["resnet56", "resnet56_noskip"]) == {
        "resnet56_noskip": "without skip connections",
        "resnet56": "with skip connections",
    }
    nets = ["resnet20", "resnet56_noskip", "resnet56", "resnet56_noskip_slow"]
    assert len(set(style.labels(nets).values())) == 4


@pytest.mark.parametrize("count", [1, 2, 6])
def test_every_net_has_its_own_colour(count):
    nets = [f"resnet{20 + 6 * i}{suffix}" for i in range(count) for suffix in ("", "_noskip")][: max(count, 2)]
    assert len(set(style.colours(nets).values())) == len(nets)


@pytest.mark.parametrize(("count", "expected"), [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 2)), (6, (2, 3)), (7, (3, 3))])
def test_panels_fit_three_abreast(count, expected):
    assert style.tile(count) == expected


def test_images_and_epochs_are_told_as_spans_where_they_differ():
    assert style.images(pd.DataFrame({"n": [400, 400]})) == "400 images"
    assert style.images(pd.DataFrame({"n": [1000, 50_000]})) == "1,000 to 50,000 images"
    history = pd.DataFrame({"net": ["resnet56", "resnet56_noskip", "resnet56_noskip"], "epoch": [14, 3, 20]})
    assert style.epochs(history) == "20 epochs without skip connections, 14 epochs with skip connections"


def test_the_house_style_leaves_no_trace():
    before = dict(matplotlib.rcParams)
    with style.house():
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert dict(matplotlib.rcParams) == before


def test_footers_are_broken_between_facts_within_the_page(provenance):
    with style.house():
        figure = style.page(2)
        style.footer(figure, provenance, *["a fact of thirty characters ..."] * 12)
    text = figure.get_supxlabel()
    assert all(len(line) <= 125 for line in text.split("\n"))
    assert text.count("a fact of thirty characters") == 12
    assert "digest 0123456789ab" in text
    assert text.startswith("digits · ")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.21, 0.63, ["0.3", "0.4", "0.5"]),
        (0.3, 2.8, ["0.5", "1", "2"]),
        (0.004, 4, ["0.01", "0.1", "1"]),
    ],
)
def test_logarithmic_axes_have_a_few_plain_numbers(low, high, expected):
    axes = style.page(2).subplots()
    axes.set(yscale="log", ylim=(low, high))
    style.plain_log(axes)
    axes.figure.canvas.draw()
    assert [
        text.get_text() for y, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True) if low < y < high
    ] == expected
