import pytest
import torch

from optprimer.data.dataset import load
from optprimer.data.prepare import prepare
from optprimer.data.sampling import drawn


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """The folder of the digits."""
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture(scope="session")
def data(digits):
    """60 digits that train and 40 that test."""
    return drawn(load(digits), images=60, test_images=40, folds=5, seed=0, index=0)
