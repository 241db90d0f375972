"""Run what a page shows, block by block, as a person would who follows it in an empty folder."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from documents import ROOT, Block, Command, blocks, commands, words_of
from programs import Program

_LOG_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} \| .*\n?", re.MULTILINE)
_SHELL = re.compile(r"[|<>;&*~]|\$[({\w]")
_A_JOB = re.compile(r"\bJOB\b")
TIMEOUT_S = 300


class PageRun:
    """A folder and an environment in which a page's blocks are run in order.

    Files are written as the page names them. Commands run, must print what is shown (``...`` stands for anything) and
    end with 0, unless ``echo $?`` follows; JOB in them is the newest job. Python runs as a script of its own, with the
    imports of the page's earlier ones.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = {**environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        self.imports: list[str] = []
        self.status = 0

    def run(self, page: Path) -> None:
        """Run a whole page."""
        for block in blocks(page):
            if not block.not_run:
                self.run_block(block)

    def run_block(self, block: Block) -> None:
        if block.file:
            file = self.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.language == "python":
            self._python(block)
        elif block.language in ("console", "sh"):
            found = commands(block)
            for command, after in zip(found, [*found[1:], None], strict=True):
                self._command(block, command, checked_next=after is not None and after.text == "echo $?")

    def _python(self, block: Block) -> None:
        tree = ast.parse(block.text)
        script = self.folder / f".line-{block.line}.py"
        script.write_text("\n".join([*self.imports, block.text]))
        imports = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
        self.imports += [ast.unparse(one) for one in imports]
        program = Program("file", str(script), cwd=self.folder, **self.environment)
        output, errors = program.communicate(timeout=TIMEOUT_S)
        assert program.returncode == 0, f"{block}: Python failed:\n{output}{errors[-3000:]}"

    def _command(self, block: Block, command: Command, *, checked_next: bool) -> None:
        where = f"{block.page}:{command.line}: {command.text}"
        if command.text == "echo $?":
            assert command.output.strip() == str(self.status), f"{where}: it is {self.status}"
            return
        output, errors = self._run(command.text)
        told = f"{where}\nended with {self.status} and wrote\n{output}{errors[-3000:]}"
        assert checked_next or self.status == 0, told
        assert not checked_next or self.status != 0, told
        if command.output.strip():
            shown = [output, f"{errors}{output}", f"{_last_error(errors)}{output}"]
            assert any(fits(command.output, one) for one in shown), f"{told}\nbut shown is\n{command.output}"

    def _run(self, text: str) -> tuple[str, str]:
        text = _A_JOB.sub(lambda _: self._newest_job(), text)
        words = words_of(text)
        if words[0] == "export" and not _SHELL.search(text):
            self.environment.update(word.split("=", 1) for word in words[1:])
            self.status = 0
            return "", ""
        started: Program | subprocess.Popen[str]
        if words[0].endswith("component-flows") and not _SHELL.search(text):
            started = Program("cli", *words[1:], cwd=self.folder, **self.environment)
        elif words[0] == "python" and not _SHELL.search(text):
            started = Program("file", str(self.folder / words[1]), *words[2:], cwd=self.folder, **self.environment)
        else:
            environment = {**os.environ, **self.environment, "PYTHONPATH": str(ROOT)}
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            started = subprocess.Popen(["bash", "-c", text], cwd=self.folder, env=environment, **pipes)  # type: ignore[call-overload]
        output, errors = started.communicate(timeout=TIMEOUT_S)
        assert started.returncode is not None
        self.status = started.returncode
        return output, _LOG_LINE.sub("", errors)

    def _newest_job(self) -> str:
        program = Program("cli", "jobs", "-n", 1, "--json", cwd=self.folder, **self.environment)
        output, errors = program.communicate(timeout=TIMEOUT_S)
        assert program.returncode == 0, errors
        return str(json.loads(output)[0]["id"])


def _last_error(errors: str) -> str:
    """The sentence with which a command ends, without what Prefect logs of the exception before."""
    return errors[max(errors.rfind("\nError: "), 0) :].lstrip("\n")


def fits(shown: str, output: str) -> bool:
    """Whether an output is what is shown; ``...`` stands for anything, and blanks at the ends of lines for nothing."""
    plain = "\n".join(line.rstrip() for line in output.strip().splitlines())
    parts = "\n".join(line.rstrip() for line in shown.strip().splitlines()).split("...")
    return re.fullmatch(".*".join(map(re.escape, parts)), plain, flags=re.DOTALL) is not None
