from __future__ import annotations

import pytest

from interfaces.defaults import default_interfaces
from interfaces.kinds import InterfaceKindChoices as Kind


@pytest.mark.parametrize("interface", default_interfaces(), ids=lambda one: one.slug)
def test_every_default_interface_follows_the_rules(interface):
    interface.clean()
    assert interface.description


@pytest.mark.parametrize("name", ["title", "slug", "relative_path"])
def test_no_name_is_taken_twice(name):
    names = [getattr(one, name) for one in default_interfaces()]
    assert len(set(names)) == len(names)


def test_the_usual_interfaces_are_there():
    found = {one.slug: (one.kind, one.relative_path, one.store_in_database) for one in default_interfaces()}
    assert found == {
        "generic-medical-image": (Kind.IMAGE, "images/generic-medical-image", False),
        "generic-overlay": (Kind.HEAT_MAP, "images/generic-overlay", False),
        "metrics-json-file": (Kind.ANY, "metrics.json", True),
        "results-json-file": (Kind.ANY, "results.json", True),
        "predictions-csv-file": (Kind.CSV, "predictions.csv", False),
        "predictions-json-file": (Kind.ANY, "predictions.json", False),
        "predictions-zip-file": (Kind.ZIP, "predictions.zip", False),
    }
