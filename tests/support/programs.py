"""Programs forked from a process that has imported the project and done nothing else.

A program of its own spends over two seconds on its imports before it does anything; many tests start several. A forked
one has its own process, environment, folder, streams, signals and exit code all the same. Only what happens while
modules are imported is not seen in it; of that, Prefect's settings are read again, but not how it is to log.

All of them end with the process that started them.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
MODULES = ["flows.cli", "flows.batch", "flows.evaluation", "flows.graph", "flows.maintenance", "flows.registration"]
PR_SET_PDEATHSIG = 1
MOST_BYTES = 2**20


class Program:
    """A running program, to be used as a `subprocess.Popen` with pipes for text."""

    def __init__(self, kind: str, what: str, *arguments: object, cwd: Path | None = None, **environment: str) -> None:
        """Start it.

        Args:
            kind: What `what` is: "cli" (its first argument), "code" or "file".
            what: As `kind` says.
            arguments: More arguments of the program.
            cwd: The folder that it runs in; None: that of the caller.
            environment: Variables beside those of the caller.
        """
        order = {
            "kind": kind,
            "arguments": [what, *map(str, arguments)],
            "cwd": str(cwd or Path.cwd()),
            "environment": {**os.environ, **environment},
        }
        given, self._stdin = os.pipe()
        self._stdout, out = os.pipe()
        self._stderr, error = os.pipe()
        self._status, status = os.pipe()
        ours = [given, out, error, status]
        socket.send_fds(_nursery(), [json.dumps(order).encode()], ours)
        for descriptor in ours:
            os.close(descriptor)
        self.args = order["arguments"]
        self.returncode: int | None = None
        self.stdin: IO[str] = os.fdopen(self._stdin, "w")
        self.stdout: IO[str] = os.fdopen(self._stdout)
        self.stderr: IO[str] = os.fdopen(self._stderr)
        self._told = os.fdopen(self._status)
        self.pid = int(self._told.readline())
        self._ended = threading.Event()
        threading.Thread(target=self._mind, daemon=True).start()

    def _mind(self) -> None:
        with self._told:
            self.returncode = os.waitstatus_to_exitcode(int(self._told.readline() or signal.SIGKILL))
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it writes from now on, until both its streams are closed and it has ended."""
        deadline = None if timeout is None else time.monotonic() + timeout
        self.stdin.close()
        read: dict[IO[str], str] = {}

        def drain(stream: IO[str]) -> None:
            read[stream] = stream.read()
            stream.close()

        readers = [threading.Thread(target=drain, args=[stream], daemon=True) for stream in self._open()]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if deadline is None else max(0.1, deadline - time.monotonic()))
        return read.get(self.stdout, ""), read.get(self.stderr, "")

    def _open(self) -> list[IO[str]]:
        return [stream for stream in (self.stdout, self.stderr) if not stream.closed]

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdin, *self._open()):
            stream.close()
        self.wait()


def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `component-flows ARGUMENTS` to its end."""
    program = Program("cli", *map(str, arguments), **environment)
    output, errors = program.communicate(timeout=120)
    assert program.returncode is not None
    return subprocess.CompletedProcess(program.args, program.returncode, output, errors)


@cache
def _nursery() -> socket.socket:
    """Where orders go; the process behind it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
    with theirs:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
        subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            env={**environment, "PYTHONPATH": path},
            pass_fds=[theirs.fileno()],
        )
    return ours


def _serve(orders: socket.socket) -> None:
    from importlib import import_module

    for module in MODULES:
        import_module(module)
    gc.freeze()  # a collection would copy every page of it into each program
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C for pytest is not for it
    while True:
        message, descriptors, *_ = socket.recv_fds(orders, MOST_BYTES, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            orders.close()
            _raise(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass  # one that has ended before


def _raise(order: dict[str, Any], descriptors: list[int]) -> None:
    """Fork once more: the child is the program, and this process waits for it and tells how it ended."""
    *streams, status = descriptors
    _end_with_parent()
    child = os.fork()
    if child == 0:
        os.close(status)
        _become(order, streams)
    os.setsid()  # what is sent to the program's group is not for this process
    for descriptor in streams:
        os.close(descriptor)
    os.write(status, f"{child}\n".encode())
    os.write(status, f"{os.waitpid(child, 0)[1]}\n".encode())
    os._exit(0)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(order: dict[str, Any], streams: list[int]) -> None:
    _end_with_parent()
    os.setsid()
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = open({"stdin": 0, "stdout": 1, "stderr": 2}[name], mode, buffering=1, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    _end(_run(order["kind"], order["arguments"]))


def _run(kind: str, arguments: list[str]) -> int:
    """Run it, and give its exit status as Python would: negative for a signal."""
    import runpy
    import traceback
    from types import ModuleType

    from prefect.context import refresh_global_settings_context

    sys.modules["__main__"] = main = ModuleType("__main__")
    main.__dict__["__builtins__"] = __builtins__
    try:
        refresh_global_settings_context()
        if kind == "cli":
            from flows.cli import main as command_line

            sys.argv = ["component-flows", *arguments]
            command_line()
        elif kind == "code":
            sys.argv = ["-c", *arguments[1:]]
            exec(compile(arguments[0], "<string>", "exec", dont_inherit=True), main.__dict__)
        else:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except KeyboardInterrupt:
        traceback.print_exc()
        return -signal.SIGINT
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(status: int) -> None:
    """What an interpreter does at its end."""
    import atexit

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
