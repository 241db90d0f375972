"""What an edge of the graph carries: `ComponentInterface`, its fields and its own rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from slugify import slugify

from interfaces.errors import ValidationError
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.json_examples import INTERFACE_TYPE_JSON_EXAMPLES
from interfaces.json_validation import check_schema, validate_json
from interfaces.kinds import (
    KIND_FACTS,
    InterfaceKind,
    InterfaceKindChoices,
    InterfaceSuperKindChoices,
    super_kind,
)
from interfaces.overlays import OverlaySegmentsMixin, check_contiguous, overlay_segments_from

if TYPE_CHECKING:
    from interfaces.value import ComponentInterfaceValue

JsonSchema: TypeAlias = dict[str, Any] | bool

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_MAX_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class ComponentInterface(OverlaySegmentsMixin):
    """A named, typed place for values: an input or output of components.

    Interfaces are equal if all their fields but the primary key are.

    Attributes:
        pk: Primary key once registered, else None.
        title: Human readable, unique name.
        slug: Made from the title unless given.
        description: What the value means.
        kind: The type of its values.
        relative_path: Where a value lies below the input or output folder.
        schema: A JSON Schema (draft 3, 4, 6 or 7) that values must satisfy besides the kind's own, or None.
        default_value: The value of an input that is not given, or None.
        store_in_database: Whether a JSON value is kept in the database rather than in a file. None: whatever the kind
            allows.
        overlay_segments: The categories of voxels; for Segmentation only, and required there.
        look_up_table: Applied when an overlay image is first shown.
        example_value: An example of a value; JSON kinds have a built-in one, see `example`.
    """

    Kind: ClassVar[type[InterfaceKindChoices]] = InterfaceKindChoices
    SuperKind: ClassVar[type[InterfaceSuperKindChoices]] = InterfaceSuperKindChoices

    title: str
    kind: InterfaceKindChoices
    relative_path: str
    slug: str = ""
    description: str = ""
    schema: JsonSchema | None = None
    default_value: Any = None
    store_in_database: bool | None = None
    example_value: ComponentInterfaceExampleValue | None = field(default=None)
    pk: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Fill in what follows from the other fields; overlay segments may be given as JSON objects.

        Raises:
            ValidationError: An overlay segment has another form, or there are more than 64.
        """
        object.__setattr__(self, "kind", InterfaceKindChoices(self.kind))
        object.__setattr__(self, "overlay_segments", overlay_segments_from(self.overlay_segments))
        if not self.slug:
            object.__setattr__(self, "slug", slugify(self.title))
        if self.store_in_database is None:
            object.__setattr__(self, "store_in_database", KIND_FACTS[self.kind].may_be_stored_in_database)
        if self.example_value is not None:
            object.__setattr__(self, "example_value", self.example_value.of(self))

    def __hash__(self) -> int:
        """Of the slug, since a schema can't be hashed."""
        return hash(self.slug)

    @property
    def is_json_kind(self) -> bool:
        """Whether values are JSON."""
        return self.kind in InterfaceKind.interface_type_json()

    @property
    def is_image_kind(self) -> bool:
        """Whether values are images."""
        return self.kind in InterfaceKind.interface_type_image()

    @property
    def is_file_kind(self) -> bool:
        """Whether values are files that are not JSON."""
        return self.kind in InterfaceKind.interface_type_file()

    @property
    def super_kind(self) -> InterfaceSuperKindChoices:
        """Image, File or Value: where a value is kept."""
        return super_kind(self.kind, store_in_database=bool(self.store_in_database))

    @property
    def allowed_file_types(self) -> tuple[str, ...]:
        """The media types that are accepted when a value is imported."""
        return KIND_FACTS[self.kind].media_types

    @property
    def file_extension(self) -> str:
        """The extension that a value is written with (``.json``); "" for images."""
        return KIND_FACTS[self.kind].extension

    @property
    def example(self) -> ComponentInterfaceExampleValue | None:
        """The example value: its own, else the JSON kind's, else None."""
        if self.example_value is not None or not self.is_json_kind:
            return self.example_value
        built_in = INTERFACE_TYPE_JSON_EXAMPLES[self.kind]
        return ComponentInterfaceExampleValue(value=built_in.value, extra_info=built_in.extra_info).of(self)

    def clean(self) -> None:
        """Check every rule that concerns this interface alone.

        Raises:
            ValidationError: Names each field at fault, what is wrong and what would be right.
        """
        if problems := self.find_problems():
            raise ValidationError("; ".join(problems.values()))

    def find_problems(self) -> dict[str, str]:
        """What is wrong, by field, for every rule that concerns this interface alone; empty where nothing is."""
        rules: dict[str, Callable[[], None]] = {
            "title": self._clean_title,
            "slug": self._clean_slug,
            "relative_path": self._clean_relative_path,
            "schema": self._clean_schema,
            "overlay_segments": self._clean_overlay_segments,
            "look_up_table": self._clean_look_up_table,
            "store_in_database": self._clean_store_in_database,
            "default_value": self._clean_default_value,
            "example_value": self._clean_example_value,
        }
        problems: dict[str, str] = {}
        for field_name, rule in rules.items():
            if field_name in ("default_value", "example_value") and "schema" in problems:
                continue  # there is nothing to hold them against
            try:
                rule()
            except ValidationError as error:
                problems[field_name] = str(error)
        return problems

    def _clean_title(self) -> None:
        if not self.title.strip():
            raise ValidationError("title must not be empty")
        if not self.title.isprintable():
            raise ValidationError("title must be one line of printable text")
        self._clean_length("title")

    def _clean_slug(self) -> None:
        if not self.slug or self.slug != slugify(self.slug):
            raise ValidationError(f"slug '{self.slug}' may hold only a-z, 0-9 and single hyphens")
        self._clean_length("slug")

    def _clean_length(self, name: str) -> None:
        if len(getattr(self, name)) > _MAX_LENGTH:
            raise ValidationError(f"{name} is longer than {_MAX_LENGTH} characters")

    def _clean_relative_path(self) -> None:
        path = self.relative_path
        self._clean_length("relative_path")
        parts = path.split("/")
        wrong = (
            ("must not be empty" if not path else "")
            or ("must not begin or end with '/'" if path != path.strip("/") else "")
            or ("must be normalised, with no empty, '.' or '..' part" if {"", ".", ".."} & set(parts) else "")
            or ("may hold only printable characters, and no backslash" if not _is_plain(path) else "")
            or ("must not hold a UUID" if _UUID.search(path) else "")
            or ("must not be inputs.json" if path.lower() == "inputs.json" else "")
        )
        in_images = parts[0] == "images"
        if not wrong and self.is_image_kind:
            wrong = (
                "must start with images/, since the kind is an image"
                if not (in_images and len(parts) > 1)
                else "must end in a name without an extension, since an image has a folder"
                if "." in parts[-1]
                else ""
            )
        elif not wrong:
            wrong = (
                "must not start with images/, since the kind is no image"
                if in_images
                else f"must end with {self.file_extension}"
                if not path.endswith(self.file_extension) or parts[-1] == self.file_extension
                else ""
            )
        if wrong:
            raise ValidationError(f"relative_path '{path}' {wrong}")

    def _clean_schema(self) -> None:
        if self.schema is None:
            return
        if not self.is_json_kind:
            raise ValidationError(f"schema is for JSON kinds; {self.kind.label} has none")
        check_schema(self.schema)

    def _clean_overlay_segments(self) -> None:
        if self.kind == InterfaceKindChoices.SEGMENTATION:
            if not self.overlay_segments:
                raise ValidationError("overlay_segments must be set for the kind Segmentation")
            check_contiguous(self.overlay_segments)
        elif self.overlay_segments:
            raise ValidationError(f"overlay_segments is only for the kind Segmentation, not {self.kind.label}")

    def _clean_look_up_table(self) -> None:
        if self.look_up_table is not None:
            if not self.is_image_kind:
                raise ValidationError(f"look_up_table is for image kinds; {self.kind.label} has none")
            self.look_up_table.clean()

    def _clean_store_in_database(self) -> None:
        if self.store_in_database and not KIND_FACTS[self.kind].may_be_stored_in_database:
            raise ValidationError(f"store_in_database must be false: {self.kind.label} values are kept in files")

    def _clean_default_value(self) -> None:
        if self.default_value is not None:
            if self.super_kind != InterfaceSuperKindChoices.VALUE:
                raise ValidationError("default_value is only for JSON kinds that are stored in the database")
            try:
                self.validate_against_schema(value=self.default_value)
            except ValidationError as error:
                raise ValidationError(f"default_value is not valid: {error}") from error

    def _clean_example_value(self) -> None:
        if self.example_value is not None:
            self.example_value.clean()

    def validate_against_schema(self, *, value: Any) -> None:
        """Check a JSON value against the kind's schema and the interface's own.

        Raises:
            ValidationError: One line with the path into the value, or the kind has no JSON values.
        """
        if not self.is_json_kind:
            raise ValidationError(f"{self.kind.label} values are files; they have no JSON Schema")
        validate_json(value, kind=self.kind, schema=self.schema)

    def create_instance(
        self, *, value: Any = ..., file: Path | str | None = None, image: Path | str | None = None
    ) -> ComponentInterfaceValue:
        """Store a value of this interface; the same value twice is one record.

        Args:
            value: A JSON value (None is one), for JSON kinds.
            file: A file to take the value from, for JSON and file kinds.
            image: An image file, or a folder of DICOM files, for image kinds.

        Returns:
            The stored value.

        Raises:
            ValidationError: The value does not fit, or not exactly one argument was given.
        """
        from interfaces.value_creation import create_value  # that module needs this one

        return create_value(self, value=value, file=file, image=image)


def _is_plain(path: str) -> bool:
    # A person's file system may give the same text in another normal form, so that the file would not be found.
    return path.isprintable() and "\\" not in path and unicodedata.is_normalized("NFC", path)
