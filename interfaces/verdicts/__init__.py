"""Why a job did not succeed, as data: what the kernel, the engine and the container's last words say together.

``verdict`` has the records; ``container_verdict`` judges a container that ended, ``error_verdict`` whatever else broke
a job off; ``stderr_clues`` knows the words of common libraries, and ``figures`` how numbers are told to people.
"""

from interfaces.verdicts.container_verdict import Limits, container_verdict
from interfaces.verdicts.error_verdict import error_verdict
from interfaces.verdicts.verdict import Verdict, VerdictKind

__all__ = ["Limits", "Verdict", "VerdictKind", "container_verdict", "error_verdict"]
