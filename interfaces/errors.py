"""Every error that this project raises, in one tree.

    ComponentFlowsError                  exit code 1
    |-- DefinitionError                  2   a YAML definition, or a record made from it, breaks a rule
    |-- DefinitionErrors                 2   several do; `.problems` has them all
    |-- UnknownName                      2   no component, graph, interface or job has that name
    |-- GraphInvalid                     2   a graph can't run as asked; holds every problem
    |-- EvaluationInvalid                2   an algorithm can't be evaluated in a phase; holds every problem
    |-- CasesInvalid                     3   a table, folder or archive of cases can't be used; holds every problem
    |-- ValidationError                  3   a value does not fit its interface
    |-- EngineUnavailable                4   no container engine answers
    |-- EngineError                      4   the engine answers, but refuses or breaks off
    |   `-- EngineInterrupted            4   ... and ended a container with it, as it was restarted
    |-- ServiceUnavailable               4   the Prefect server or the database can't be reached
    |-- ImageImportFailed                2   a container image or tarball was refused
    |-- InvalidMove                      1   a record was asked to move to a status that its table lacks
    |-- RunnerLost                       1   the process or machine that ran a job went away
    |-- ChainFailed                      1   the task that follows a job failed
    `-- ComponentException               1   a job failed; its text is meant for the user, `.job` is the record
        |-- InvalidInputs                3   ... because its inputs are invalid; `.problems` has them all
        `-- GraphFailed                  1   nodes of a graph failed; `.run` has every job and what was left out

A caller reads the attributes, never the text. What a person may read is in the text; the technical cause is chained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from interfaces.secrets import without_secrets

if TYPE_CHECKING:
    from interfaces.graph_run import GraphRun
    from interfaces.jobs import ComponentJob


class ComponentFlowsError(Exception):
    """The root of the tree. Its texts are without secrets, whatever they quote.

    Attributes:
        exit_code: What the command line exits with.
    """

    exit_code = 1

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(without_secrets(one) if isinstance(one, str) else one for one in arguments))


class DefinitionError(ComponentFlowsError):
    """A definition breaks a rule.

    Attributes:
        file: The YAML file, or None where the definition was made in Python.
        line: The line in that file, from 1, or None.
        key: The key at fault in dotted form (``interfaces[2].kind``), or None.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, file: Path | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        self.message, self.file, self.line, self.key = without_secrets(message), file, line, key
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{where}{key}: {message}" if key else f"{where}{message}")


class DefinitionErrors(ComponentFlowsError):
    """Several definitions break rules.

    Attributes:
        problems: One error each; all that could be found at once.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[DefinitionError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([f"{len(self.problems)} definitions are wrong:", *map(str, self.problems)]))


class UnknownName(ComponentFlowsError):
    """Nothing registered has that name; the text suggests the nearest one."""

    exit_code = 2


class GraphInvalid(ComponentFlowsError):
    """A graph can't run as asked.

    Attributes:
        problems: One sentence per problem; all that could be found at once.
    """

    exit_code = 2

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"The graph '{name}' can't run: " + "; ".join(problems))


class EvaluationInvalid(ComponentFlowsError):
    """An algorithm can't be evaluated in a phase as asked.

    Attributes:
        problems: One sentence per problem; all that could be found at once.
    """

    exit_code = 2

    def __init__(self, algorithm: str, phase: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"'{algorithm}' can't be evaluated in the phase '{phase}': " + "; ".join(problems))


class CasesInvalid(ComponentFlowsError):
    """Cases can't be run as they are given: it is not one of them that is wrong, but what they come in.

    Attributes:
        problems: One sentence per problem; all that could be found at once.
    """

    exit_code = 3

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"The cases in {source} can't be used: " + "; ".join(problems))


class ValidationError(ComponentFlowsError):
    """A value does not fit its interface. The text says which rule it breaks, and where in the value."""

    exit_code = 3


class EngineUnavailable(ComponentFlowsError):
    """No container engine answers."""

    exit_code = 4


class EngineError(ComponentFlowsError):
    """The engine refused a request or broke off."""

    exit_code = 4


class EngineInterrupted(EngineError):
    """The engine was restarted while a container ran, and ended it."""


class ServiceUnavailable(ComponentFlowsError):
    """The Prefect server or the database can't be reached."""

    exit_code = 4


class ImageImportFailed(ComponentFlowsError):
    """A container image or a tarball was refused."""

    exit_code = 2


class InvalidMove(ComponentFlowsError):
    """A record was asked to move to a status that is not reachable from its own."""


class RunnerLost(ComponentFlowsError):
    """The process or machine that ran a job went away before the job had ended."""


class ChainFailed(ComponentFlowsError):
    """The task that was to follow a job could not be found or failed."""


class ComponentException(ComponentFlowsError):
    """A job failed. The text is the message for the user.

    Attributes:
        job: The job's record in its final status.
    """

    def __init__(self, message: str, *, job: ComponentJob | None = None) -> None:
        self.job = job
        super().__init__(message)


class InvalidInputs(ComponentException):
    """One or more inputs are invalid.

    Attributes:
        problems: What is wrong, by interface slug (or name of the graph's input).
    """

    exit_code = 3

    def __init__(self, problems: Mapping[str, str], *, job: ComponentJob | None = None) -> None:
        self.problems = dict(problems)
        details = " ".join(f"{name}: {why}" for name, why in self.problems.items())
        super().__init__(f"One or more of the inputs failed validation. {details}", job=job)


class GraphFailed(ComponentException):
    """One or more nodes of a graph failed. The text names them all, and what was therefore not run.

    Attributes:
        run: Everything that is known of the run: the jobs that succeeded and those that failed, what was left out, and
            the outputs that there are.
        job: The first job that failed, or None where none did.
    """

    def __init__(self, message: str, *, run: GraphRun, job: ComponentJob | None) -> None:
        self.run = run
        super().__init__(message, job=job)
