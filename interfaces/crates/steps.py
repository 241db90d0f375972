"""What happened in the steps of a graph: an action for each run of a component or inner graph, and who called it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from interfaces.crates.actions import ending, job_action, job_ending, job_error
from interfaces.crates.entities import Entities, Reference
from interfaces.crates.records import GraphRecord
from interfaces.crates.values import add_parameters
from interfaces.crates.workflows import connect, step_entity, workflow_entity
from interfaces.graph import Graph, Node
from interfaces.job_status import JobStatus
from interfaces.value import ComponentInterfaceValue


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps of one run of a graph, to be told.

    Attributes:
        entities: The crate.
        record: The run.
        tools: The components that ran, by slug.
        agent: Who ran it.
        controls: Takes the actions that orchestrate the steps.
    """

    entities: Entities
    record: GraphRecord
    tools: Mapping[str, Reference]
    agent: Reference
    controls: list[Reference] = field(default_factory=list)

    def tell(self, graph: Graph, workflow: Reference, prefix: str = "") -> None:
        """Add the steps of a graph and what happened in each.

        Args:
            graph: The graph.
            workflow: Its entity.
            prefix: The path of the node that is this graph, with a slash; "" for the main one.
        """
        for position, name in enumerate(graph.order()):
            node = graph.nodes[name]
            for path in self._runs(f"{prefix}{name}"):
                action = self._graph_action(path, node.graph) if node.graph else self._job_action(path, node)
                step = step_entity(self.entities, workflow, name, position, self._tool(node))
                self._add_control(path, step, action)
        connect(self.entities, workflow, graph, self._tool)

    def _tool(self, node: Node) -> Reference:
        if node.component:
            return self.tools.get(node.component, {"@id": "#none"})
        return workflow_entity(self.entities, self.record.graphs[node.graph], is_main=False)

    def _runs(self, path: str) -> list[str]:
        """The paths of a node's runs: its own, or with an index each where it scatters; none where it was left out."""
        found: dict[str, None] = {}
        for one in self.record.jobs:
            rest = one.removeprefix(path)
            if one.startswith(path) and (not rest or rest[0] in "[/"):
                found[path + (rest[: rest.index("]") + 1] if rest.startswith("[") else "")] = None
        return list(found)

    def _job_action(self, path: str, node: Node) -> Reference:
        return job_action(self.entities, self.record.jobs[path], self._tool(node), self.agent)

    def _graph_action(self, path: str, slug: str) -> Reference:
        graph = self.record.graphs[slug]
        workflow = workflow_entity(self.entities, graph, is_main=False)
        inputs, outputs = self._inner_values(graph, path)
        given = add_parameters(self.entities, workflow, "input", inputs)
        taken = add_parameters(self.entities, workflow, "output", outputs)
        self.tell(graph, workflow, f"{path}/")
        jobs = [job for one, job in self.record.jobs.items() if one.startswith(f"{path}/")]
        failed = next((job for job in jobs if job.status is not JobStatus.SUCCESS), None)
        return self.entities.add(
            f"#graph-{quote(path)}",
            "CreateAction",
            name=f"Run of {slug}",
            description=f"The graph '{slug}' as the node '{path}'",
            instrument=workflow,
            agent=self.agent,
            object=given,
            result=taken,
            **ending(
                min(job.started_at or job.created for job in jobs),
                max((job.completed_at for job in jobs if job.completed_at), default=None),
                job_error(failed) if failed else "",
            ),
        )

    def _inner_values(
        self, graph: Graph, path: str
    ) -> tuple[dict[str, ComponentInterfaceValue], dict[str, ComponentInterfaceValue]]:
        """The inputs and outputs of a graph within the graph, as far as its own components had them as they are."""
        inputs: dict[str, ComponentInterfaceValue] = {}
        outputs: dict[str, ComponentInterfaceValue] = {}
        for name, node in graph.nodes.items():
            job = self.record.jobs.get(f"{path}/{name}")
            if job is None:
                continue
            for slug, source in node.inputs.items():
                if source.node is None and slug in job.inputs:
                    inputs[source.name] = job.inputs[slug]
            for output, source in graph.outputs.items():
                if source.node == name and source.name in job.outputs:
                    outputs[output] = job.outputs[source.name]
        return inputs, outputs

    def _add_control(self, path: str, step: Reference, action: Reference) -> None:
        job = self.record.jobs.get(path)
        is_reused = path in self.record.reused
        # An earlier job has times of its own, which are not those of this step.
        times = {} if job is None or is_reused else job_ending(job)
        self.controls.append(
            self.entities.add(
                f"#control-{quote(path)}",
                "ControlAction",
                name=f"Orchestration of {path}",
                description="The outputs of an earlier run of the same work were taken" if is_reused else "",
                instrument=step,
                object=action,
                **times,
            )
        )
