"""Phases of the puppets, each with a ground truth."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from flows import register

PUPPET = Path(__file__).parents[1] / "puppet"
TRUTH = {"a": 1, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5}


def write_phase(folder: Path, title: str, **changes: str) -> str:
    """The puppets' phase under another title, with a ground truth; gives its slug."""
    folder.mkdir(parents=True)
    text = (PUPPET / "evaluation" / "phase.yaml").read_text().replace("Puppet phase", title)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "phase.yaml").write_text(text + "  ground_truth: truth.tar.gz\n")
    (folder / "answers.json").write_text(json.dumps(TRUTH))
    with tarfile.open(folder / "truth.tar.gz", "w:gz") as archive:
        archive.add(folder / "answers.json", "answers.json")
    return register(folder).phases[0]
