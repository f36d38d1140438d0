import pytest
from crashing import STAGES, Graph, install, targets


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "crash" in metafunc.fixturenames:
        metafunc.parametrize("crash", range(metafunc.config.getoption("--crashes")))


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """A finished run of the small graph."""
    folder = tmp_path_factory.mktemp("undisturbed")
    graph = Graph(folder / "run", install(folder / "bin"))
    graph.folder.mkdir()
    done = graph.run("--", *targets(*STAGES))
    assert done.status == 0, done.said
    return graph
