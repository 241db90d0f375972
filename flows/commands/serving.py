"""``server`` and ``ui``: the local Prefect server."""

from __future__ import annotations

import webbrowser

import click

from interfaces.secrets import without_secrets


@click.group()
def server() -> None:
    """Control the local Prefect server; the first run starts it by itself."""


@server.command()
def start() -> None:
    """Start it, unless it runs."""
    from flows.server import ensure_server

    click.echo(ensure_server())


@server.command()
def stop() -> None:
    """Stop it; runs and their records stay."""
    from flows import server as local

    click.echo("stopped" if local.stop() else "was not running")


@server.command()
def status() -> None:
    """Say whether it runs, and where; exits with 4 if it does not."""
    from flows.server import status as server_status

    found = server_status()
    where = without_secrets(f"running at {found.url} (process {found.pid})")
    click.echo(where if found.running else "not running")
    if not found.running:
        raise click.exceptions.Exit(4)


@click.command()
@click.option("--open/--no-open", "open_browser", default=False, help="Open a browser, too.")
def ui(open_browser: bool) -> None:
    """Start the Prefect UI and print its address."""
    from flows.server import ensure_server, ui_url

    ensure_server()
    address = ui_url() or ""
    click.echo(address)
    if open_browser:
        webbrowser.open(address)
