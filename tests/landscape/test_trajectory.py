"""Paths of training whose shape is known: where they lie on their plane, and what they cost there."""

import copy

import numpy as np
import pytest
import torch

from optprimer.landscape.directions import random_plane
from optprimer.landscape.evaluator import PlaneEvaluator
from optprimer.landscape.trajectory import trajectory


def flat(direction):
    return torch.cat([d.double().flatten() for d in direction.values()])


def moved(network, steps):
    """A copy of the state of ``network``, displaced by factor * direction for each of ``steps``."""
    state = copy.deepcopy(network.state_dict())
    for factor, direction in steps:
        for name, d in direction.items():
            state[name] += factor * d
    return state


@pytest.fixture(scope="module")
def directions(skip_network):
    planes = [random_plane(skip_network, 3, k, "filter", 1.0) for k in (0, 1)]
    return planes[0].d1, planes[0].d2, planes[1].d1


@pytest.fixture(scope="module")
def wandering(skip_network, directions):
    """Six checkpoints in three dimensions, with batch norms and biases of their own; the last is the network."""
    a, b, c = directions
    states = {}
    for epoch, (x, y, z) in {0: (1, 0.1, 0.3), 2: (0.7, 0.5, -0.3), 3: (0.4, 0.6, 0.2), 5: (0.2, 0.2, 0.1)}.items():
        states[epoch] = moved(skip_network, [(x, a), (y, b), (z, c)])
        for name, value in states[epoch].items():
            if "bn" in name and value.is_floating_point():
                value *= 1 + 0.1 * x
    states[9] = copy.deepcopy(skip_network.state_dict())
    return states


@pytest.fixture(scope="module")
def found(skip_network, wandering, images, runtime):
    return trajectory(copy.deepcopy(skip_network), wandering, images, runtime, 48)


def test_it_ends_in_the_origin(found):
    _, rows = found
    last = rows[-1]
    assert last["epoch"] == 9
    assert (last["alpha"], last["beta"], last["displacement"], last["off_plane"]) == pytest.approx((0, 0, 0, 0), abs=1e-9)
    assert last["plane_loss"] == pytest.approx(last["loss"], rel=1e-7)


def test_losses_are_those_of_the_checkpoints_themselves(found, skip_network, wandering, images, by_hand):
    own = copy.deepcopy(skip_network)
    for row, (epoch, state) in zip(found[1], wandering.items(), strict=True):
        own.load_state_dict(state)
        assert row["epoch"] == epoch
        assert row["loss"] == pytest.approx(by_hand(own, images).loss, rel=1e-6)
        assert row["n"] == 48


def test_plane_losses_are_those_of_the_shadows(found, skip_network, images, by_hand):
    plane, rows = found
    for row in rows:
        # fp32 directions: coordinates of about 10 along unit vectors of 80,000 weights round at 1e-6 of a weight's step.
        expected = by_hand(skip_network, images, plane, row["alpha"], row["beta"]).loss
        assert row["plane_loss"] == pytest.approx(expected, rel=2e-6)
    assert abs(rows[0]["plane_loss"] / rows[0]["loss"] - 1) > 0.01  # off the plane, and with other batch norms


def test_coordinates_are_in_weights_and_the_rest_is_off_the_plane(found, skip_network, wandering):
    plane, rows = found
    d1, d2 = flat(plane.d1), flat(plane.d2)
    assert (d1.norm().item(), d2.norm().item(), (d1 @ d2).item()) == pytest.approx((1, 1, 0), abs=1e-6)
    for row, state in zip(rows, wandering.values(), strict=True):
        step = flat({name: state[name] - skip_network.get_parameter(name).detach() for name in plane.d1})
        rest = step - row["alpha"] * d1 - row["beta"] * d2
        assert row["displacement"] == pytest.approx(step.norm().item(), rel=1e-5, abs=1e-6)
        assert row["off_plane"] == pytest.approx(rest.norm().item(), rel=1e-4, abs=1e-5)
        assert row["displacement"] ** 2 == pytest.approx(row["alpha"] ** 2 + row["beta"] ** 2 + row["off_plane"] ** 2)
    assert rows[0]["off_plane"] > 0.1
    assert rows[0]["variance_1"] > rows[0]["variance_2"] > 0
    assert rows[0]["variance_1"] + rows[0]["variance_2"] < 1


def test_biases_and_batch_norms_are_not_in_the_directions(found, skip_network):
    assert set(found[0].d1) == set(found[0].d2) == {n for n, p in skip_network.named_parameters() if p.dim() > 1}


def test_the_extent_shows_the_whole_path_with_a_margin(found):
    plane, rows = found
    for axis, (low, high) in zip(("alpha", "beta"), plane.extent, strict=True):
        values = [row[axis] for row in rows]
        span = max(values) - min(values)
        assert low < min(values) - 0.1 * span
        assert high > max(values) + 0.1 * span


def test_a_path_in_a_plane_is_its_own_shadow(skip_network, directions, images, runtime):
    a, b, _ = directions
    states = {e: moved(skip_network, [(x, a), (y, b)]) for e, (x, y) in enumerate([(0.8, 0), (0.5, 0.5), (0, 0.4), (0, 0)])}
    plane, rows = trajectory(copy.deepcopy(skip_network), states, images, runtime, 48)
    for row in rows:
        assert row["off_plane"] < 1e-4 * rows[0]["displacement"]
        assert row["plane_loss"] == pytest.approx(row["loss"], rel=2e-5)
    # The surface of that plane goes through the path.
    on_plane = PlaneEvaluator(skip_network, plane.d1, plane.d2, runtime, images.inputs[:2])
    assert on_plane(rows[1]["alpha"], rows[1]["beta"], images, 48).loss == pytest.approx(rows[1]["loss"], rel=2e-5)
    assert rows[0]["variance_1"] + rows[0]["variance_2"] == pytest.approx(1, abs=1e-5)


def test_a_straight_path_still_gets_a_plane(skip_network, directions, images, runtime):
    states = {e: moved(skip_network, [(x, directions[0])]) for e, x in enumerate((0.9, 0.3, 0.0))}
    plane, rows = trajectory(copy.deepcopy(skip_network), states, images, runtime, 48)
    (left, right), (low, high) = plane.extent
    assert np.abs([row["beta"] for row in rows]).max() < 1e-2 * rows[0]["displacement"]
    assert high - low == pytest.approx((right - left) / 5)
    assert low < 0 < high


def test_the_network_is_the_last_checkpoint_again(skip_network, wandering, images, runtime):
    network = copy.deepcopy(skip_network)
    trajectory(network, wandering, images, runtime, 48)
    assert all(torch.equal(value, wandering[9][name]) for name, value in network.state_dict().items())
    assert all(p.requires_grad for p in network.parameters())
