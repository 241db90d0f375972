"""Register interfaces, components, graphs and phases from their YAML definitions."""

from __future__ import annotations

from pathlib import Path

from flows.calling import component_flow
from tasks.register import Registered, register_definitions
from tasks.register_graph import register_graph as register_graph
from tasks.run_pages import show_images


@component_flow(name="register", flow_run_name="register")
async def register(*paths: str | Path) -> Registered:
    """Register definitions; doing it again changes nothing.

    Args:
        paths: YAML files, or folders that hold ``interfaces.yaml``, ``component.yaml``, ``graph.yaml`` and
            ``phase.yaml`` files.

    Returns:
        What was read, and what of it was new or changed.

    Raises:
        DefinitionError: A definition breaks a rule; the text names file, line and key. Nothing is registered then.
        ImageImportFailed: A container image was refused.
        EngineUnavailable: No container engine answers.
    """
    done = await register_definitions([str(path) for path in paths])
    await show_images(done.components)
    return done


aregister = register.aio
"""The async twin of `register`."""
