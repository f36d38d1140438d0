"""Directions: what they have the length of, what they leave alone, where they come from, how they are stored."""

import copy
import json

import numpy as np
import pytest
import torch
from loss_landscapes.model_interface.model_parameters import ModelParameters
from safetensors import safe_open
from scipy import stats

from optprimer.errors import UserError
from optprimer.landscape.commands import directions
from optprimer.landscape.directions import Plane, cosine, load_planes, random_direction, random_plane, save_planes
from optprimer.networks.resnet import resnet
from optprimer.networks.store import Architecture, save_network

MOVING = ("conv", "linear.weight", "shortcut.0")


def norms(tensor):
    return tensor.double().flatten(1).norm(dim=1)


def length(direction):
    return torch.cat([d.double().flatten() for d in direction.values()]).norm().item()


def weights(network):
    return {name: p.detach() for name, p in network.named_parameters() if p.dim() > 1}


def fill(network, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return network


def test_filters_have_the_norm_of_the_filters_they_move(network):
    direction = random_direction(network, 5, "filter")
    assert set(direction) == set(weights(network))
    for name, weight in weights(network).items():
        assert direction[name].shape == weight.shape
        torch.testing.assert_close(norms(direction[name]), norms(weight), rtol=1e-6, atol=0)
    assert length(direction) == pytest.approx(length(weights(network)), rel=1e-6)


def test_layers_have_the_norm_of_their_layer_but_not_of_each_filter(skip_network):
    direction = random_direction(skip_network, 5, "layer")
    for name, weight in weights(skip_network).items():
        assert direction[name].norm().item() == pytest.approx(weight.norm().item(), rel=1e-6)
    assert (norms(direction["conv.weight"]) / norms(weights(skip_network)["conv.weight"]) - 1).abs().max() > 0.05


def test_unnormalised_directions_have_the_norm_of_the_weights_and_one_scale(skip_network):
    direction = random_direction(skip_network, 5, "none")
    assert length(direction) == pytest.approx(length(weights(skip_network)), rel=1e-6)
    flat = torch.cat([d.flatten() for d in direction.values()]).double()
    # Standard deviation of a sample's standard deviation: 1 / sqrt(2 n); stage 3 has 1e5 weights.
    spread = flat.std().item()
    for name in ("stages.2.0.conv2.weight", "stages.0.0.conv1.weight"):
        n = direction[name].numel()
        assert direction[name].std().item() == pytest.approx(spread, rel=5 / np.sqrt(2 * n))


def test_draws_are_gaussian(skip_network):
    flat = torch.cat([d.flatten() for d in random_direction(skip_network, 5, "none").values()]).double().numpy()
    assert stats.kstest(flat / flat.std(), "norm").pvalue > 0.01
    assert abs(stats.kurtosis(flat)) < 5 * np.sqrt(24 / len(flat))  # a uniform has -1.2


@pytest.mark.parametrize("normalisation", ["filter", "layer", "none"])
def test_biases_and_batch_norms_are_absent(skip_network, normalisation):
    names = set(random_direction(skip_network, 5, normalisation))
    still = {name for name, p in skip_network.named_parameters() if p.dim() == 1}
    assert names.isdisjoint(still)
    assert len(names) == 10  # stem, six in blocks, two projections, the linear layer
    assert all(any(part in name for part in MOVING) for name in names)


def test_a_filter_of_zeros_stays_put(skip_network):
    network = copy.deepcopy(skip_network)
    network.conv.weight.data[3] = 0
    direction = random_direction(network, 5, "filter")["conv.weight"]
    assert torch.equal(direction[3], torch.zeros_like(direction[3]))
    assert (norms(direction)[[0, 1, 2, 4]] > 0).all()


def test_agrees_with_the_filter_normalisation_of_loss_landscapes(skip_network):
    # Its normalisation of a direction does not see the direction's own scale, so ours without normalisation may go in.
    ours, raw = (random_direction(skip_network, 5, kind) for kind in ("filter", "none"))
    theirs = ModelParameters([d.clone() for d in raw.values()])
    theirs.filter_normalize_(ModelParameters(list(weights(skip_network).values())))
    for mine, other in zip(ours.values(), theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("skips", [True, False])
def test_random_pairs_of_a_large_network_are_nearly_orthogonal(skips):
    network = fill(resnet(56, skips=skips, channels=3, classes=10, generator=torch.Generator()))
    for k in range(3):
        plane = random_plane(network, 0, k, "filter", 1.0)
        # Five standard deviations of the cosine of two independent draws, 1.2e-3.
        assert abs(cosine(plane.d1, plane.d2)) < 0.006


def test_cosine():
    east, north = {"w": torch.tensor([[2.0, 0.0]])}, {"w": torch.tensor([[0.0, 3.0]])}
    both = {"w": torch.tensor([[1.0, 1.0]])}
    assert cosine(east, north) == 0
    assert cosine(east, both) == pytest.approx(np.sqrt(0.5))
    assert cosine(east, {"w": -east["w"]}) == -1


def test_seed_direction_seed_and_axis_decide(skip_network):
    first = random_plane(skip_network, 0, 0, "filter", 1.0)
    again = random_plane(skip_network, 0, 0, "filter", 2.0)
    assert all(torch.equal(first.d1[name], again.d1[name]) for name in first.d1)
    assert all(torch.equal(first.d2[name], again.d2[name]) for name in first.d2)
    assert first.extent == ((-1.0, 1.0), (-1.0, 1.0))
    assert again.extent == ((-2.0, 2.0), (-2.0, 2.0))
    others = [random_plane(skip_network, 1, 0, "filter", 1.0).d1, random_plane(skip_network, 0, 1, "filter", 1.0).d1, first.d2]
    for other in others:
        assert abs(cosine(first.d1, other)) < 0.05  # 80,000 weights: standard deviation about 4e-3


def test_networks_with_and_without_shortcuts_draw_the_same_where_they_are_alike():
    with_skips, without = (
        fill(resnet(8, skips=skips, channels=3, classes=10, generator=torch.Generator()), seed=int(skips))
        for skips in (True, False)
    )
    one, other = (random_direction(network, 5, "filter") for network in (with_skips, without))
    assert set(one) - set(other) == {"stages.1.0.shortcut.0.weight", "stages.2.0.shortcut.0.weight"}
    for name in other:
        # Filter norms differ, for the weights do; the draw is what is left without them.
        unit = [d[name].flatten(1) / norms(d[name])[:, None] for d in (one, other)]
        torch.testing.assert_close(*unit, rtol=1e-5, atol=1e-6)
        assert not torch.allclose(one[name], other[name], rtol=1e-3)


def test_layers_of_equal_shape_draw_differently(skip_network):
    direction = random_direction(skip_network, 5, "none")
    assert not torch.equal(direction["stages.0.0.conv1.weight"], direction["stages.0.0.conv2.weight"])


def test_the_global_generator_is_neither_used_nor_moved(skip_network):
    torch.manual_seed(1)
    first, state = random_direction(skip_network, 5, "filter"), torch.get_rng_state()
    torch.manual_seed(2)
    second = random_direction(skip_network, 5, "filter")
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_an_unknown_normalisation_is_named(skip_network):
    with pytest.raises(UserError, match="directions 'filters': allowed are filter, layer, none"):
        random_direction(skip_network, 5, "filters")


@pytest.fixture
def stored(skip_network, tmp_path):
    planes = {k: random_plane(skip_network, 0, k, "filter", 1.0) for k in (0, 7)}
    planes[7] = Plane(planes[7].d1, planes[7].d2, ((-1.0, 2.5), (-0.25, 0.5)))
    path = tmp_path / "directions.safetensors"
    save_planes(planes, "filter", path)
    return planes, path


def test_any_program_can_read_the_file(skip_network, stored):
    planes, path = stored
    with safe_open(path, "np") as handle:
        arrays = {key: handle.get_tensor(key) for key in handle.keys()}  # noqa: SIM118 (not a mapping)
        metadata = json.loads(handle.metadata()["optprimer"])
    names = set(weights(skip_network))
    assert set(arrays) == {f"seed{k}/{axis}/{name}" for k in (0, 7) for axis in ("d1", "d2") for name in names}
    for k, plane in planes.items():
        for axis, direction in (("d1", plane.d1), ("d2", plane.d2)):
            for name, value in direction.items():
                assert arrays[f"seed{k}/{axis}/{name}"].dtype == np.float32
                assert np.array_equal(arrays[f"seed{k}/{axis}/{name}"], value.numpy())
                assert value.shape == skip_network.get_parameter(name).shape
    assert metadata["directions"] == "filter"
    assert metadata["extents"] == {"0": [[-1.0, 1.0], [-1.0, 1.0]], "7": [[-1.0, 2.5], [-0.25, 0.5]]}
    assert metadata["cosines"] == {str(k): pytest.approx(cosine(p.d1, p.d2)) for k, p in planes.items()}


def test_planes_come_back(stored):
    planes, path = stored
    kind, found = load_planes(path, [7, 0])
    assert kind == "filter"
    assert list(found) == [7, 0]
    for k, plane in found.items():
        assert plane.extent == planes[k].extent
        for back, out in ((plane.d1, planes[k].d1), (plane.d2, planes[k].d2)):
            assert set(back) == set(out)
            assert all(torch.equal(back[name], out[name]) for name in out)


def test_equal_content_gives_equal_bytes(stored, tmp_path):
    planes, path = stored
    save_planes(planes, "filter", tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_missing_seed_is_named(stored):
    with pytest.raises(UserError, match=r"directions\.safetensors: has no direction seed 3 \(it has 0, 7\)"):
        load_planes(stored[1], [0, 3])


@pytest.mark.parametrize("damage", ["missing", "cut", "text", "foreign"])
def test_a_file_of_something_else_is_named_in_one_line(stored, tmp_path, damage):
    path = tmp_path / "other.safetensors"
    if damage == "cut":
        path.write_bytes(stored[1].read_bytes()[:-1000])
    elif damage == "text":
        path.write_text("alpha,beta\n")
    elif damage == "foreign":
        path.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")  # safetensors, and empty
    with pytest.raises(
        UserError,
        match=r"^[^\n]*other\.safetensors: (no such file|damaged, or no file of tensors|not a file of directions)[^\n]*$",
    ):
        load_planes(path, [0])


def test_the_command_gives_equal_bytes_whatever_the_threads_of_the_process(tmp_path):
    network = resnet(20, skips=True, channels=1, classes=10, generator=torch.Generator().manual_seed(0))
    save_network(network, Architecture(20, True, 1, 10), tmp_path / "weights.safetensors")
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        directions(tmp_path / "weights.safetensors", tmp_path / str(threads), "layer", "0,1")
    torch.set_num_threads(before)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
