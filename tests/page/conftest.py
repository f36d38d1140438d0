"""The page of page_inputs in a real browser: wide and narrow, light and dark."""

import pytest
from page_in_browser import NARROW, WIDE, begun, settled
from page_inputs import inputs

from optprimer.page.render import page as render


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("a page") / "index.html"
    path.write_text(render(**inputs()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def wide(visit, path):
    return begun(visit(path, WIDE, color_scheme="light"))


@pytest.fixture(scope="module")
def narrow(visit, path):
    return begun(visit(path, NARROW, color_scheme="light"))


@pytest.fixture(scope="module")
def dark(visit, path):
    return begun(visit(path, WIDE, color_scheme="dark"))


@pytest.fixture(params=["wide", "narrow", "dark"])
def each(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def _as_printed(request):
    if "wide" in request.fixturenames:
        page = request.getfixturevalue("wide").page
        page.locator("#live-figure1 button").click()
        settled(page)
