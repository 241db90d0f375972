"""The interfaces that every site has, as on the public platform."""

from __future__ import annotations

from interfaces.definition import ComponentInterface
from interfaces.kinds import InterfaceKindChoices

# The platform keeps its generic images at "images"; here every image interface has a folder of its own below it.
_DEFAULTS: tuple[tuple[str, InterfaceKindChoices, str, bool, str], ...] = (
    ("Generic Medical Image", InterfaceKindChoices.IMAGE, "images/generic-medical-image", False, "Any medical image"),
    ("Generic Overlay", InterfaceKindChoices.HEAT_MAP, "images/generic-overlay", False, "Any overlay of an image"),
    ("Metrics JSON File", InterfaceKindChoices.ANY, "metrics.json", True, "What an evaluation measured"),
    ("Results JSON File", InterfaceKindChoices.ANY, "results.json", True, "Whatever an algorithm found"),
    ("Predictions CSV File", InterfaceKindChoices.CSV, "predictions.csv", False, "Predictions to evaluate, as a table"),
    ("Predictions JSON File", InterfaceKindChoices.ANY, "predictions.json", False, "The jobs that are evaluated"),
    ("Predictions ZIP File", InterfaceKindChoices.ZIP, "predictions.zip", False, "Predictions to evaluate, as files"),
)


def default_interfaces() -> tuple[ComponentInterface, ...]:
    """The default interfaces, made anew."""
    return tuple(
        ComponentInterface(
            title=title, kind=kind, relative_path=path, store_in_database=in_database, description=description
        )
        for title, kind, path, in_database, description in _DEFAULTS
    )
