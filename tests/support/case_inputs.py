"""What cases in tests may have as inputs."""

from __future__ import annotations

from interfaces.cases import CaseInputs
from interfaces.definition import ComponentInterface
from interfaces.kinds import InterfaceKindChoices as Kind


def interface(title: str, kind: Kind, path: str, **more) -> ComponentInterface:
    return ComponentInterface(title=title, kind=kind, relative_path=path, **more)


INPUTS = CaseInputs(
    of="the component 'lesion-counter'",
    interfaces={
        "scan": interface("Scan", Kind.IMAGE, "images/scan"),
        "age": interface("Age", Kind.INTEGER, "age.json", default_value=50),
        "remark": interface("Remark", Kind.STRING, "remark.json"),
        "boxes": interface("Boxes", Kind.ANY, "boxes.json"),
    },
    sets=(frozenset({"scan"}), frozenset({"scan", "boxes"})),
)
LISTS = CaseInputs(
    of="the graph 'many'",
    interfaces={"scans": INPUTS.interfaces["scan"], "ages": INPUTS.interfaces["age"]},
    lists=frozenset({"scans", "ages"}),
)
