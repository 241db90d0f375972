"""The page of a value: which values have one, and what it says."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from markdown_pages import Seen
from report_records import BEGIN, HOSTILE, a_string

from interfaces.definition import ComponentInterface
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.json_values import json_preview
from interfaces.reports.record import Links
from interfaces.reports.value_page import Giver, needs_page, value_page
from interfaces.value import ComponentInterfaceValue

CUT = "Only the beginning"


def a_json(content: Any) -> ComponentInterfaceValue:
    interface = ComponentInterface(title="Report", kind=Kind.ANY, relative_path="report.json")
    size = len(json.dumps(content, separators=(",", ":")))
    value = ComponentInterfaceValue(pk=5, interface=interface, sha256="ab" * 32, size_in_storage=size)
    value._value = content
    return value


def an_image(name: str) -> ComponentInterfaceValue:
    interface = ComponentInterface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan")
    return ComponentInterfaceValue(pk=6, interface=interface, sha256="ef" * 32, size_in_storage=3000, name=name)


@pytest.mark.parametrize(
    "content", [0, "word " * 700, "word " * 900, "\n" * 50, "\n" * 70, [1] * 50, [1] * 70, ["x" * 40] * 700, [[]] * 59]
)
def test_json_has_one_where_its_jobs_page_shows_only_its_beginning(content):
    assert needs_page(a_json(content)) == (CUT in json_preview(content, title="").text)


def test_images_and_files_have_one():
    assert needs_page(an_image("scan.mha"))
    interface = ComponentInterface(title="Table", kind=Kind.CSV, relative_path="table.csv")
    assert needs_page(ComponentInterfaceValue(pk=6, interface=interface, sha256="ef" * 32, size_in_storage=1))


def test_it_leads_to_the_jobs_that_gave_the_value_and_obeys_no_name():
    gave, wrote = uuid4(), uuid4()
    giver = Giver(job=uuid4(), component="lesion-counter", image="sha256:" + "ab" * 32, flow_run_id=gave, created=BEGIN)
    image = "image-lesion-counter-abababababab"
    links = Links(base="/ui", pages={image})
    seen = Seen(value_page(an_image(HOSTILE), None, [giver], links, now=BEGIN, by=wrote))
    runs = {f"/ui/runs/flow-run/{one}" for one in (gave, wrote)}
    assert seen.links == {*runs, f"/ui/artifacts/key/{image}"}
    assert "component-flows preview 6" in seen.text
    assert "2.93 kB (3,000 bytes)" in seen.text
    assert "ef" * 32 in seen.text


def test_a_value_that_nobody_gave_says_so_and_shows_itself():
    value = a_string("word " * 1000)
    preview = json_preview(value.value, title=value.title)
    text = Seen(value_page(value, preview, [], Links(base=""), now=BEGIN)).text
    assert "came in as an input" in text
    assert CUT in text
