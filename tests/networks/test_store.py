"""Networks and trajectories on disk: what is read back is what was written, and what is not a network is refused by name."""

import pytest
import torch

from optprimer.errors import UserError
from optprimer.networks.resnet import ResNet, resnet
from optprimer.networks.store import Architecture, load_network, load_trajectory, save_network, save_trajectory
from optprimer.tensors import save_tensors


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def used_network(*, skips: bool) -> ResNet:
    """A network whose batch norms have seen images, in the layout of training."""
    network = resnet(8, skips=skips, channels=1, classes=4, generator=seeded(0)).to(memory_format=torch.channels_last)
    network(torch.randn(16, 1, 8, 8, generator=seeded(1)))
    return network


@pytest.mark.parametrize("skips", [True, False])
def test_a_network_comes_back_with_its_buffers_ready_to_evaluate(tmp_path, skips):
    network = used_network(skips=skips)
    save_network(network, Architecture(8, skips, 1, 4), tmp_path / "new" / "weights.safetensors")
    back = load_network(tmp_path / "new" / "weights.safetensors")
    assert back.state_dict().keys() == network.state_dict().keys()
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in back.state_dict().items())
    assert int(back.state_dict()["bn.num_batches_tracked"]) == 1
    assert not any(module.training for module in back.modules())
    images = torch.randn(5, 1, 8, 8, generator=seeded(2))
    # The same weights in another memory layout: sums of up to 576 products in another order.
    torch.testing.assert_close(back(images), network.eval()(images), rtol=1e-4, atol=1e-7)


def test_equal_networks_are_equal_bytes(tmp_path):
    for name in ("one", "two"):
        save_network(used_network(skips=True), Architecture(8, True, 1, 4), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_trajectory_comes_back_in_the_order_of_epochs(tmp_path):
    # As text, "epoch10" sorts before "epoch2".
    states = {epoch: {"w": torch.full((2,), float(epoch)), "bn.count": torch.tensor(epoch)} for epoch in (0, 2, 10, 9)}
    save_trajectory(iter(states.items()), tmp_path / "trajectory.safetensors")
    back = load_trajectory(tmp_path / "trajectory.safetensors")
    assert list(back) == [0, 2, 9, 10]
    for epoch, state in back.items():
        assert state.keys() == {"w", "bn.count"}
        assert all(torch.equal(state[name], states[epoch][name]) for name in state)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.safetensors: no such file"):
        load_network(tmp_path / "nothing.safetensors")


def test_a_trajectory_is_not_a_network(tmp_path):
    save_trajectory([(0, {"w": torch.zeros(1)})], tmp_path / "trajectory.safetensors")
    with pytest.raises(UserError, match=r"trajectory\.safetensors: not the weights of a network"):
        load_network(tmp_path / "trajectory.safetensors")


@pytest.mark.parametrize("content", [b"", b"these are no tensors", bytes(100)], ids=["empty", "text", "zeros"])
def test_a_file_of_another_kind_is_refused_by_name(tmp_path, content):
    (tmp_path / "notes.txt").write_bytes(content)
    with pytest.raises(UserError, match=r"notes\.txt: damaged, or no file of tensors"):
        load_network(tmp_path / "notes.txt")


def test_tensors_that_do_not_fit_their_architecture_are_refused_by_name(tmp_path):
    metadata = {"depth": 14, "skips": True, "channels": 1, "classes": 4}
    save_tensors(tmp_path / "torn.safetensors", used_network(skips=True).state_dict(), metadata)
    with pytest.raises(UserError, match=r"torn\.safetensors: not the weights of a network") as error:
        load_network(tmp_path / "torn.safetensors")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["w", "epoch/w", "epoch1", "epochx/w", "epoch-1/w"])
def test_what_is_no_trajectory_is_refused_by_name(tmp_path, name):
    save_tensors(tmp_path / "t.safetensors", {name: torch.zeros(1)}, {})
    with pytest.raises(UserError, match=r"t\.safetensors: not the trajectory of a network trained here"):
        load_trajectory(tmp_path / "t.safetensors")
