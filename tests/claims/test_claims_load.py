"""The registry is read whole or refused in one line that names file, claim and key."""

import pytest
import yaml

from optprimer.claims.load import SECTIONS, load, registry_sha256, tables_needed
from optprimer.errors import UserError

CLAIM = """
- claim: S9
  statement: GD is accurate.
  source: the chapter
  scales: [digits, paper]
  figures: [batch]
  requires:
    - { name: trained, table: batch/curves, value: train_accuracy, rule: at_least, threshold: 0.99 }
  evidence:
    - name: gd less sgd
      table: batch/runs
      where: { network: [mlp, conv], recipe: gd }
      value: test_accuracy
      rule: bound_holds
      above: chance
  control:
    - { of: gd less sgd, name: poor, where: { network: null, recipe: poor } }
"""


@pytest.fixture
def registry(tmp_path):
    """Write the four files, the last with the text that is asked for."""

    def write(text=CLAIM):
        for section in SECTIONS:
            (tmp_path / f"{section}.yaml").write_text("[]\n")
        (tmp_path / "stochastic_gradients.yaml").write_text(text)
        return tmp_path

    return write


def changed(**keys):
    """The entry with some keys changed; None removes one. Keys of its part of evidence are written part__name."""
    (entry,) = yaml.safe_load(CLAIM)
    for key, value in keys.items():
        holder = entry["evidence"][0] if key.startswith("part__") else entry
        name = key.removeprefix("part__")
        if value is None:
            del holder[name]
        else:
            holder[name] = value
    return yaml.safe_dump([entry])


def test_an_entry_becomes_a_claim_with_its_parts(registry):
    (claim,) = load(registry())
    assert (claim.id, claim.section, claim.combine, claim.scales) == ("S9", "Stochastic gradients", "all", ("digits", "paper"))
    assert [(role, part.name) for role, part in claim.parts] == [
        ("requires", "trained"),
        ("evidence", "gd less sgd"),
        ("control", "poor"),
    ]
    assert dict(claim.evidence[0].where) == {"network": ("mlp", "conv"), "recipe": ("gd",)}
    assert claim.evidence[0].parameters == {"above": "chance"}
    assert dict(claim.controls[0].where) == {"recipe": ("poor",)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict": "supported"}, "S9: verdict: unknown key, allowed here: claim, statement"),
        ({"part__filter": "x"}, r"S9: evidence\[0\]\.filter: unknown key, allowed here: name, table"),
        ({"source": None}, "S9: source is missing"),
        ({"part__rule": None}, r"S9: evidence\[0\]\.rule is missing"),
        ({"control": None}, "S9: control is missing"),
        ({"control": []}, r"S9: control = '\[\]': a list of controls, at least one"),
        ({"scales": ["moon"]}, r"S9: scales\[0\] = 'moon': one of smoke, digits, cifar10-quick, cifar10, paper"),
        ({"combine": "most"}, r"S9: combine = 'most': all, agree or \{at_least: an integer >= 1\}"),
        ({"combine": {"at_least": 0}}, r"S9: combine(\.at_least)? = .*: (all, agree or \{at_least: )?an integer >= 1"),
        ({"part__rule": "looks_good"}, r"S9: evidence\[0\]\.rule = 'looks_good': one of bound_holds, at_least"),
        ({"part__statistic": "median"}, r"S9: evidence\[0\]\.statistic = 'median': one of each, mean"),
        ({"part__where": {"seed": []}}, r"S9: evidence\[0\]\.where\.seed = '\[\]': a value or a list of values"),
        ({"part__contrast": {"column": "recipe", "of": "gd"}}, r"S9: evidence\[0\]\.contrast = .*: a mapping with column"),
        ({"claim": "X1"}, "X1: claim = 'X1': a letter of I, G, P, S and a number"),
        ({"claim": None}, "entry 1: claim is missing"),
        ({"part__name": "another"}, "S9: control.of = 'gd less sgd': one of another"),
        ({"part__name": "poor"}, "S9: name = 'poor': two parts have this name"),
    ],
)
def test_a_wrong_entry_is_refused_by_claim_and_key(registry, changes, message):
    with pytest.raises(UserError, match=f"^stochastic_gradients.yaml: {message}") as caught:
        load(registry(changed(**changes)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- claim: [", "not valid YAML"),
        ("claims: 3", "stochastic_gradients.yaml: a list of claims"),
        ("", "stochastic_gradients.yaml: a list of claims"),
        ("- 3", "stochastic_gradients.yaml: entry 1: entry = '3': a mapping"),
        (CLAIM + CLAIM, "stochastic_gradients.yaml: S9: claim: there is another claim of this id"),
    ],
)
def test_a_wrong_file_is_refused(registry, text, message):
    with pytest.raises(UserError, match=message):
        load(registry(text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"introduction\.yaml: No such file"):
        load(tmp_path)


def test_tables_are_needed_at_the_scales_of_their_claims_alone(registry):
    assert tables_needed("paper", registry()) == ["batch/curves", "batch/runs"]
    assert tables_needed("smoke", registry()) == []


def test_the_fingerprint_of_the_registry_covers_every_byte(registry):
    before = registry_sha256(registry())
    assert registry_sha256(registry(CLAIM + "\n# a remark\n")) != before
