from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select, text

from interfaces.database import archive_tables, evaluation_tables, migrations_folder, run_tables, worker_run_tables  # noqa: F401
from interfaces.database.base import Base
from interfaces.database.sessions import HEAD, Database
from interfaces.database.tables import InterfaceRow
from interfaces.errors import ServiceUnavailable


def open_in(folder):
    return Database(f"sqlite:///{folder}/a.db", folder)


def test_the_migrations_make_exactly_the_tables(tmp_path):
    database = open_in(tmp_path)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_the_newest_migration_is_the_one_that_is_named():
    assert ScriptDirectory(str(migrations_folder())).get_heads() == [HEAD]


def test_readers_go_on_beside_a_writer(tmp_path):
    database = open_in(tmp_path)
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    with database.session() as writer, database.session() as reader:
        writer.execute(text("INSERT INTO component VALUES ('a', 'A', '{}')"))
        assert reader.execute(text("SELECT count(*) FROM component")).scalar() == 0
    database.close()


def test_several_that_open_a_new_database_at_once_migrate_it_once(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(open_in, [tmp_path] * 4))
    with opened[0].engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
    for database in opened:
        database.close()


def test_an_error_rolls_everything_back(tmp_path):
    database = open_in(tmp_path)
    with pytest.raises(RuntimeError), database.session() as session:
        session.execute(text("INSERT INTO component VALUES ('a', 'A', '{}')"))
        raise RuntimeError
    with database.session() as session:
        assert session.execute(text("SELECT count(*) FROM component")).scalar() == 0
    database.close()


def test_a_database_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / "a.db").mkdir()
    with pytest.raises(ServiceUnavailable, match=r"a\.db can't be opened"):
        open_in(tmp_path)


def test_look_up_tables_of_before_are_shared_from_then_on(tmp_path):
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    red = {"title": "Red", "alpha": "1"}
    tables = {"a": red, "b": red, "c": {"title": "Red"}, "d": None}
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for slug, table in tables.items():
            connection.execute(
                text(
                    "INSERT INTO component_interface (slug, title, relative_path, kind, description, store_in_database,"
                    " schema, default_value, example_value, overlay_segments, look_up_table) "
                    "VALUES (:slug, :slug, :slug, 'IMG', '', 0, '[]', '[]', '[]', '[]', :table)"
                ),
                {"slug": slug, "table": json.dumps([table] if table else [])},
            )
    database = open_in(tmp_path)
    with database.session() as session:
        rows = {row.slug: row.look_up_table for row in session.scalars(select(InterfaceRow))}
        assert rows["a"] is rows["b"]
        assert rows["a"].definition == red
        assert rows["c"].definition == {"title": "Red (c)"}
        assert rows["d"] is None
    database.close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE component_interface SET look_up_table_pk = NULL"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
