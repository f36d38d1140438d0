"""The principal plane against scikit-learn's PCA and against geometry: planes, lines, Pythagoras.

All arithmetic is float64; 1e-9 relative is what the Gram matrix, whose eigenvalues are squares, leaves of its 1e-16.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from optprimer.errors import UserError
from optprimer.landscape import pca
from optprimer.landscape.pca import principal_plane


def random(n: int, p: int, seed: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Checkpoints far from the origin with decreasing spread along random directions, as a decaying learning rate leaves."""
    generator = torch.Generator().manual_seed(seed)
    rank = min(n, p)
    scales = 2.0 ** -torch.arange(rank, dtype=torch.float64)
    left = torch.randn(n, rank, generator=generator, dtype=torch.float64)
    right = torch.randn(rank, p, generator=generator, dtype=torch.float64)
    return (left * scales @ right + 3).to(dtype)


@pytest.fixture(params=[7, 1 << 16], ids=["many blocks", "one block"])
def _block_size(request, monkeypatch):
    monkeypatch.setattr(pca, "COLUMNS_PER_BLOCK", request.param)


@pytest.mark.usefixtures("_block_size")
@pytest.mark.parametrize(("n", "p"), [(3, 2), (3, 50), (12, 200), (40, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_agrees_with_scikit_learn(n, p, dtype):
    checkpoints = random(n, p, seed=n, dtype=dtype)
    plane = principal_plane(checkpoints)
    rows = checkpoints.double().numpy()
    reference = PCA(2, svd_solver="full").fit(rows - rows[-1])
    signs = np.sign((plane.directions.numpy() * reference.components_).sum(1))
    np.testing.assert_allclose(signs[:, None] * plane.directions.numpy(), reference.components_, atol=1e-7)
    np.testing.assert_allclose(plane.variance_shares, reference.explained_variance_ratio_, rtol=1e-9, atol=1e-12)
    # scikit-learn's scores are about the mean; about the last checkpoint they differ by those of the last.
    scores = reference.transform(rows - rows[-1])
    np.testing.assert_allclose(signs * plane.coordinates.numpy(), scores - scores[-1], atol=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 12), st.integers(2, 30), st.integers(0, 2**32))
def test_pythagoras_orthonormality_and_signs(n, p, seed):
    checkpoints = random(n, p, seed)
    plane = principal_plane(checkpoints)
    torch.testing.assert_close(
        plane.displacement.square(), plane.coordinates.square().sum(1) + plane.off_plane.square(), rtol=1e-9, atol=1e-12
    )
    torch.testing.assert_close(plane.displacement, (checkpoints - checkpoints[-1]).norm(dim=1), rtol=1e-12, atol=0)
    torch.testing.assert_close(plane.directions @ plane.directions.T, torch.eye(2).double(), rtol=0, atol=1e-12)
    assert (plane.coordinates[0] >= 0).all()
    assert (plane.coordinates[-1] == 0).all()
    assert plane.off_plane[-1] == plane.displacement[-1] == 0
    assert 1 + 1e-12 >= plane.variance_shares[0] >= plane.variance_shares[1] >= 0
    assert sum(plane.variance_shares) <= 1 + 1e-12


@pytest.mark.usefixtures("_block_size")
def test_a_planar_path_has_no_residual_and_keeps_its_shape():
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(100, 2, generator=generator, dtype=torch.float64)).Q
    path = torch.tensor([[5.0, 1.0], [3.0, -1.0], [2.0, 2.0], [0.5, 0.1], [0.0, 0.0]], dtype=torch.float64)
    plane = principal_plane(path @ basis.T + 1)
    assert plane.off_plane.max() < 1e-12 * plane.displacement.max()
    assert sum(plane.variance_shares) == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(torch.cdist(plane.coordinates, plane.coordinates), torch.cdist(path, path))


def test_components_are_about_the_mean_not_about_the_last_checkpoint():
    # The last point is far off along y, the rest vary along x. About the last, y would come first.
    checkpoints = torch.tensor([[-3.0, 0, 0], [-2, 0, 0], [2, 0, 0], [3, 0, 0], [0, 4.0, 0]], dtype=torch.float64)
    plane = principal_plane(checkpoints)
    torch.testing.assert_close(plane.directions[0].abs(), torch.tensor([1.0, 0, 0]).double())
    assert plane.variance_shares == pytest.approx((26 / 38.8, 12.8 / 38.8))
    torch.testing.assert_close(plane.coordinates[0], torch.tensor([3.0, 4.0]).double())


@pytest.mark.parametrize(
    ("checkpoints", "shares"),
    [
        (torch.tensor([[1.0, 2.0, 3.0], [4.0, 2.0, 7.0]]), (1.0, 0.0)),  # two checkpoints
        (torch.arange(6.0)[:, None] * torch.tensor([1.0, 2.0, 2.0, 0.0]), (1.0, 0.0)),  # on a line
        (torch.arange(6.0)[:, None] * torch.tensor([0.1, -0.7, 0.3]).double() + 0.1, (1.0, 0.0)),  # up to rounding
        (torch.arange(4.0)[:, None] * torch.tensor([0.0, 1.0]), (1.0, 0.0)),
        (torch.full((5, 3), 0.1), (0.0, 0.0)),  # a run that did not move
    ],
)
def test_undetermined_directions_are_unit_vectors_along_which_nothing_varies(checkpoints, shares):
    plane = principal_plane(checkpoints)
    torch.testing.assert_close(plane.directions @ plane.directions.T, torch.eye(2).double(), rtol=0, atol=1e-12)
    assert plane.variance_shares == pytest.approx(shares, abs=1e-12)
    scale = plane.displacement.max().item()
    torch.testing.assert_close(plane.coordinates[:, 0].abs(), plane.displacement, rtol=1e-12, atol=1e-12)
    assert plane.coordinates[:, 1].abs().max() <= 1e-12 * scale
    assert plane.off_plane.max() <= 1e-12 * scale


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 8), st.floats(1e-9, 1e-3), st.integers(0, 2**32))
def test_a_faint_second_direction_is_still_orthogonal(n, faint, seed):
    generator = torch.Generator().manual_seed(seed)
    along, across = torch.randn(2, n, 1, generator=generator, dtype=torch.float64)
    first, second = torch.randn(2, 1, 20, generator=generator, dtype=torch.float64)
    plane = principal_plane(along * first + faint * across * second)
    torch.testing.assert_close(plane.directions @ plane.directions.T, torch.eye(2).double(), rtol=0, atol=1e-12)


def test_the_block_size_does_not_matter_and_the_input_is_left_alone(monkeypatch):
    checkpoints = random(6, 101, seed=1, dtype=torch.float32)
    before = checkpoints.clone()
    whole = principal_plane(checkpoints)
    monkeypatch.setattr(pca, "COLUMNS_PER_BLOCK", 10)
    blocks = principal_plane(checkpoints)
    for name in ("directions", "coordinates", "displacement", "off_plane"):
        torch.testing.assert_close(getattr(whole, name), getattr(blocks, name), rtol=1e-9, atol=1e-9)
    assert torch.equal(checkpoints, before)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_diverged_checkpoint_is_refused(bad):
    checkpoints = random(4, 10, seed=0)
    checkpoints[1, 3] = bad
    with pytest.raises(UserError, match="not finite"):
        principal_plane(checkpoints)
