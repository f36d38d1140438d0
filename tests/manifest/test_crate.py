"""The crate against what https://w3id.org/ro/crate/1.2 says a crate must have, and by a program that reads crates."""

import json
import re

import pytest
from rocrate.rocrate import ROCrate
from rocrate.vocabs import RO_CRATE

from optprimer.manifest import outputs
from optprimer.manifest.crate import crate
from optprimer.manifest.manifest import manifest
from optprimer.manifest.names import CRATE, MANIFEST


@pytest.fixture
def document(run):
    tables, figures = outputs.tables(run.results), outputs.figures(run.figures)
    record = manifest(run.config, run.results, tables, figures)
    (run.results / MANIFEST).write_text(json.dumps(record))
    return crate(record, tables, figures, run.figures)


@pytest.fixture
def entities(document):
    return {entity["@id"]: entity for entity in document["@graph"]}


def values(entity):
    return [each for value in entity.values() for each in (value if isinstance(value, list) else [value])]


def test_the_graph_is_flat_and_its_entities_are_told_apart(document, entities):
    assert document["@context"] == "https://w3id.org/ro/crate/1.2/context"
    assert len(entities) == len(document["@graph"])
    assert all(entity["@type"] for entity in entities.values())
    nested = [value for entity in entities.values() for value in values(entity) if isinstance(value, dict)]
    assert nested
    assert all(set(value) == {"@id"} for value in nested)


def test_the_descriptor_leads_to_the_root(entities):
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert descriptor["about"] == {"@id": "./"}


def test_the_root_has_all_that_it_must_have(entities):
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert root["name"]
    assert root["description"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", root["datePublished"])
    licence = entities[root["license"]["@id"]]
    assert licence["name"]
    assert licence["description"]


def test_every_file_is_in_the_folder_and_part_of_the_root(run, entities):
    files = {name for name, entity in entities.items() if entity["@type"] == "File"}
    assert files == {part["@id"] for part in entities["./"]["hasPart"]}
    assert all((run.results / name).is_file() for name in files)
    assert {MANIFEST, "train/resnet56/history.csv", "landscape/surface.csv"} <= files


def test_everything_that_is_referred_to_is_described_and_linked(entities):
    linked = {value["@id"] for entity in entities.values() for value in values(entity) if isinstance(value, dict)}
    assert linked - set(entities) == {"https://w3id.org/ro/crate/1.2"}
    assert set(entities) - linked == {"ro-crate-metadata.json"}


def test_every_term_is_one_of_the_context(entities):
    # The library has the context of a later version, which only adds to it: of the terms here, 1.2 has all.
    terms = {key for entity in entities.values() for key in entity if not key.startswith("@")}
    types = {entity["@type"] for entity in entities.values()}
    assert terms | types <= set(RO_CRATE["@context"])


def test_the_run_made_tables_and_figures_from_data_by_software(entities):
    action = entities[entities["./"]["mentions"]["@id"]]
    made = {each["@id"] for each in action["result"]}
    assert {"rates/pl.csv", "#figure1.png", "#figure1.html"} <= made
    assert entities["#figure1.png"]["sha256"]
    assert entities[action["object"]["@id"]]["name"] == "digits-8"
    required = entities[action["instrument"]["@id"]]["softwareRequirements"]
    assert "torch" in {entities[each["@id"]]["name"] for each in required}


def test_a_program_that_reads_crates_reads_it(run, document):
    (run.results / CRATE).write_text(json.dumps(document))
    found = ROCrate(run.results)
    assert found.root_dataset["identifier"]["value"] == json.loads((run.results / MANIFEST).read_text())["run_digest"]
    assert len(found.data_entities) == len(document["@graph"][0]["hasPart"])
