"""What tests of the page in a browser have in common."""

import io
import re

import numpy as np
from PIL import Image

WIDE, NARROW = 1280, 375
LIVE = ("figure1", "figure2", "descent", "memorization")


def begun(opened):
    """Scroll to all that can be moved, which begins it, and wait until it says where it stands."""
    for name in LIVE:
        opened.page.locator(f"#live-{name}").scroll_into_view_if_needed()
        for output in opened.page.locator(f"#live-{name} output").all():
            waited(
                opened.page, lambda output=output: output.text_content() != "" or output.locator("xpath=..//input").count() == 0
            )
    return opened


def waited(page, condition):
    for _ in range(150):
        if condition():
            return
        page.wait_for_timeout(100)
    raise TimeoutError


def settled(page):
    """Two frames: the first draws what was asked for, after the second it is on the screen."""
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def pixels(locator):
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)


def told(page, name):
    return page.locator(f"#live-{name} .told").text_content()


def curve(page, plot, kind):
    """The points of the first line of a class, in units of the drawing."""
    line = page.locator(f"#{plot} path.{kind}").first.get_attribute("d")
    return np.array([[float(number) for number in point.split()] for point in re.findall(r"[ML]([-\d. ]+)", line)])
