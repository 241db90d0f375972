"""`ComponentInterfaceExampleValue`: a valid value that shows people who write components what to expect."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from interfaces.errors import ValidationError

if TYPE_CHECKING:
    from interfaces.definition import ComponentInterface


@dataclass(frozen=True, kw_only=True)
class ComponentInterfaceExampleValue:
    """An example of a valid value, for people who write components.

    Attributes:
        value: The JSON value.
        extra_info: A remark about it, or "".
        created: When it was first registered, or None.
        modified: When it was last changed, or None.
    """

    value: Any
    extra_info: str = ""
    created: datetime | None = field(default=None, compare=False)
    modified: datetime | None = field(default=None, compare=False)

    @property
    def interface(self) -> ComponentInterface | None:
        """The interface that it is an example for; None until it is given to one."""
        # No field: the interface holds this record, and what is equal or written as JSON must not go round in circles.
        return getattr(self, "_interface", None)

    @property
    def pk(self) -> int | None:
        """The primary key, which is that of its interface: each has at most one."""
        return self.interface.pk if self.interface else None

    def of(self, interface: ComponentInterface) -> ComponentInterfaceExampleValue:
        """The same example for an interface."""
        bound = replace(self)
        object.__setattr__(bound, "_interface", interface)
        return bound

    def clean(self) -> None:
        """Check that it is an example of its interface.

        Raises:
            ValidationError: It has no interface, the kind is no JSON kind, or the value is not valid for it.
        """
        interface = self.interface
        if interface is None:
            raise ValidationError("example_value belongs to no interface that it could be an example for")
        if not interface.is_json_kind:
            raise ValidationError(f"example_value is only for JSON kinds, not {interface.kind.label}")
        try:
            interface.validate_against_schema(value=self.value)
        except ValidationError as error:
            raise ValidationError(f"example_value is not valid: {error}") from error
