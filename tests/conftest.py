"""What tests share: a process in which none finds what another has set, a small disk, and a real browser for pages."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TELEPHONE = 640  # CSS pixels: what is narrower is shown as telephones do, with the viewport that the page asks for

PATIENCE = 300  # times that a page is asked whether it is still, 200 ms apart: machines are busy at times

# Nothing has moved since the question was last asked.
STILL = """() => {
  const boxes = [...document.querySelectorAll('body, canvas')].map(each => each.getBoundingClientRect());
  const before = window.boxes;
  window.boxes = JSON.stringify(boxes);
  return window.boxes === before;
}"""


@dataclass
class Visit:
    """An opened page, and what it complained of and asked for since."""

    page: "Page"
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--crashes", type=int, default=4, help="runs of the workflow that are killed at random instants")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Make a folder that is a disk of so many KiB, at most once a test."""
    folder = tmp_path / "small"

    def made(kibibytes: int) -> Path:
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "none", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a full disk is made by a mount, and tests may not mount here")
        return folder

    yield made
    if folder.is_mount():
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def obeying() -> list[str]:
    """Return what a command is begun with, so that permissions hold for it even if root runs the tests."""
    if os.geteuid():
        return []
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root may write everywhere, and there is no setpriv that takes this from it")
    return command


@pytest.fixture(autouse=True)
def subnormal_numbers() -> None:
    """Let each test see subnormal numbers, which a command before it may have flushed to zero for the whole process."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


# Of a module, not of the session: while it is open, no other test of the process could run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        program = shutil.which("chromium") or driver.chromium.executable_path
        if not Path(program).exists():
            pytest.skip("no Chromium: apt-get install chromium, or playwright install chromium")
        browser = driver.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visit(browser: "Browser") -> Callable[..., Visit]:
    """Open a page from disk without a network, in a window of so many CSS pixels, and wait until nothing moves.

    Other settings of the browser (``color_scheme``, ``java_script_enabled``, ...) are passed on.
    """

    def opened(path: Path, width: int, **settings: object) -> Visit:
        page = browser.new_page(viewport={"width": width, "height": 800}, is_mobile=width < TELEPHONE, offline=True, **settings)
        visit = Visit(page)
        page.goto(path.as_uri())
        # Asked from here: a page whose policy allows no eval cannot ask itself.
        for _ in range(PATIENCE):
            if page.evaluate(STILL):
                return visit
            page.wait_for_timeout(200)
        raise TimeoutError(f"{path} does not come to rest")

    return opened
