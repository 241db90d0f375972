"""What a crate says of itself: each lie and each hole in it gets one sentence."""

from __future__ import annotations

import json

import pytest

from interfaces.crates.reading import CrateValue, read_crate
from interfaces.crates.sources import open_crate
from interfaces.errors import ValidationError

SHA = "ab" * 32
TOOL = "definitions/a.component.yaml"


def entities() -> dict[str, dict]:
    """The smallest crate of a component's run."""
    facts = {"sha256": SHA, "contentSize": "3"}
    listed = [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
        {"@id": "./", "@type": "Dataset", "mentions": {"@id": "#job"}},
        {"@id": TOOL, "@type": ["File", "SoftwareSourceCode"], **facts},
        {
            "@id": "#job",
            "@type": "CreateAction",
            "instrument": {"@id": TOOL},
            "object": [{"@id": "values/my%20scan.mha"}],
        },
        {
            "@id": "values/my%20scan.mha",
            "@type": "File",
            "exampleOfWork": [{"@id": f"{TOOL}#inputs/scan"}, {"@id": "other.yaml#inputs/x"}],
            **facts,
        },
    ]
    return {one["@id"]: one for one in listed}


@pytest.fixture
def read(tmp_path):
    def read(document):
        crate, scratch = tmp_path / "crate", tmp_path / "scratch"
        crate.mkdir()
        scratch.mkdir()
        text = document if isinstance(document, str) else json.dumps({"@graph": list(document.values())})
        (crate / "ro-crate-metadata.json").write_text(text)
        with open_crate(crate) as source:
            return read_crate(source, scratch)

    return read


def test_a_whole_one_is_read(read):
    crate = read(entities())
    assert crate.tool == TOOL
    assert not crate.is_graph
    assert crate.definitions == (TOOL,)
    assert crate.inputs == {"scan": CrateValue(sha256=SHA, place="values/my scan.mha")}
    assert set(crate.files) == {TOOL, "values/my scan.mha"}


def test_files_that_it_only_names_have_no_place(read):
    changed = entities()
    scan = changed.pop("values/my%20scan.mha")
    changed["#job"]["object"] = {"@id": "ni:///sha-256;abc"}
    changed["x"] = {**scan, "@id": "ni:///sha-256;abc"}
    assert read(changed).inputs == {"scan": CrateValue(sha256=SHA, place=None)}


def change(identifier: str, **properties):
    def apply(all_of_them: dict[str, dict]) -> None:
        all_of_them[identifier].update(properties)

    return apply


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        (change(TOOL, sha256="ab"), "'sha256' of .* must be 64 hexadecimal digits"),
        (change(TOOL, sha256=7), "'sha256' of .* must be text"),
        (change(TOOL, contentSize="-1"), "must be a number of bytes"),
        (change("#job", instrument={"@id": "values/my%20scan.mha"}), "which is no definition file"),
        (change("#job", instrument=[]), "must be a link to one entity, not to 0"),
        (change("#job", object="values"), "must be links to entities"),
        (change("#job", object=[{"@id": "gone"}]), "the entity 'gone' is named, but not there"),
        (change("./", mentions=[]), "tells of 0 runs"),
        (change("./", mainEntity={"@id": "elsewhere"}), "tells of 0 runs"),
        (change("values/my%20scan.mha", **{"@id": TOOL}), "is there twice"),
        (change("#job", **{"@id": 5}), r"@graph\[3\] is no entity"),
        (
            change("values/my%20scan.mha", **{"@type": "Dataset", "hasPart": [{"@id": TOOL}]}),
            "has parts that are not files in it",
        ),
    ],
)
def test_what_is_not_as_it_must_be_is_said(read, apply, message):
    changed = entities()
    apply(changed)
    with pytest.raises(ValidationError, match=message):
        read(changed)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"@graph": {}}', '{"@graph": [1]}', "[" * 100_000])
def test_metadata_that_is_none_is_refused(read, text):
    with pytest.raises(ValidationError):
        read(text)
