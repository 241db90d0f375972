"""Cases from a folder with one folder a case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from interfaces.cases import Case, CaseInputs, CaseSource, checked_source
from interfaces.definition import ComponentInterface
from interfaces.errors import CasesInvalid


def cases_of_folder(root: Path, inputs: CaseInputs) -> CaseSource:
    """Cases from a folder: each folder in it is a case, and is named by its id.

    Below a case's folder, an input is what lies at its interface's relative path (as a component would see it, and as
    `export_values` writes it), else what is called like the input with any extension: ``images/t1-brain-mri/`` or
    ``t1-brain-mri.nii.gz``. What else lies there is left alone, and so are files beside the folders and hidden ones.
    Where two inputs of a graph share an interface, only their names tell them apart.

    Raises:
        CasesInvalid: There is no folder in it, or it can't be read.
    """
    try:
        with os.scandir(root) as entries:
            names = sorted(one.name for one in entries if one.is_dir() and not one.name.startswith("."))
    except OSError as error:
        raise CasesInvalid(str(root), [f"it can't be read: {error.strerror}"]) from error
    if not names:
        raise CasesInvalid(str(root), ["it holds no folder; give each case one with its inputs"])
    return checked_source(str(root), list(inputs.interfaces), inputs, partial(_cases, root.absolute(), names, inputs))


def _cases(root: Path, names: list[str], inputs: CaseInputs) -> Iterator[Case]:
    slugs = [interface.slug for interface in inputs.interfaces.values()]
    for case_id in names:
        given: dict[str, Path] = {}
        problems: dict[str, str] = {}
        for name, interface in inputs.interfaces.items():
            found = _found(root / case_id, name, interface, is_alone=slugs.count(interface.slug) == 1)
            if name in inputs.lists and found:
                problems[name] = "is a list, which a folder can't hold; give the cases as a table"
            elif len(found) == 1:
                given[name] = found[0]
            elif found:
                problems[name] = f"may be any of {', '.join(path.name for path in found)}; leave one of them there"
        if not given and not problems:
            problems[""] = _nothing_found(inputs)
        yield Case(id=case_id, inputs=given, problems=problems)


def _found(folder: Path, name: str, interface: ComponentInterface, *, is_alone: bool) -> list[Path]:
    place = folder / interface.relative_path
    if is_alone and place.exists():
        return [place]
    with os.scandir(folder) as entries:
        return sorted(Path(one.path) for one in entries if one.name == name or one.name.startswith(f"{name}."))


def _nothing_found(inputs: CaseInputs) -> str:
    name, interface = next(iter(inputs.interfaces.items()))
    return f"its folder holds no input; '{name}', say, is looked for at {interface.relative_path} and as {name}.*"
