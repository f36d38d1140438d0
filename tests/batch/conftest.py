"""The digits, prepared once, and one thread."""

import pytest
import torch

from optprimer.data.prepare import prepare


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """The folder of the prepared digits."""
    folder = tmp_path_factory.mktemp("digits")
    prepare("digits", None, 8, folder)
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
