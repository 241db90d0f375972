"""The 40 kinds of interfaces, and in one table what is known about each.

The codes, labels and member names are those of grand-challenge.org. Add a kind by adding a member and a row;
a JSON kind also needs a schema and an example (`json_schemas`, `json_examples`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Literal, TypeAlias

KindFamily: TypeAlias = Literal["json", "image", "file"]


class InterfaceKindChoices(StrEnum):
    """What the values of an interface are; the value of a member is the kind's code."""

    STRING = "STR"
    INTEGER = "INT"
    FLOAT = "FLT"
    BOOL = "BOOL"
    ANY = "JSON"
    CHART = "CHART"
    TWO_D_BOUNDING_BOX = "2DBB"
    MULTIPLE_TWO_D_BOUNDING_BOXES = "M2DB"
    DISTANCE_MEASUREMENT = "DIST"
    MULTIPLE_DISTANCE_MEASUREMENTS = "MDIS"
    POINT = "POIN"
    MULTIPLE_POINTS = "MPOI"
    POLYGON = "POLY"
    MULTIPLE_POLYGONS = "MPOL"
    LINE = "LINE"
    MULTIPLE_LINES = "MLIN"
    ANGLE = "ANGL"
    MULTIPLE_ANGLES = "MANG"
    ELLIPSE = "ELLI"
    MULTIPLE_ELLIPSES = "MELL"
    THREE_POINT_ANGLE = "3ANG"
    MULTIPLE_THREE_POINT_ANGLES = "M3AN"
    AFFINE_TRANSFORM_REGISTRATION = "ATRG"
    CHOICE = "CHOI"
    MULTIPLE_CHOICE = "MCHO"
    IMAGE = "IMG"
    SEGMENTATION = "SEG"
    HEAT_MAP = "HMAP"
    DISPLACEMENT_FIELD = "DSPF"
    DICOM_IMAGE_SET = "DCMIS"
    CSV = "CSV"
    ZIP = "ZIP"
    PDF = "PDF"
    SQREG = "SQREG"
    THUMBNAIL_JPG = "JPEG"
    THUMBNAIL_PNG = "PNG"
    OBJ = "OBJ"
    MP4 = "MP4"
    NEWICK = "NEWCK"
    BIOM = "BIOM"

    @property
    def label(self) -> str:
        """The name of the kind as people write it (``2D bounding box``)."""
        return KIND_FACTS[self].label


class InterfaceSuperKindChoices(StrEnum):
    """Where the values of an interface are kept."""

    IMAGE = "I"
    FILE = "F"
    VALUE = "V"

    @property
    def label(self) -> str:
        """``Image``, ``File`` or ``Value``."""
        return self.name.capitalize()


@dataclass(frozen=True, kw_only=True)
class KindFacts:
    """What is known about a kind.

    Attributes:
        label: The name as people write it; it is also the ``type`` of an annotation.
        family: json, image or file.
        rule: What a value must be, in one line, for the documentation.
        extension: The extension that a value is written with (``.json``); "" for images, which have a folder.
        media_types: The media types that a value is imported from; images are told by their content.
        other_extensions: Extensions besides `extension` that a file to import usually has.
        may_be_stored_in_database: Whether an interface may keep its values in the database (JSON kinds only).
        displayable: Whether a value can be displayed.
        isolated: Whether a value can only be displayed on its own, never beside or over another.
    """

    label: str
    family: KindFamily
    rule: str
    extension: str
    media_types: tuple[str, ...] = ()
    other_extensions: tuple[str, ...] = ()
    may_be_stored_in_database: bool = False
    displayable: bool = True
    isolated: bool = False


_json = partial(
    KindFacts,
    family="json",
    extension=".json",
    media_types=("application/json", "text/plain"),
    may_be_stored_in_database=True,
)
_json_list = partial(_json, may_be_stored_in_database=False)
_image = partial(KindFacts, family="image", extension="")
_file = partial(KindFacts, family="file")
_hidden_file = partial(_file, displayable=False)
_lone_file = partial(_file, isolated=True)

_K: TypeAlias = InterfaceKindChoices

KIND_FACTS: Mapping[InterfaceKindChoices, KindFacts] = MappingProxyType(
    {
        _K.STRING: _json(label="String", rule="a string"),
        _K.INTEGER: _json(label="Integer", rule="a whole number; 42.0 is one"),
        _K.FLOAT: _json(label="Float", rule="a number"),
        _K.BOOL: _json(label="Bool", rule="true or false"),
        _K.ANY: _json(label="Anything", rule="any JSON, null included"),
        _K.CHART: _json(label="Chart", rule="a Vega-Lite v5 specification", isolated=True),
        _K.TWO_D_BOUNDING_BOX: _json(label="2D bounding box", rule="`corners`: exactly 4 points"),
        _K.MULTIPLE_TWO_D_BOUNDING_BOXES: _json_list(
            label="Multiple 2D bounding boxes", rule="`boxes`: objects with `corners`"
        ),
        _K.DISTANCE_MEASUREMENT: _json(label="Distance measurement", rule="`start` and `end`: a point each"),
        _K.MULTIPLE_DISTANCE_MEASUREMENTS: _json_list(
            label="Multiple distance measurements", rule="`lines`: objects with `start` and `end`"
        ),
        _K.POINT: _json(label="Point", rule="`point`: a point"),
        _K.MULTIPLE_POINTS: _json_list(label="Multiple points", rule="`points`: objects with `point`"),
        _K.POLYGON: _json(
            label="Polygon",
            rule="`seed_point`: a point; `path_points`: a list of points; `sub_type`: a string; "
            "`groups`: a list of strings",
        ),
        _K.MULTIPLE_POLYGONS: _json_list(
            label="Multiple polygons",
            rule="`polygons`: objects with `seed_point`, `path_points`, `sub_type` and `groups`",
        ),
        _K.LINE: _json(label="Line", rule="`seed_points`: a list of points; `path_point_lists`: lists of points"),
        _K.MULTIPLE_LINES: _json_list(
            label="Multiple lines", rule="`lines`: objects with `seed_points` and `path_point_lists`"
        ),
        _K.ANGLE: _json(label="Angle", rule="`lines`: exactly 2 lines of exactly 2 points"),
        _K.MULTIPLE_ANGLES: _json_list(label="Multiple angles", rule="`angles`: objects with `lines`"),
        _K.ELLIPSE: _json(label="Ellipse", rule="`major_axis` and `minor_axis`: exactly 2 points each"),
        _K.MULTIPLE_ELLIPSES: _json_list(
            label="Multiple ellipses", rule="`ellipses`: objects with `major_axis` and `minor_axis`"
        ),
        _K.THREE_POINT_ANGLE: _json(label="Three-point angle", rule="`angle`: exactly 3 points"),
        _K.MULTIPLE_THREE_POINT_ANGLES: _json_list(
            label="Multiple three-point angles", rule="`angles`: objects with `angle`"
        ),
        _K.AFFINE_TRANSFORM_REGISTRATION: _json(
            label="Affine transform registration",
            rule="`3d_affine_transform`: 4 rows of 4 numbers; other keys are allowed",
        ),
        _K.CHOICE: _json(label="Choice", rule="a string"),
        _K.MULTIPLE_CHOICE: _json(label="Multiple choice", rule="a list of strings"),
        _K.IMAGE: _image(label="Image", rule="one image; MHA, MHD with RAW, or TIFF from a component"),
        _K.SEGMENTATION: _image(
            label="Segmentation",
            rule="one integer per voxel, 0 or one of the overlay segments, at most 64 different ones; "
            "a 4D image of zeros and ones is a stack of masks: volume n is segment n",
        ),
        _K.HEAT_MAP: _image(label="Heat map", rule="one image"),
        _K.DISPLACEMENT_FIELD: _image(
            label="Displacement field",
            rule="one image of 4 dimensions without colour, the 4th being a 3-component vector",
        ),
        _K.DICOM_IMAGE_SET: _image(
            label="DICOM image set",
            rule="one DICOM series as its own `.dcm` files; no other image kind may be DICOM; input only",
        ),
        _K.CSV: _hidden_file(
            label="CSV file",
            rule="a table of comma-separated values",
            extension=".csv",
            media_types=("application/csv", "application/vnd.ms-excel", "text/csv", "text/plain"),
        ),
        _K.ZIP: _hidden_file(
            label="ZIP file",
            rule="a ZIP archive; as an input it is unpacked into the input folder",
            extension=".zip",
            media_types=("application/zip", "application/x-zip-compressed"),
        ),
        _K.PDF: _lone_file(label="PDF file", rule="a PDF document", extension=".pdf", media_types=("application/pdf",)),
        _K.SQREG: _file(
            label="SQREG file",
            rule="a registration in an SQLite database",
            extension=".sqreg",
            media_types=("application/octet-stream", "application/x-sqlite3", "application/vnd.sqlite3"),
        ),
        _K.THUMBNAIL_JPG: _lone_file(
            label="Thumbnail jpg", rule="a JPEG picture", extension=".jpeg", media_types=("image/jpeg",)
        ),
        _K.THUMBNAIL_PNG: _lone_file(
            label="Thumbnail png", rule="a PNG picture", extension=".png", media_types=("image/png",)
        ),
        _K.OBJ: _hidden_file(
            label="OBJ file",
            rule="a Wavefront OBJ mesh",
            extension=".obj",
            media_types=("text/plain", "application/octet-stream"),
        ),
        _K.MP4: _lone_file(label="MP4 file", rule="an MP4 video", extension=".mp4", media_types=("video/mp4",)),
        _K.NEWICK: _hidden_file(
            label="Newick tree-format file",
            rule="a tree in Newick format",
            extension=".newick",
            media_types=("text/x-nh", "application/octet-stream"),
            other_extensions=(".nwk", ".tree"),
        ),
        _K.BIOM: _hidden_file(
            label="BIOM format", rule="a BIOM table", extension=".biom", media_types=("application/octet-stream",)
        ),
    }
)


def _kinds(family: KindFamily) -> frozenset[InterfaceKindChoices]:
    return frozenset(kind for kind, facts in KIND_FACTS.items() if facts.family == family)


class InterfaceKind:
    """The kinds by what they have in common."""

    InterfaceKindChoices = _K

    @staticmethod
    def interface_type_json() -> frozenset[_K]:
        """Kinds whose values are JSON."""
        return _JSON_KINDS

    @staticmethod
    def interface_type_image() -> frozenset[_K]:
        """Kinds whose values are images."""
        return _IMAGE_KINDS

    @staticmethod
    def interface_type_file() -> frozenset[_K]:
        """Kinds whose values are files that are neither JSON nor images."""
        return _FILE_KINDS

    @staticmethod
    def interface_type_mandatory_isolation() -> frozenset[_K]:
        """Kinds whose values can only be displayed on their own."""
        return _ISOLATED_KINDS

    @staticmethod
    def interface_type_undisplayable() -> frozenset[_K]:
        """Kinds whose values cannot be displayed."""
        return _UNDISPLAYABLE_KINDS


_JSON_KINDS = _kinds("json")
_IMAGE_KINDS = _kinds("image")
_FILE_KINDS = _kinds("file")
_ISOLATED_KINDS = frozenset(kind for kind, facts in KIND_FACTS.items() if facts.isolated)
_UNDISPLAYABLE_KINDS = frozenset(kind for kind, facts in KIND_FACTS.items() if not facts.displayable)


def super_kind(kind: InterfaceKindChoices, *, store_in_database: bool) -> InterfaceSuperKindChoices:
    """Where values are kept: Image for images, Value for JSON that is stored in the database, else File."""
    if kind in _IMAGE_KINDS:
        return InterfaceSuperKindChoices.IMAGE
    if kind in _JSON_KINDS and store_in_database:
        return InterfaceSuperKindChoices.VALUE
    return InterfaceSuperKindChoices.FILE
