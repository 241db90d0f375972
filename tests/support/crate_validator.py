"""Run by the Python of `.venv-validator`: holds a crate against a profile, and prints what is not as it must be.

Without a network: the context of RO-Crate is the one that the library rocrate carries, which is of version 1.3. The
four names that have another address in version 1.1, for which the profiles are written, are given that one.
"""

import json
import sys
from pathlib import Path

import rocrate
from rocrate_validator import services
from rocrate_validator.models import Severity
from rocrate_validator.utils import document_loader
from rocrate_validator.utils.http import HttpRequester

CONTEXT = json.loads((Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text())
for name in ("ComputationalWorkflow", "FormalParameter"):
    CONTEXT["@context"][name] = f"https://bioschemas.org/{name}"
for name in ("input", "output"):
    CONTEXT["@context"][name] = f"https://bioschemas.org/ComputationalWorkflow#{name}"


class Answer:
    status_code, ok, headers = 200, True, {"Content-Type": "application/ld+json"}
    text = json.dumps(CONTEXT)
    content = text.encode()

    def json(self):
        return CONTEXT


type(HttpRequester()).get = lambda self, url, **options: Answer()
document_loader._fetch_json_ld = lambda url: CONTEXT

crate, profile = sys.argv[1:]
settings = services.ValidationSettings(
    rocrate_uri=crate, profile_identifier=profile, requirement_severity=Severity.REQUIRED, offline=True
)
issues = services.validate(settings).get_issues()
for issue in issues:
    print(issue.check.identifier, issue.message, issue.violatingEntity)
sys.exit(bool(issues))
