"""What the code never does: unpickle, evaluate text, give text to a shell, build objects from YAML, or fetch without TLS."""

import ast
import re
from pathlib import Path

import pytest

from optprimer.config.schema import read_schema, walk

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow").rglob("*.smk"))]

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "telnetlib", "ftplib"}
CALLS = {
    "eval", "exec", "compile", "os.system", "os.popen", "tempfile.mktemp", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "pd.read_pickle", "pandas.read_pickle", "torch.save", "subprocess.getoutput", "subprocess.getstatusoutput",
    "tarfile.extractall", "zipfile.extractall", "archive.extractall", "archive.extract",
}  # fmt: skip
SAFE = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False), "np.save": ("allow_pickle", False)}


def faults(source):
    """Yield what a source does that none may do, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from ((node.lineno, name) for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            name, given = ast.unparse(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
            if name in CALLS:
                yield node.lineno, name
            if "shell" in given and not (isinstance(given["shell"], ast.Constant) and given["shell"].value is False):
                yield node.lineno, f"{name} with shell"
            if name in SAFE:
                key, value = SAFE[name]
                if not (isinstance(given.get(key), ast.Constant) and given[key].value is value):
                    yield node.lineno, f"{name} without {key}={value}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match("http://|ftp://", node.value):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_no_module_does_what_none_may(path):
    found = [(line, what) for line, what in faults(path.read_text()) if what not in NAMESPACES]
    assert not found


# Names of XML vocabularies, which nobody fetches.
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import joblib.memory", "eval(x)", "exec(x)", "os.system(x)",
        "subprocess.run(x, shell=True)", "subprocess.run(x, shell=flag)", "yaml.load(x)", "yaml.load(x, Loader=yaml.Loader)",
        "torch.load(x)", "torch.load(x, weights_only=False)", "np.load(x)", "np.load(x, allow_pickle=True)",
        "tempfile.mktemp()", "archive.extractall(x)", "pd.read_pickle(x)", "URL = 'http://example.org/x'",
    ],
)  # fmt: skip
def test_each_fault_is_seen(source):
    assert list(faults(source))


@pytest.mark.parametrize(
    "source",
    [
        "yaml.safe_load(x)", "torch.load(x, weights_only=True)", "np.load(x, mmap_mode='r', allow_pickle=False)",
        "subprocess.run([x], shell=False)", "URL = 'https://example.org'", "tempfile.mkstemp()", "model.eval()",
        "re.compile(x)",
    ],
)  # fmt: skip
def test_what_is_safe_is_let_pass(source):
    assert not list(faults(source))


# --- the shell of a rule -----------------------------------------------------------------------------------------------

STRINGS = [
    key for key in walk(read_schema()) if key.node.get("type") in ("string", ["string", "null"]) and "enum" not in key.node
]


def test_free_text_of_the_settings_is_an_archive_a_name_or_one_of_the_names():
    # Who adds another must see to it that no rule gives it to a shell without :q.
    assert {key.dotted for key in STRINGS} == {
        "run",
        "data.archive",
        "batch.cost_network",
        "batch.recipes.{name}.like",
        "batch.recipes.{name}.rate_of",
        "batch.recipes.{name}.against",
    }


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_paths_and_settings_with_free_text_are_quoted(path):
    quoted = re.compile(r"\{(?:input|output|log)(?:\.\w+)?\}|\{params\.(?:archive|folder|settings|data|state)\}")
    shells = re.findall(r"shell:\n((?: {8}.*\n)+)", path.read_text())
    unquoted = {place for shell in shells for place in quoted.findall(shell)}
    assert unquoted <= ({"{params.settings}"} if path.name == "rates.smk" else set())  # flags with whole numbers there
    assert "shell(" not in path.read_text()


def test_patterns_of_names_let_nothing_through_that_a_shell_would_see():
    schema = read_schema()
    patterns = [schema["properties"]["run"]["pattern"]]
    patterns += [pattern for key in walk(schema) for pattern in key.node.get("patternProperties", {})]
    for pattern in patterns:
        for name in (
            "a b",
            "a;b",
            "a'b",
            'a"b',
            "a$b",
            "a`b",
            "a\nb",
            "a\n",
            "a&b",
            "a|b",
            "a>b",
            "a*b",
            "a\\b",
            "-a",
            "a/b",
            "a{b}",
        ):
            assert not re.search(pattern, name), (pattern, name)


STARTERS = {f"subprocess.{name}" for name in ("run", "Popen", "call", "check_call", "check_output")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_processes_are_started_from_lists(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in STARTERS:
            assert isinstance(node.args[0], ast.List | ast.Name), f"line {node.lineno}"
