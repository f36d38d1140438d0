import pytest
from crashing import STAGES, Graph, install, targets


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "crash" in metafunc.fixturenames:
        metafunc.parametrize("crash", range(metafunc.config.getoption("--crashes")))


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which Snakemake's jobs find the command that the tests want."""
    return install(tmp_path_factory.mktemp("crash") / "bin")


@pytest.fixture(scope="session")
def undisturbed(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """A finished run of the small graph."""
    graph = Graph(tmp_path_factory.mktemp("undisturbed"), env)
    done = graph.run("--", *targets(*STAGES))
    assert done.status == 0, done.said
    return graph
