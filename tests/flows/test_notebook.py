"""A call from a notebook's cell, in a real kernel."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets")]

CELL = """
from flows import arun_component, run_component
script = "import json; json.dump({'fine': True}, open('/output/report.json', 'w'))"
first = run_component("puppet-report", {"script": script})
second = await arun_component("puppet-report", {"script": script})
print(first.outputs["report"].value, second.status.name)
"""


def test_a_plain_call_and_the_async_twin_work_in_a_notebook():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    printed = "".join(output["text"] for output in notebook.cells[0].outputs if output.get("name") == "stdout")
    assert printed == "{'fine': True} SUCCESS\n"
