"""`preview`: one value as a picture, a small table or a sentence, whatever its kind."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from interfaces.errors import ValidationError
from interfaces.images.bounds import bytes_text
from interfaces.images.importing import import_image
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.annotations import annotation_preview
from interfaces.previews.charts import chart_preview
from interfaces.previews.csv_file import csv_preview
from interfaces.previews.facts import FACTS, facts_preview
from interfaces.previews.images import (
    Backdrop,
    displacement_preview,
    heat_map_preview,
    image_preview,
    read_backdrop,
)
from interfaces.previews.json_values import json_preview, transform_preview
from interfaces.previews.limits import MAX_JSON_BYTES, PREVIEW_S, WIDTH_PX, Deadline
from interfaces.previews.pictures import pdf_preview, thumbnail_preview
from interfaces.previews.record import Preview, text_preview
from interfaces.previews.segmentations import segmentation_preview
from interfaces.previews.shapes import ANNOTATION_KINDS
from interfaces.previews.texts import clean_text

if TYPE_CHECKING:
    from interfaces.value import ComponentInterfaceValue

_log = logging.getLogger(__name__)

MIN_WIDTH_PX, MAX_WIDTH_PX = 200, 4_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a preview is made of.

    Attributes:
        value: The value.
        backdrop: Reads the image below it, or gives None.
        width_px: Of a picture.
        deadline: When it is given up.
    """

    value: ComponentInterfaceValue
    backdrop: Callable[[], Backdrop | None]
    width_px: int
    deadline: Deadline

    @property
    def title(self) -> str:
        """What the value is called."""
        return self.value.title

    @property
    def path(self) -> Path:
        """Its file.

        Raises:
            ValidationError: It has none.
        """
        if (path := self.value.path) is None:
            raise ValidationError("it has no file")
        return path


def preview(
    value: ComponentInterfaceValue,
    *,
    over: ComponentInterfaceValue | None = None,
    width_px: int = WIDTH_PX,
    max_seconds: float = PREVIEW_S,
) -> Preview:
    """Show what a value looks like. Never raises for what is in a value.

    Images, heat maps, segmentations, displacement fields and annotations are shown in axial, coronal and sagittal
    planes as a radiologist looks at them; charts, thumbnails and PDF files as one picture; tables, JSON and other files
    as a small table or text. Time, memory and size are bounded (`interfaces.previews.limits`).

    Args:
        value: The value, stored at this site.
        over: An image that a segmentation, a heat map, a displacement field or an annotation is drawn over; other
            kinds don't use it. The geometries may differ.
        width_px: Most pixels across the planes of a picture, 200 to 4,000.
        max_seconds: How long reading may take.

    Returns:
        The preview; of a value that can't be shown, one sentence that says why.
    """
    width_px = min(max(width_px, MIN_WIDTH_PX), MAX_WIDTH_PX)
    deadline = Deadline(max_seconds)
    asked = Asked(value=value, backdrop=lambda: _backdrop(over, deadline), width_px=width_px, deadline=deadline)
    kind = value.interface.kind
    try:
        return _PREVIEWS[kind](asked)
    except ValidationError as error:
        return _without(value, str(error), error)
    except MemoryError as error:
        return _without(value, "it takes too much memory", error)
    # A picture must not break a run: whatever goes wrong is logged, and said in a sentence.
    except Exception as error:
        _log.exception("The value %s of '%s' can't be previewed", value.pk, value.interface.slug)
        return _without(value, "an unexpected error occurred, which is in the log", error)


def _without(value: ComponentInterfaceValue, why: str, error: BaseException) -> Preview:
    _log.debug("No preview of the value %s: %s", value.pk, error)
    reason = clean_text(why, most=300).rstrip(".")
    reason = reason[:1].lower() + reason[1:]
    title = clean_text(value.title, most=120)
    return text_preview(f"{title}: this {value.interface.kind.label} can't be previewed: {reason}.")


def _backdrop(over: ComponentInterfaceValue | None, deadline: Deadline) -> Backdrop | None:
    """The image below a value; None where there is none that can be shown, since the value itself can."""
    if over is None:
        return None
    try:
        if not over.interface.is_image_kind or over.path is None:
            raise ValidationError(f"a {over.interface.kind.label} is no image")
        return read_backdrop(over.path, deadline=deadline, name=over.title)
    except (ValidationError, OSError, MemoryError) as error:
        _log.warning("A preview is drawn without the value %s below it: %s", over.pk, error)
        return None


def _image(asked: Asked) -> Preview:
    return image_preview(asked.path, title=asked.title, width_px=asked.width_px, deadline=asked.deadline)


def _dicom_image_set(asked: Asked) -> Preview:
    with tempfile.TemporaryDirectory(prefix="component-flows-") as folder:
        image = import_image(asked.path, Path(folder)).path
        return image_preview(image, title=asked.title, width_px=asked.width_px, deadline=asked.deadline)


def _segmentation(asked: Asked) -> Preview:
    interface = asked.value.interface
    return segmentation_preview(
        asked.path,
        title=asked.title,
        segments=interface.overlay_segments,
        table=interface.look_up_table,
        over=asked.backdrop(),
        width_px=asked.width_px,
        deadline=asked.deadline,
    )


def _heat_map(asked: Asked) -> Preview:
    return heat_map_preview(
        asked.path,
        title=asked.title,
        table=asked.value.interface.look_up_table,
        over=asked.backdrop(),
        width_px=asked.width_px,
        deadline=asked.deadline,
    )


def _displacement_field(asked: Asked) -> Preview:
    return displacement_preview(
        asked.path,
        title=asked.title,
        table=asked.value.interface.look_up_table,
        over=asked.backdrop(),
        width_px=asked.width_px,
        deadline=asked.deadline,
    )


def _json_value(asked: Asked) -> object:
    """The value's JSON.

    Raises:
        ValidationError: There is too much of it.
    """
    size = asked.value.size_in_storage
    if size > MAX_JSON_BYTES:
        raise ValidationError(f"it has {bytes_text(size)}; at most {bytes_text(MAX_JSON_BYTES)} are read for a preview")
    return asked.value.value


def _annotation(asked: Asked) -> Preview:
    return annotation_preview(
        asked.value.interface.kind,
        _json_value(asked),  # type: ignore[arg-type]  # what is stored is valid for its kind
        title=asked.title,
        over=asked.backdrop(),
        width_px=asked.width_px,
        deadline=asked.deadline,
    )


def _chart(asked: Asked) -> Preview:
    return chart_preview(_json_value(asked), title=asked.title)  # type: ignore[arg-type]


def _transform(asked: Asked) -> Preview:
    return transform_preview(_json_value(asked), title=asked.title)  # type: ignore[arg-type]


def _json(asked: Asked) -> Preview:
    return json_preview(_json_value(asked), title=asked.title)


def _jpeg(asked: Asked) -> Preview:
    return thumbnail_preview(asked.path, title=asked.title, picture_format="JPEG")


def _png(asked: Asked) -> Preview:
    return thumbnail_preview(asked.path, title=asked.title, picture_format="PNG")


def _pdf(asked: Asked) -> Preview:
    return pdf_preview(asked.path, title=asked.title)


def _csv(asked: Asked) -> Preview:
    return csv_preview(asked.path, title=asked.title)


def _facts(asked: Asked) -> Preview:
    return facts_preview(asked.value.interface.kind, asked.path, title=asked.title, deadline=asked.deadline)


_Maker: TypeAlias = Callable[[Asked], Preview]
_TEXTS = (Kind.STRING, Kind.INTEGER, Kind.FLOAT, Kind.BOOL, Kind.ANY, Kind.CHOICE, Kind.MULTIPLE_CHOICE)

_PREVIEWS: Mapping[Kind, _Maker] = MappingProxyType(
    {
        Kind.IMAGE: _image,
        Kind.SEGMENTATION: _segmentation,
        Kind.HEAT_MAP: _heat_map,
        Kind.DISPLACEMENT_FIELD: _displacement_field,
        Kind.DICOM_IMAGE_SET: _dicom_image_set,
        Kind.CHART: _chart,
        Kind.AFFINE_TRANSFORM_REGISTRATION: _transform,
        Kind.THUMBNAIL_JPG: _jpeg,
        Kind.THUMBNAIL_PNG: _png,
        Kind.PDF: _pdf,
        Kind.CSV: _csv,
        **dict.fromkeys(_TEXTS, _json),
        **dict.fromkeys(sorted(ANNOTATION_KINDS), _annotation),
        **dict.fromkeys(FACTS, _facts),
    }
)
"""What makes the preview of each kind."""
