"""What does checking a value cost? Three questions, each against doing without, in turn and in one process.

- Multiple points of 1,000 to 1,000,000: ``validate_json`` against parsing the same JSON, and against plain jsonschema.
- A compressed segmentation of 512 x 512 x 300 voxels: the whole check against SimpleITK reading it.
- 10,000 small values into the store: one by one and at once, against bare inserts into SQLite and against files.

Prints tables and writes ``benchmarks/results/validation.json``. Each figure is the fastest of its rounds, since
whatever else runs on a machine can only slow them down.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import jsonschema
import numpy as np
import orjson
import SimpleITK as sitk

from interfaces.database.interface_records import save_interface
from interfaces.definition import ComponentInterface
from interfaces.images.checks import check_image
from interfaces.json_parsing import canonical_json, parse_json
from interfaces.json_schemas import kind_schema
from interfaces.json_validation import validate_json
from interfaces.kinds import InterfaceKindChoices
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.value_creation import create_values

POINTS = (1_000, 10_000, 100_000, 1_000_000)
MOST_FOR_JSONSCHEMA = 100_000
VALUES = 10_000
STORE_ROUNDS = 3
SHAPE = (300, 512, 512)
GOAL_IMAGE_RATIO = 1.5
KIND = InterfaceKindChoices.MULTIPLE_POINTS

Figures = dict[str, float]


def fastest(rounds: int, **works: Callable[[], object]) -> Figures:
    """Seconds of each work, in turn, the fastest of some rounds."""
    found: Figures = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = perf_counter()
            made = work()
            found[name] = min(found[name], perf_counter() - start)
            del made  # so that freeing it is not in anyone's time
    return found


def points(count: int) -> bytes:
    """Multiple points with a name and a probability each, as JSON."""
    numbers = np.random.default_rng(count).uniform(-300, 300, (count, 3)).round(4).tolist()
    value = {
        "type": "Multiple points",
        "version": {"major": 1, "minor": 0},
        "points": [
            {"name": f"nodule {number}", "point": point, "probability": 0.5} for number, point in enumerate(numbers)
        ],
    }
    return orjson.dumps(value)


def json_figures() -> dict[str, Figures]:
    """By the number of points: seconds to parse, to validate, and to do so with plain jsonschema."""
    plain = jsonschema.Draft7Validator(kind_schema(KIND))
    found = {}
    for count in POINTS:
        data = points(count)
        value = json.loads(data)
        validate_json(value, kind=KIND)  # compiles the schema
        works: dict[str, Callable[[], object]] = {
            "validate_json": lambda value=value: validate_json(value, kind=KIND),
            "parse_json": lambda data=data: parse_json(data),
            "json": lambda data=data: json.loads(data),
            "orjson": lambda data=data: orjson.loads(data),
        }
        found[str(count)] = fastest(max(3, 30_000 // count), **works) | {"bytes": len(data)}
        if count <= MOST_FOR_JSONSCHEMA:
            slow = fastest(2, jsonschema=lambda value=value: plain.is_valid(value))
            found[str(count)] |= slow
    return found


def image_figures(folder: Path) -> Figures:
    """Seconds to read a compressed segmentation and to check it, which reads it too."""
    z, y, x = np.ogrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j, -1 : 1 : SHAPE[2] * 1j]
    radius = z**2 + y**2 + x**2 + 0.02 * np.sin(40 * x) * np.sin(40 * y) * np.sin(40 * z)
    labels = np.digitize(radius, [0.2, 0.45, 0.7]).astype(np.uint8)
    path = folder / "segmentation.mha"
    sitk.WriteImage(sitk.GetImageFromArray((3 - labels) % 4), path, useCompression=True)
    segments = (1, 2, 3)
    return fastest(
        5,
        read=lambda: sitk.ReadImage(path),
        check=lambda: check_image(path, kind=InterfaceKindChoices.SEGMENTATION, voxel_values=segments),
    ) | {"bytes": path.stat().st_size}


def store_figures(folder: Path) -> Figures:
    """Seconds to keep the same 10,000 points in several ways, each round in fresh places."""
    values = [
        {"type": "Point", "version": {"major": 1, "minor": 0}, "point": [number, 0.5, 1], "name": f"point {number}"}
        for number in range(VALUES)
    ]
    os.environ["COMPONENT_FLOWS_HOME"] = str(folder / "home")
    get_settings.cache_clear()
    site = get_site()
    rounds = []
    for number in range(STORE_ROUNDS):
        with site.database.session() as session:
            singly, together = (
                save_interface(
                    session,
                    ComponentInterface(title=title, kind=InterfaceKindChoices.POINT, relative_path=f"{title}.json"),
                )[0]
                for title in (f"singly-{number}", f"together-{number}")
            )
        works: dict[str, Callable[[], object]] = {
            "create_instance": lambda interface=singly: [interface.create_instance(value=value) for value in values],
            "create_values": lambda interface=together: create_values(interface, values),
            "sqlite_commit_each": lambda at=number: _bare(folder / f"each-{at}.db", values, commit_each=True),
            "sqlite_one_commit": lambda at=number: _bare(folder / f"once-{at}.db", values, commit_each=False),
            "files": lambda at=number: _files(folder / f"files-{at}", values),
        }
        rounds.append(fastest(1, **works))
    site.database.close()
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def _bare(path: Path, values: list[Any], *, commit_each: bool) -> None:
    """The same rows with sqlite3 alone, in the same mode of the database."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE value (pk INTEGER PRIMARY KEY, interface INTEGER, sha256 TEXT, size INTEGER, name TEXT, "
        "value TEXT, files TEXT, created TEXT, UNIQUE (interface, sha256))"
    )
    if not commit_each:
        connection.execute("BEGIN")
    for number, value in enumerate(values):
        text = json.dumps(value)
        row = (1, f"{number:064}", len(text), "", text, "[]", "2026-01-01 00:00:00.000000")
        connection.execute(
            "INSERT INTO value (interface, sha256, size, name, value, files, created) VALUES (?, ?, ?, ?, ?, ?, ?)", row
        )
    if not commit_each:
        connection.execute("COMMIT")
    connection.close()


def _files(folder: Path, values: list[Any]) -> None:
    folder.mkdir()
    for number, value in enumerate(values):
        (folder / f"{number}.json").write_bytes(canonical_json(value))


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    print(figures["machine"])
    print(
        f"\n{'points':>9} {'MB':>7} {'validate':>10} {'parse_json':>11} {'json':>9} {'orjson':>9} {'jsonschema':>11}"
        "   validate in terms of"
    )
    for count, row in figures["json"].items():
        slow = f"{row['jsonschema']:9.3f} s" if "jsonschema" in row else "not run"
        ratios = f"{row['validate_json'] / row['json']:.2f} json, {row['validate_json'] / row['orjson']:.2f} orjson"
        ratios += f", 1/{row['jsonschema'] / row['validate_json']:,.0f} jsonschema" if "jsonschema" in row else ""
        print(
            f"{int(count):>9,} {row['bytes'] / 1e6:7.1f} {row['validate_json']:8.4f} s {row['parse_json']:9.4f} s "
            f"{row['json']:7.4f} s {row['orjson']:7.4f} s {slow:>11}   {ratios}"
        )
    image = figures["image"]
    print(f"\nsegmentation of {' x '.join(map(str, SHAPE[::-1]))}, compressed to {image['bytes'] / 1e6:.1f} MB")
    print(f"  read by SimpleITK {image['read']:8.3f} s")
    ratio = image["check"] / image["read"]
    print(
        f"  checked           {image['check']:8.3f} s   {ratio:.2f} times reading it; goal: at most {GOAL_IMAGE_RATIO}"
    )
    store = figures["store"]
    print(f"\n{VALUES:,} small values")
    for name, seconds in store.items():
        print(f"  {name:<20}{seconds:8.3f} s  {VALUES / seconds:9,.0f} values per second")


def main() -> None:
    """Measure, print, and write the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        figures = {
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
            "json": json_figures(),
            "image": image_figures(Path(scratch)),
            "store": store_figures(Path(scratch)),
        }
    report(figures)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "validation.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
