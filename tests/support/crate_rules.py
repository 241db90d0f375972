"""What the profiles demand of a crate (their MUSTs), read from https://www.researchobject.org/workflow-run-crate/profiles/0.5/.

The real validator says the same with more words; it can't live in one environment with the other tools of the tests.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

ACTIONS = {"CreateAction", "ActivateAction", "UpdateAction"}
TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}
DATA = {"File", "Dataset", "Collection", "PropertyValue"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+\d\d:\d\d")


class Rules:
    """A crate in a folder, and the profiles' questions to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        document = json.loads((folder / "ro-crate-metadata.json").read_text())
        assert "https://w3id.org/ro/crate/1.1/context" in document["@context"]
        entities = document["@graph"]
        self.entities = {one["@id"]: one for one in entities}
        assert len(self.entities) == len(entities), "an @id is there twice"

    def of_type(self, *types: str) -> list[dict]:
        return [one for one in self.entities.values() if self.types(one) & set(types)]

    def types(self, entity: dict) -> set[str]:
        return set(as_list(entity["@type"]))

    def linked(self, entity: dict, name: str) -> list[dict]:
        return [self.entities[one["@id"]] for one in as_list(entity.get(name, []))]

    def check(self, profiles: set[str]) -> None:
        """Every MUST of RO-Crate 1.1 and of the profiles that concerns what is there."""
        self._check_root(profiles)
        self._check_links()
        for action in self.of_type(*ACTIONS):
            tools = self.linked(action, "instrument")
            assert len(tools) == 1
            assert self.types(tools[0]) & TOOLS
            assert MOMENT.fullmatch(action["startTime"])
            assert MOMENT.fullmatch(action["endTime"])
            assert ("error" in action) == action["actionStatus"].endswith("/FailedActionStatus")
            assert all(self.types(one) & {"Person"} for one in self.linked(action, "agent"))
            for one in self.linked(action, "object") + self.linked(action, "result"):
                assert self.types(one) & DATA
        for usage in [one for action in self.of_type(*ACTIONS) for one in self.linked(action, "resourceUsage")]:
            assert usage["propertyID"].startswith("urn:")
        for parameter in self.of_type("FormalParameter"):
            assert parameter["additionalType"] in DATA
            examples = self.linked(parameter, "workExample")
            assert examples
            assert all(parameter in self.linked(one, "exampleOfWork") for one in examples)
        self._check_files()
        if any("provenance" in one for one in profiles):
            self._check_provenance()

    def _check_root(self, profiles: set[str]) -> None:
        root = self.entities["./"]
        assert root["name"]
        assert root["description"]
        assert root["datePublished"]
        assert self.linked(root, "license")
        assert {one["@id"] for one in self.linked(root, "conformsTo")} == profiles
        assert all(self.types(one) == {"CreativeWork"} for one in self.linked(root, "conformsTo"))
        mentioned = self.linked(root, "mentions")
        assert all(one in mentioned for one in self.of_type(*ACTIONS) if not one["@id"].startswith("#graph-"))

    def _check_links(self) -> None:
        for entity in self.entities.values():
            for name, value in entity.items():
                for one in as_list(value):
                    if isinstance(one, dict) and name not in {"conformsTo", "additionalType", "unitCode"}:
                        assert one["@id"] in self.entities, f"{entity['@id']}: {name} leads nowhere"

    def _check_files(self) -> None:
        parts = self.linked(self.entities["./"], "hasPart")
        for file in self.of_type("File"):
            assert file in parts
            assert re.fullmatch("[0-9a-f]{64}", file["sha256"])
            if ":" not in file["@id"]:
                assert (self.folder / unquote(file["@id"])).stat().st_size == int(file["contentSize"])

    def _check_provenance(self) -> None:
        (main,) = self.linked(self.entities["./"], "mainEntity")
        assert self.linked(main, "programmingLanguage")
        for workflow in self.of_type("ComputationalWorkflow"):
            assert self.types(workflow) == {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"}
            assert self.linked(workflow, "hasPart")
        runs = [one for one in self.of_type(*ACTIONS) if self.linked(one, "instrument") == [main]]
        assert len(runs) == 1
        steps = [one for workflow in self.of_type("ComputationalWorkflow") for one in self.linked(workflow, "step")]
        for step in self.of_type("HowToStep"):
            assert step in steps
            assert self.types(self.linked(step, "workExample")[0]) & TOOLS
        for control in self.of_type("ControlAction"):
            assert self.types(self.linked(control, "instrument")[0]) == {"HowToStep"}
            assert self.types(self.linked(control, "object")[0]) & ACTIONS
        (organize,) = self.of_type("OrganizeAction")
        assert self.linked(organize, "result") == runs
        assert self.types(self.linked(organize, "instrument")[0]) & TOOLS
        assert {one["@id"] for one in self.linked(organize, "object")} == {
            one["@id"] for one in self.of_type("ControlAction")
        }
        for connection in self.of_type("ParameterConnection"):
            for end in ("sourceParameter", "targetParameter"):
                assert self.types(self.linked(connection, end)[0]) == {"FormalParameter"}


def as_list(value: object) -> list:
    return value if isinstance(value, list) else [value]
