"""The tables of archives; see `interfaces.database.tables`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from interfaces.database.base import Base


class ArchiveRow(Base):
    """An `Archive`: a named set of cases."""

    __tablename__ = "archive"

    pk: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    title: Mapped[str] = mapped_column(String(255), unique=True)
    created: Mapped[datetime]


class ArchiveCaseRow(Base):
    """A case of an archive."""

    __tablename__ = "archive_case"
    __table_args__ = (UniqueConstraint("archive_pk", "case_id", name="one_case_per_id"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    archive_pk: Mapped[int] = mapped_column(ForeignKey("archive.pk"))
    case_id: Mapped[str] = mapped_column(String(255))
    created: Mapped[datetime]


class ArchiveValueRow(Base):
    """A value of a case of an archive; a case has one at most of each interface."""

    __tablename__ = "archive_value"

    case_pk: Mapped[int] = mapped_column(ForeignKey("archive_case.pk"), primary_key=True)
    interface_pk: Mapped[int] = mapped_column(ForeignKey("component_interface.pk"), primary_key=True)
    value_pk: Mapped[int] = mapped_column(ForeignKey("component_interface_value.pk"), index=True)
