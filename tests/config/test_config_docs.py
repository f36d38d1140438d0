"""docs/configuration.md is what the schema, config.yaml and the scales say today."""

from optprimer.config.checks import CHECKS
from optprimer.config.docs import page
from optprimer.config.schema import ROOT, read_schema, walk

PAGE = ROOT / "docs" / "configuration.md"


def test_the_committed_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: optprimer config docs --output docs/configuration.md"


def test_every_key_has_one_row_or_section_and_every_check_one_line():
    lines = page().splitlines()
    for key in walk(read_schema()):
        is_section = len(key.path) == 1 and "properties" in key.node
        start, end = (f"## `{key.dotted}`", "") if is_section else (f"| `{key.dotted}` | ", f" | {key.node['description']} |")
        assert sum(line.startswith(start) and line.endswith(end) for line in lines) == 1, key.dotted
    assert sum(line.startswith("- ") for line in lines) == len(CHECKS)


def test_every_row_has_as_many_cells_as_its_head():
    width = None
    for line in page().splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("|") else None
        assert None in (cells, width) or cells == width
        width = cells
