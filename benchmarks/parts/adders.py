"""Graphs of trivial jobs, each of which adds one to a number; the same as Common Workflow Language for cwltool.

A chain hands one number on; a fan-out has a number for each job. All numbers differ, so that no two jobs do the same
work.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml

IMAGE = "component-flows-bench-adder"
ADD = "awk '{{print $1 + 1}}' {source} > {target}"
DOCKERFILE = f"""
ARG BASE=python:3.12-slim
FROM ${{BASE}}
RUN mkdir -p /home/adder
USER 1234:1234
ENTRYPOINT ["sh", "-c", "{ADD.format(source="/input/number.json", target="/output/sum.json")}"]
"""
DEFINITIONS: dict[str, Any] = {
    "interfaces": [
        {"title": "Number", "kind": "Integer", "relative_path": "number.json"},
        {"title": "Sum", "kind": "Integer", "relative_path": "sum.json"},
    ],
    "component": {
        "title": "Adder",
        "image": {"build": "."},
        "interfaces": [{"inputs": ["number"], "outputs": ["sum"]}],
        "time_limit": 60,
        "memory_gb": 0.0625,
    },
}


def chain(length: int) -> dict[str, Any]:
    """A graph of jobs one after another."""
    nodes = {
        f"add{n}": {"component": "adder", "inputs": {"number": f"add{n - 1}.sum" if n else "start"}}
        for n in range(length)
    }
    return {
        "title": f"Chain {length}",
        "inputs": {"start": "number"},
        "nodes": nodes,
        "outputs": {"end": f"add{length - 1}.sum"},
    }


def fan(width: int) -> dict[str, Any]:
    """A graph of jobs that don't depend on each other."""
    return {
        "title": f"Fan {width}",
        "inputs": {f"n{n}": "number" for n in range(width)},
        "nodes": {f"add{n}": {"component": "adder", "inputs": {"number": f"n{n}"}} for n in range(width)},
        "outputs": {f"sum{n}": f"add{n}.sum" for n in range(width)},
    }


def write_definitions(folder: Path, graphs: list[dict[str, Any]]) -> None:
    """What `register` reads."""
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "component.yaml").write_text(yaml.safe_dump(DEFINITIONS))
    for graph in graphs:
        place = folder / graph["title"].lower().replace(" ", "-")
        place.mkdir()
        (place / "graph.yaml").write_text(yaml.safe_dump({"graph": graph}))


def _cwl_tool(image: str) -> dict[str, Any]:
    add = ADD.format(source="$(inputs.number.path)", target="sum.json")
    return {
        "cwlVersion": "v1.2",
        "class": "CommandLineTool",
        "requirements": {
            "DockerRequirement": {"dockerPull": image},
            "ShellCommandRequirement": {},
            "ResourceRequirement": {"ramMin": 64, "coresMin": 1},
        },
        "arguments": [{"shellQuote": False, "valueFrom": add}],
        "inputs": {"number": "File"},
        "outputs": {"sum": {"type": "File", "outputBinding": {"glob": "sum.json"}}},
    }


def write_cwl(folder: Path, graph: dict[str, Any], image: str) -> list[str]:
    """The same graph for cwltool; gives its command without options."""
    (folder / "tool.cwl").write_text(json.dumps(_cwl_tool(image)))
    steps = {
        name: {"run": "tool.cwl", "in": {"number": node["inputs"]["number"].replace(".", "/")}, "out": ["sum"]}
        for name, node in graph["nodes"].items()
    }
    workflow = {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "inputs": dict.fromkeys(graph["inputs"], "File"),
        "outputs": {
            name: {"type": "File", "outputSource": source.replace(".", "/")}
            for name, source in graph["outputs"].items()
        },
        "steps": steps,
    }
    (folder / "workflow.cwl").write_text(json.dumps(workflow))
    job = {}
    for number, name in enumerate(graph["inputs"]):
        (folder / f"{name}.json").write_text(str(number * 1000))
        job[name] = {"class": "File", "path": str(folder / f"{name}.json")}
    (folder / "job.json").write_text(json.dumps(job))
    return [str(folder / "workflow.cwl"), str(folder / "job.json")]


def cwltool_seconds(files: list[str], folder: Path, *, parallel: bool) -> float:
    """How long cwltool takes for it, its own start included."""
    options = ["--disable-pull", "--quiet", "--outdir", str(folder / "out"), *(["--parallel"] if parallel else [])]
    start = perf_counter()
    done = subprocess.run([sys.executable, "-m", "cwltool", *options, *files], capture_output=True, text=True)
    seconds = perf_counter() - start
    # It ends with 0 also where a step failed; an output is null then.
    if done.returncode != 0 or None in json.loads(done.stdout).values():
        raise RuntimeError(f"cwltool failed: {done.stderr[-2000:]}")
    return seconds
