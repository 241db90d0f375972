"""Makes the pictures of docs/previews.md: from the brain that nilearn carries, and from the kinds' built-in examples.

Needs the demo's packages (`pip install 'component-flows[demo]'`). Nothing is stored but in a temporary folder.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "images" / "previews"
WIDTH_PX = 960

if TYPE_CHECKING:
    from interfaces.value import ComponentInterfaceValue


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["COMPONENT_FLOWS_HOME"] = home
        sys.path.insert(0, str(ROOT / "examples" / "brain-volumetry"))
        PICTURES.mkdir(parents=True, exist_ok=True)
        _write(Path(home))


def _write(folder: Path) -> None:
    import data

    from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
    from interfaces.kinds import InterfaceKindChoices as Kind

    brain = _value("T1 brain MRI", Kind.IMAGE, image=data.t1_image())
    names = ("CSF", "Grey matter", "White matter")
    segments = [{"name": name, "visible": True, "voxel_value": at} for at, name in enumerate(names, start=1)]
    reference = data.reference_segmentation(folder)
    tissues = _value("Brain tissues", Kind.SEGMENTATION, image=reference, overlay_segments=segments)
    white = _value("White matter", Kind.HEAT_MAP, image=_white_matter(reference))
    thalami = _value("Thalami", Kind.MULTIPLE_TWO_D_BOUNDING_BOXES, value=_thalami())
    chart = _value("Agreement", Kind.CHART, value=INTERFACE_TYPE_JSON_EXAMPLES[Kind.CHART].value)
    ellipse = _value("Ellipse", Kind.ELLIPSE, value=INTERFACE_TYPE_JSON_EXAMPLES[Kind.ELLIPSE].value)
    _save("image", brain)
    _save("segmentation", tissues, over=brain)
    _save("segmentation-alone", tissues)
    _save("heat-map", white, over=brain)
    _save("boxes", thalami, over=brain)
    _save("ellipse", ellipse)
    _save("chart", chart)


def _value(title: str, kind: Any, *, overlay_segments: Any = (), **given: Any) -> ComponentInterfaceValue:
    from slugify import slugify

    from interfaces.database.interface_records import save_interface
    from interfaces.definition import ComponentInterface
    from interfaces.site import get_site

    path = f"images/{slugify(title)}" if "image" in given else f"{slugify(title)}.json"
    interface = ComponentInterface(title=title, kind=kind, relative_path=path, overlay_segments=overlay_segments)
    with get_site().database.session() as session:
        registered, _ = save_interface(session, interface)
    return registered.create_instance(**given)


def _white_matter(tissues: Path) -> Path:
    """A heat map of white matter: its mask, smoothed."""
    import data
    import SimpleITK as sitk

    mask = sitk.Cast(sitk.ReadImage(str(tissues)) == data.WHITE_MATTER, sitk.sitkFloat32)
    file = tissues.with_name("white-matter.mha")
    sitk.WriteImage(sitk.SmoothingRecursiveGaussian(mask, 5.0), file, useCompression=True)
    return file


def _thalami() -> dict[str, Any]:
    """A box around each thalamus, in mm (LPS), read off the picture by eye."""
    left, right = (
        [[x, y, 8.0] for x, y in ((a, 6.0), (b, 6.0), (b, 32.0), (a, 32.0))] for a, b in ((1.0, 22.0), (-22.0, -1.0))
    )
    return {
        "type": "Multiple 2D bounding boxes",
        "version": {"major": 1, "minor": 0},
        "boxes": [
            {"name": "Left thalamus", "corners": left, "probability": 0.95},
            {"name": "Right thalamus", "corners": right, "probability": 0.92},
        ],
    }


def _save(name: str, value: ComponentInterfaceValue, **how: Any) -> None:
    from interfaces import preview

    made = preview(value, width_px=WIDTH_PX, **how)
    if not made.is_picture:
        raise SystemExit(made.text)
    (PICTURES / f"{name}.png").write_bytes(made.data)
    print(f"{name}.png: {made.text}")


if __name__ == "__main__":
    main()
