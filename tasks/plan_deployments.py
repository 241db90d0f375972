"""What deployments there are to be: one for each registered component and graph that can be run by itself."""

from __future__ import annotations

from collections.abc import Collection

from interfaces.access import input_folders, input_uris
from interfaces.database.component_records import find_components
from interfaces.database.graph_records import desired_images, find_graphs
from interfaces.database.interface_records import find_interfaces, unknown
from interfaces.deployments import DeploymentSpec, component_spec, graph_spec
from interfaces.graph_check import check_graph
from interfaces.graph_ports import Definitions
from interfaces.site import Site


def planned_deployments(
    site: Site, names: Collection[str] = (), *, pool: str | None = None
) -> tuple[list[DeploymentSpec], dict[str, str]]:
    """The deployments of what is registered.

    Args:
        site: Whose database has the definitions.
        names: Slugs of components and graphs; all unless given.
        pool: The work pool in place of the settings'.

    Returns:
        The deployments, and why there is none, by the slugs of graphs that can't run.

    Raises:
        UnknownName: A name is that of no component and no graph.
    """
    with site.database.session() as session:
        known = Definitions(
            components=find_components(session), interfaces=find_interfaces(session), graphs=find_graphs(session)
        )
        images = desired_images(session, known.components)
    registered = [*known.components, *known.graphs]
    for name in names:
        if name not in registered:
            raise unknown("component or graph", name, registered)
    settings, where = site.settings.deploy, _reachable(site)
    found = [
        component_spec(one, known, image=images.get(slug), settings=settings, pool=pool, site_id=site.id, where=where)
        for slug, one in sorted(known.components.items())
        if not names or slug in names
    ]
    problems: dict[str, str] = {}
    for slug, graph in sorted(known.graphs.items()):
        if names and slug not in names:
            continue
        if wrong := check_graph(graph, known):
            problems[slug] = "; ".join(wrong)
        else:
            found.append(graph_spec(graph, known, settings=settings, pool=pool, site_id=site.id, where=where))
    return found, problems


def _reachable(site: Site) -> str:
    """Where the input files of deployed runs may lie, for people."""
    if site.settings.access.input_folders is None and site.settings.database_url is not None:
        folders = "the folder 'inputs' of the home of the machine that runs it"
    else:
        folders = " or ".join(map(str, input_folders())) or "no folder"
    uris = " or ".join(input_uris())
    return f"below {folders}{f', or beginning with {uris}' if uris else ''}"
