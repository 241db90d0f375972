"""One warm container: started for a first job, kept for others, stopped and removed with all that belongs to it."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from pathlib import Path

from interfaces.containers.cannot_start import ContainerCannotStart, StartProblem
from interfaces.containers.container_access import ContainerAccess
from interfaces.containers.protocol import ContainerEngine
from interfaces.containers.records import ContainerResult, ContainerSpec, StopSignal
from interfaces.errors import ComponentFlowsError, EngineError
from interfaces.storage.links import link_or_copy
from interfaces.warm.http_calls import NoAnswer, call
from interfaces.warm.job_watch import BrokenOff, JobWatch, Reason, WarmJob
from interfaces.warm.output_switch import OutputSwitch

logger = logging.getLogger(__name__)

PORT = 4743
HEALTH_S = 10.0
READY_S = 300.0
"""The contract's: the port, seconds for one call of /health, and seconds until it must have answered 200."""

INPUT_TARGET = "/input"

_OK, _CREATED, _SERVER_FAULT = 200, 201, 500
_CONNECT_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 1.0
_GONE_PATIENCE_S = 60.0
"""Beyond its grace; the supervision itself gives up after three times SIGKILL."""


class WarmContainer:
    """A container of its own thread's. It serves one job at a time."""

    def __init__(
        self, engine: ContainerEngine, spec: ContainerSpec, *, folder: Path, life_s: float, helper: str
    ) -> None:
        """Prepare; nothing starts yet.

        Args:
            engine: Where it runs.
            spec: With its own name and output volume, and with `folder`/input at /input.
            folder: A new folder of its own; it goes with the container.
            life_s: It is stopped after so many seconds, whatever it does.
            helper: Reference of the image that helps to reach it; see `ContainerEngine.reach`.
        """
        self.spec, self.jobs, self.idle_since = spec, 0, time.monotonic()
        self.expires = time.monotonic() + life_s
        self.fit = True
        self._engine, self._folder, self._life_s, self._helper = engine, folder, life_s, helper
        self._output = OutputSwitch()
        self._stop, self._ended, self._gone = threading.Event(), threading.Event(), threading.Event()
        self._result: ContainerResult | None = None
        self._error: BaseException | None = None
        self._access: ContainerAccess | None = None
        self._lock = threading.Lock()

    @property
    def input_folder(self) -> Path:
        """What the container sees at /input."""
        return self._folder / "input"

    def serve(self, job: WarmJob) -> ContainerResult:
        """Run one job, in a container that is started for it if this is the first.

        Returns:
            What became of it. Where the result is no success because of the container, `fit` is false and it is gone.

        Raises:
            ContainerCannotStart: The image can't run, or its server is not ready in time.
            EngineError: The engine broke off.
            BaseException: What the job's `on_output` or `on_sample` raised.
        """
        self.jobs += 1
        watch = JobWatch(
            stop=job.stop,
            ended=self._ended,
            log_failed=lambda: self._output.failure is not None,
            on_sample=job.on_sample,
        )
        try:
            with self._output.handing_to(job.on_output):
                result = self._served(job, watch)
        except BaseException:
            self.retire()
            raise
        if failure := self._output.failure or watch.failure:
            self.retire()
            raise failure
        return result

    @property
    def is_gone(self) -> bool:
        """Whether it was removed with all that belongs to it."""
        return self._gone.is_set()

    def is_ready(self, stop: StopSignal) -> bool:
        """Whether it is healthy, and nothing of an earlier job is left in it.

        Args:
            stop: Of the job that asks.
        """
        watch = JobWatch(stop=stop, ended=self._ended, log_failed=lambda: False)
        try:
            return self.fit and self._emptied() and self._health(watch) == _OK
        except (BrokenOff, NoAnswer, EngineError, OSError) as error:
            logger.info("the warm container %s is not used again: %s", self.spec.name, error)
            return False

    def tidy(self) -> None:
        """Remove what a job left in /input, /output and /tmp; a container that can't be tidied is not fit."""
        self.idle_since = time.monotonic()
        try:
            self.fit = self.fit and self._emptied()
        except (EngineError, OSError) as error:
            logger.warning("the warm container %s can't be emptied: %s", self.spec.name, error)
            self.fit = False

    def retire(self, *, wait: bool = True) -> None:
        """Stop it within its grace and remove it.

        Args:
            wait: Until it is gone.
        """
        self.fit = False
        self._stop.set()
        if wait and self.jobs and not self._gone.wait(self.spec.stop_grace_s + _GONE_PATIENCE_S):
            logger.error("the warm container %s could not be stopped", self.spec.name)

    def _served(self, job: WarmJob, watch: JobWatch) -> ContainerResult:
        invoked = None
        try:
            if self._access is None:
                self._start(watch)
            else:
                watch.measure(self._access, from_start=False)
            assert self._access is not None  # set by the start
            _fill(self.input_folder, job.inputs)
            connection = self._access.connect(PORT, timeout_s=_CONNECT_S)
            watch.limit(job.time_limit_s)
            invoked = time.monotonic()
            status = call(connection, "POST", "/invoke", check=watch.check)
            duration_s = time.monotonic() - invoked
            ooms = watch.oom_kills()
            if status == _CREATED:
                self._access.take_output(job.outputs, volume=job.volume, into=job.written, max_bytes=job.output_bytes)
            self._output.settle()
            if status >= _SERVER_FAULT or ooms:
                self.retire()
            return watch.result(
                exit_code=0 if status == _CREATED else 1,
                oom_killed=ooms > 0,
                oom_events=ooms,
                invoke_duration_s=duration_s,
            )
        except BrokenOff as error:
            return self._broken_off(watch, error.reason, invoked)
        except (NoAnswer, OSError) as error:
            logger.info("the warm container %s gave no answer: %s", self.spec.name, error)
            return self._broken_off(watch, None, invoked)

    def _start(self, watch: JobWatch) -> None:
        """Start it and wait until it is healthy."""
        threading.Thread(target=self._live, name="warm-container", daemon=True).start()
        until = time.monotonic() + READY_S
        pause_s = _FIRST_PAUSE_S
        while True:
            if self._access is None:
                self._reach(watch)
            if self._access is not None:
                with contextlib.suppress(NoAnswer, OSError):
                    if self._health(watch) == _OK:
                        return
            if time.monotonic() > until:
                raise ContainerCannotStart(
                    f"the image '{self.spec.image}' can't serve: within {READY_S:g} s, its server did not answer "
                    f"GET /health on port {PORT} with 200",
                    problem=StartProblem.SERVER,
                )
            watch.pause(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 1.5)

    def _reach(self, watch: JobWatch) -> None:
        # Under the lock, so that what belongs to the container is not removed while it is being reached.
        with self._lock:
            if not self._ended.is_set():
                self._access = self._engine.reach(self.spec.name, helper_image=self._helper)
        if self._access is not None:
            watch.measure(self._access, from_start=True)

    def _health(self, watch: JobWatch) -> int | None:
        """The status of one call of /health; None if it takes too long."""
        assert self._access is not None  # it runs
        until = time.monotonic() + HEALTH_S

        def check() -> None:
            watch.check()
            if time.monotonic() > until:
                raise TimeoutError("/health took too long")

        return call(self._access.connect(PORT, timeout_s=_CONNECT_S), "GET", "/health", check=check)

    def _broken_off(self, watch: JobWatch, reason: Reason | None, invoked: float | None) -> ContainerResult:
        """The result of a job after which the container can't go on."""
        duration_s = time.monotonic() - invoked if invoked is not None else None
        ooms = watch.oom_kills()
        self.retire()
        if self._error is not None:
            raise self._error
        ended = self._result
        ooms = max(ooms, ended.oom_events if ended else 0)
        return watch.result(
            exit_code=(ended.exit_code if ended else 0) or 1,
            whole=ended,
            oom_killed=ooms > 0,
            oom_events=ooms,
            timed_out=reason is Reason.TIME_LIMIT,
            stopped=reason is Reason.STOPPED,
            disk_excess=ended.disk_excess if ended else None,
            interrupted=ended.interrupted if ended else False,
            output_complete=ended.output_complete if ended else False,
            error=ended.error if ended else "",
            invoke_duration_s=duration_s,
        )

    def _emptied(self) -> bool:
        assert self._access is not None  # it runs
        _clear(self.input_folder)
        return self._access.empty_folders()

    def _live(self) -> None:
        """The container's life, in a thread of its own."""
        spec = self.spec
        try:
            self._engine.create_output_volume(spec.output_volume, spec.labels)
            self._result = self._engine.run(
                spec, time_limit_s=self._life_s, on_output=self._output.take, stop=self._stop
            )
        except BaseException as error:  # raised by the job that it breaks off
            self._error = error
        finally:
            self._ended.set()
            self._clean_up()
            self._gone.set()

    def _clean_up(self) -> None:
        with self._lock:
            access = self._access
        for step in (
            access.close if access else lambda: None,
            lambda: self._engine.remove_volume(self.spec.output_volume),
            lambda: shutil.rmtree(self._folder) if self._folder.exists() else None,
        ):
            try:
                step()
            except (ComponentFlowsError, OSError) as error:
                logger.warning("after the warm container %s: %s", self.spec.name, error)


def _fill(folder: Path, inputs: Path) -> None:
    """Make a job's inputs appear in the container: links to the same files, in folders that everyone can read."""
    for place, _, files in os.walk(inputs):
        target = folder / Path(place).relative_to(inputs)
        target.mkdir(exist_ok=True)
        target.chmod(0o755)
        for name in files:
            link_or_copy(Path(place, name), target / name)


def _clear(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()
