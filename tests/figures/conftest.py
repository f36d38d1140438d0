import pytest
from synthetic import TABLES

from optprimer.figures.provenance import Provenance


@pytest.fixture(scope="session")
def tables():
    return {name: build() for name, build in TABLES.items()}


@pytest.fixture(scope="session")
def provenance():
    return Provenance(run="digits", seed=0, run_digest="0123456789ab", data="digits", version="0.1.0")
