"""Stored values of any kind, and phantoms whose parts lie at known places of the patient."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from interfaces.definition import ComponentInterface
from interfaces.kinds import KIND_FACTS, InterfaceKindChoices
from interfaces.previews.drawing import GAP_PX, MARGIN_PX
from interfaces.previews.limits import WIDTH_PX, Deadline
from interfaces.previews.record import Preview
from interfaces.previews.views import View, views_of
from interfaces.previews.volumes import read_volume
from interfaces.settings import get_settings
from interfaces.site import Site, get_site
from interfaces.value import ComponentInterfaceValue

MakeValue = Callable[..., ComponentInterfaceValue]

# Marks of a phantom: centre (x left, y back, z head, in mm), and value. It is no mirror image of itself along any axis.
MARKS = {1: (30.0, -24.0, 20.0), 2: (-30.0, 24.0, 20.0), 3: (30.0, 24.0, -20.0)}
REACH_MM = 9.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for a module: what is shown does not depend on what else is stored."""
    patch = pytest.MonkeyPatch()
    patch.setenv("COMPONENT_FLOWS_HOME", str(tmp_path_factory.mktemp("home")))
    get_settings.cache_clear()
    site = get_site()
    yield site
    site.database.close()
    patch.undo()
    get_settings.cache_clear()


_numbers = count(1)


@pytest.fixture
def value(stored) -> MakeValue:
    """Registers an interface of a kind and stores a value of it."""

    def make(kind: InterfaceKindChoices, *, title: str = "", given: Any = ..., **fields: Any) -> Any:
        number = next(_numbers)
        title = title or f"Thing {number}"
        slug = f"thing-{number}"
        facts = KIND_FACTS[kind]
        path = f"images/{slug}" if facts.family == "image" else f"{slug}{facts.extension}"
        interface = stored(ComponentInterface(title=title, slug=slug, kind=kind, relative_path=path, **fields))
        if facts.family == "json":
            return interface.create_instance(value=given)
        return interface.create_instance(**{"image" if facts.family == "image" else "file": given})

    return make


@pytest.fixture
def image_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes an array (t, z, y, x) as an MHA file."""
    count = 0

    def write(
        array: np.ndarray,
        *,
        spacing: Sequence[float] | None = None,
        origin: Sequence[float] | None = None,
        direction: Sequence[float] | None = None,
        vector: bool = False,
        compress: bool = True,
        suffix: str = ".mha",
    ) -> Path:
        nonlocal count
        count += 1
        image = sitk.GetImageFromArray(array, isVector=vector)
        dimension = image.GetDimension()
        if spacing is not None:
            image.SetSpacing(spacing)
        if origin is not None:
            image.SetOrigin(origin)
        if direction is not None:
            image.SetDirection(np.asarray(direction, float).reshape(-1).tolist())
        assert dimension in {2, 3, 4}
        path = tmp_path / f"image-{count}{suffix}"
        sitk.WriteImage(image, str(path), useCompression=compress)
        return path

    return write


@pytest.fixture
def phantom(image_file) -> Callable[..., Path]:
    """Writes the marks into a volume of some direction, spacing and size around the patient's origin."""

    def write(
        direction: Any = None,
        *,
        spacing: Sequence[float] = (2.0, 2.0, 2.0),
        extent_mm: Sequence[float] = (120.0, 100.0, 80.0),
        dtype: str = "int16",
        values: dict[int, int] | None = None,
    ) -> Path:
        cosines = np.eye(3) if direction is None else np.asarray(direction, float)
        # The extent is the patient's; how many voxels that is along each axis depends on the direction.
        length = np.abs(cosines.T) @ np.array(extent_mm)
        size = np.round(length / spacing).astype(int)
        origin = -cosines @ ((size - 1) / 2 * spacing)
        z, y, x = np.indices(size[::-1])
        points = origin + np.stack([x, y, z], axis=-1) * spacing @ cosines.T
        array = np.zeros(size[::-1], dtype)
        for number, centre in MARKS.items():
            inside = (np.abs(points - np.array(centre)) <= REACH_MM).all(axis=-1)
            array[inside] = (values or {})[number] if values else number * 100
        return image_file(array, spacing=spacing, origin=origin.tolist(), direction=cosines)

    return write


@pytest.fixture
def pixels() -> Callable[[Preview], np.ndarray]:
    """The picture of a preview as (height, width, channels)."""
    return _pixels


@pytest.fixture
def colour_at() -> Callable[..., list[int]]:
    """The colour of a preview at a point of the patient, on one of its planes."""

    def colour(
        preview: Preview,
        base: Path,
        plane: str,
        point_mm: Sequence[float],
        through_mm: Sequence[float],
        *,
        beside_px: int = 0,
    ) -> Any:
        volume = read_volume(base, deadline=Deadline())
        index = volume.geometry.indices(np.array([through_mm], float))[0]
        views = views_of(volume, index, width_px=WIDTH_PX - 2 * MARGIN_PX - beside_px)
        left, top, view = _place(views, plane)
        x, y = view.to_pixels(volume.geometry.indices(np.array([point_mm], float)))[0]
        return _pixels(preview)[int(top + y), int(left + x)].tolist()

    return colour


def _place(views: list[View], plane: str) -> tuple[int, int, View]:
    """Where a plane lies in the whole picture."""
    left = MARGIN_PX
    tallest = max(view.size_px[1] for view in views)
    for view in views:
        if view.name == plane:
            return left, MARGIN_PX + (20 if plane else 0) + (tallest - view.size_px[1]) // 2, view
        left += view.size_px[0] + GAP_PX
    raise AssertionError(f"there is no plane {plane}")


def _pixels(preview: Preview) -> np.ndarray:
    """The picture of a preview as (height, width, channels)."""
    assert preview.media_type == "image/png", preview.text
    with Image.open(io.BytesIO(preview.data), formats=("PNG",)) as picture:
        return np.asarray(picture)
