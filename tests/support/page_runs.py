"""Run what a page shows, block by block, as a person would who follows it in an empty folder."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from documents import ROOT, Block, Command, blocks, commands, words_of
from programs import Program

_LOG_LINE = re.compile(r"^\d\d:\d\d:\d\d\.\d{3} \| .*\n?", re.MULTILINE)
_SHELL = re.compile(r"[|<>;&*~]|\$[({\w]")
_A_JOB = re.compile(r"\bJOB\b")
TIMEOUT_S = 300
PATIENCE_S = 60


class PageRun:
    """A folder and an environment in which a page's blocks are run in order.

    Files are written as the page names them. Commands run, must print what is shown (``...`` stands for anything) and
    end with 0, unless ``echo $?`` follows; JOB in them is the newest job. Python runs as a script of its own, with the
    imports of the page's earlier ones. What stays (a worker) has to print what is shown, and ends with the page.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = {**environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        self.imports: list[str] = []
        self.status = 0
        self.staying: list[subprocess.Popen[bytes]] = []

    def run(self, page: Path) -> None:
        """Run a whole page."""
        try:
            for block in blocks(page):
                if not block.not_run:
                    self.run_block(block)
        finally:
            self.end()

    def end(self) -> None:
        """End what stays, and whatever it has started."""
        for one in self.staying:
            os.killpg(one.pid, signal.SIGTERM)
        for one in self.staying:
            with suppress(subprocess.TimeoutExpired):
                one.wait(PATIENCE_S)
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()

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
                if block.stays and command.text.startswith(block.stays):
                    self._stay(block, command)
                else:
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
        output, errors = self._run(command.text, block.typed)
        told = f"{where}\nended with {self.status} and wrote\n{output}{errors[-3000:]}"
        assert checked_next or self.status == 0, told
        assert not checked_next or self.status != 0, told
        if command.output.strip():
            shown = [output, f"{errors}{output}"]
            assert any(fits(command.output, one) for one in shown), f"{told}\nbut shown is\n{command.output}"

    def _stay(self, block: Block, command: Command) -> None:
        log = self.folder / f".line-{command.line}.log"
        with log.open("wb") as output:
            self.staying.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command.text}"],
                    cwd=self.folder,
                    env=self._environment(),
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )
        for _ in range(10 * PATIENCE_S):
            if fits(f"...{command.output or 'started!'}...", log.read_text()):
                return
            assert self.staying[-1].poll() is None, f"{block}: {command.text} has ended:\n{log.read_text()}"
            time.sleep(0.1)
        raise AssertionError(f"{block}: {command.text} has written\n{log.read_text()}")

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "PYTHONPATH": str(ROOT)}

    def _run(self, text: str, typed: str = "") -> tuple[str, str]:
        text = _A_JOB.sub(lambda _: self._newest_job(), text)
        words = words_of(text)
        if words[0] == "export" and not _SHELL.search(text):
            self.environment.update(word.split("=", 1) for word in words[1:])
            self.status = 0
            return "", ""
        started: Program | subprocess.Popen[str]
        if words[0].endswith("component-flows") and not _SHELL.search(text) and not typed:
            started = Program("cli", *words[1:], cwd=self.folder, **self.environment)
        elif words[0] == "python" and not _SHELL.search(text) and not typed:
            started = Program("file", str(self.folder / words[1]), *words[2:], cwd=self.folder, **self.environment)
        else:
            started = self._shell(text, typed)
        output, errors = started.communicate(timeout=TIMEOUT_S)
        assert started.returncode is not None
        self.status = started.returncode
        return output, _LOG_LINE.sub("", errors)

    def _shell(self, text: str, typed: str) -> subprocess.Popen[str]:
        """A shell with a command; in a terminal of its own, where something is typed."""
        terminal = ["script", "--quiet", "--return", "--command", text, "/dev/null"]
        shell = subprocess.Popen(
            terminal if typed else ["bash", "-c", text],
            cwd=self.folder,
            env=self._environment(),
            text=True,
            stdin=subprocess.PIPE if typed else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if shell.stdin is not None:
            shell.stdin.write(f"{typed}\n")
            shell.stdin.flush()
        return shell

    def _newest_job(self) -> str:
        program = Program("cli", "jobs", "-n", 1, "--json", cwd=self.folder, **self.environment)
        output, errors = program.communicate(timeout=TIMEOUT_S)
        assert program.returncode == 0, errors
        return str(json.loads(output)[0]["id"])


def fits(shown: str, output: str) -> bool:
    """Whether an output is what is shown; ``...`` stands for anything, and blanks at the ends of lines for nothing."""
    plain = "\n".join(line.rstrip() for line in output.strip().splitlines())
    parts = "\n".join(line.rstrip() for line in shown.strip().splitlines()).split("...")
    return re.fullmatch(".*".join(map(re.escape, parts)), plain, flags=re.DOTALL) is not None
