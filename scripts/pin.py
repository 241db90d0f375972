"""Writes constraints.txt: the installed version of every package that the project needs, with all its extras.

Only what pyproject.toml asks for, directly or through another package, is pinned; what else lies in the
environment is left out. So the file says what the tests have passed with. Run it by `make pin`.
"""

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
REASONS = {
    "prefect": "3.9 needs a certifi that package indexes do not all have yet.",
    "fastapi": "From 0.151 on the Prefect server refuses a limit of null, which its client sends.",
    "altair": "Carries the schema of Vega-Lite 5, which charts are checked with; from 6 on that of 6.",
    "setuptools": "Builds the project without build isolation; from 77 on it knows licence expressions.",
}
HEADER = """\
# Every package, with all extras, in the version that the tests have passed with; made by `make pin`.
"""


def installed(requirements: Iterable[Requirement]) -> dict[str, Distribution]:
    """What the requirements ask for here, and what that asks for in turn, by canonical name."""
    found: dict[str, Distribution] = {}
    followed: set[tuple[str, str]] = set()
    waiting = [(requirement, "") for requirement in requirements]
    while waiting:
        requirement, asked_with_extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked_with_extra}):
            continue
        name = canonicalize_name(requirement.name)
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            sys.exit(f"{requirement} is not installed; run 'make pin', which installs it first.")
        if not requirement.specifier.contains(found[name].version, prereleases=True):
            sys.exit(f"{name} is installed as {found[name].version}, but {requirement} is asked for.")
        for extra in ("", *requirement.extras):
            if (name, extra) not in followed:
                followed.add((name, extra))
                waiting += [(Requirement(text), extra) for text in found[name].requires or ()]
    return found


def main() -> None:
    """Writes the file and says how many packages it pins."""
    definition = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = definition["project"]
    # What installs and builds the project is pinned too.
    tools = ["pip", *definition["build-system"]["requires"]]
    groups = [project["dependencies"], *project["optional-dependencies"].values(), tools]
    packages = installed(Requirement(text) for group in groups for text in group)
    lines = []
    for name in sorted(packages):
        if name in REASONS:
            lines.append(f"# {REASONS[name]}")
        lines.append(f"{name}=={packages[name].version}")
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"constraints.txt pins {len(packages)} packages")


if __name__ == "__main__":
    main()
