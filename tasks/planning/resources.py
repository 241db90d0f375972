"""What the nodes of a graph need of this site: container images, GPUs, memory, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from interfaces.admission import Capacity
from interfaces.component import Component
from interfaces.component_images import ComponentImage
from interfaces.containers.protocol import ContainerEngine
from interfaces.errors import DefinitionError
from interfaces.settings import LimitSettings
from tasks.create_job import check_limits, check_runnable
from tasks.ensure_image import is_within_reach


def resource_problems(
    components: Mapping[str, Component],
    images: Mapping[str, ComponentImage],
    *,
    engine: ContainerEngine,
    limits: LimitSettings,
    capacity: Capacity,
    elsewhere: bool = False,
) -> Iterator[str]:
    """What keeps components from running here, a sentence each.

    Args:
        components: Those that are to run, by slug.
        images: The versions of their images that new jobs use.
        engine: Where they are to run.
        limits: The site's bounds.
        capacity: What the jobs of the machine have together.
        elsewhere: Whether they run in work pools, whose machines may have more than this one.
    """
    for slug, component in components.items():
        image = images.get(slug)
        if image is None:
            yield f"the component '{slug}' has no container image; register its folder again"
        elif not is_within_reach(engine, image):
            yield (
                f"the container image of the component '{slug}' is no longer in the engine, and no registry has it; "
                "register its folder again"
            )
        for problem in _limit_problems(component, limits, elsewhere=elsewhere):
            yield f"the component '{slug}': {problem}"
        if not elsewhere and (why := capacity.why_never(capacity.share(memory_gb=component.memory_gb))):
            yield f"the component '{slug}' can't start: {why}"


def _limit_problems(component: Component, limits: LimitSettings, *, elsewhere: bool) -> Iterator[str]:
    time_limit, memory_gb = component.time_limit, component.memory_gb
    for check in (
        # One by one, so that all are told of.
        partial(check_limits, limits, time_limit=time_limit, memory_gb=limits.min_memory_gb),
        partial(check_limits, limits, time_limit=limits.min_time_limit_s, memory_gb=memory_gb),
        *([] if elsewhere else [partial(check_runnable, component)]),
    ):
        try:
            check()
        except DefinitionError as error:
            yield error.message
