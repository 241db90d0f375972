"""One container on a Docker engine, from its start to its result.

The SDK's client comes in as an argument; this module knows only its methods' names.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

import requests

from interfaces.containers import cannot_start
from interfaces.containers.cgroup import ContainerCgroup, open_cgroup
from interfaces.containers.disk_watch import DiskWatch, written_folders
from interfaces.containers.engine_errors import BROKEN, engine_errors, status_of, words_of
from interfaces.containers.engine_facts import engine_time
from interfaces.containers.engine_stats import StatsReader
from interfaces.containers.nvml import GpuCounters, open_gpus
from interfaces.containers.output_stream import OutputStream
from interfaces.containers.records import (
    ContainerResult,
    ContainerSpec,
    DiskExcess,
    OnOutput,
    OnSample,
    StopSignal,
)
from interfaces.containers.supervision import Ending, WakeUp, wait_for_end
from interfaces.containers.usage import Gauges, UsageRecorder
from interfaces.errors import EngineError

logger = logging.getLogger(__name__)

_OUTPUT_PATIENCE_S = 5.0
"""After a container's end, its output must end within this."""

_ENGINE_PATIENCE_S = 60.0
"""How long an engine may be away (restarting) during a run."""

_PING_INTERVAL_S = 0.5
_WAIT_SLICE_S = 300
"""A wait request is renewed after this, so that a connection that died silently is noticed."""


class DockerRun:
    """A created container that is run once."""

    def __init__(
        self,
        api: Any,
        container: str,
        spec: ContainerSpec,
        *,
        local: bool,
        read_cgroups: bool,
        on_sample: OnSample | None,
    ) -> None:
        """Prepare; nothing starts yet.

        Args:
            api: The SDK's client.
            container: The id of the created container.
            spec: What it was created from.
            local: Whether the engine is reached through a socket of this machine.
            read_cgroups: Whether to read the kernel's counters where they can be reached.
            on_sample: Called with each sample.
        """
        self._api, self._container, self._spec = api, container, spec
        self._local, self._read_cgroups = local, read_cgroups
        self._recorder = UsageRecorder(on_sample, gauges=self._gauges)
        self._gpus: GpuCounters | None = None
        self._output: OutputStream | None = None
        self._cgroup: ContainerCgroup | None = None
        self._disk: DiskWatch | None = None
        self._facts: Mapping[str, Any] = {}
        self._ended = threading.Event()
        self._given_up = threading.Event()
        self._lost: BaseException | None = None
        self._interrupted = False

    def run(self, *, time_limit_s: float, on_output: OnOutput, stop: StopSignal) -> ContainerResult:
        """Start it and wait for its end.

        Raises:
            ContainerCannotStart: The image can't run.
            EngineError: The engine refused, broke off, or stayed away.
            BaseException: What `on_output` raised; the container is stopped then.
        """
        with WakeUp() as wake_up:
            with engine_errors("attach to a container"):
                # Before the start: what is attached later misses the first lines, or is five times slower.
                connection = self._api.attach_socket(self._container, {"stdout": 1, "stderr": 1, "stream": 1})
            self._output = OutputStream(connection, on_output=on_output, on_failure=wake_up.set)
            try:
                self._start()
                ending = self._supervise(wake_up, time_limit_s, stop)
                complete = self._output.finish(within_s=_OUTPUT_PATIENCE_S)
            finally:
                self._given_up.set()
                self._output.close()
        if self._output.failure is not None:
            raise self._output.failure
        return self._result(ending, complete=complete)

    def _start(self) -> None:
        try:
            try:
                self._api.start(self._container)
            except requests.HTTPError:
                raise
            except BROKEN as error:
                # It may run by now, or even have ended: it must not run twice.
                if engine_time(self._state(after=error)["StartedAt"]).year <= 1:
                    self._api.start(self._container)
        except requests.HTTPError as error:
            words = words_of(error)
            raise cannot_start.from_engine_words(self._spec.image, words) or EngineError(
                f"the engine could not start a container: {words}"
            ) from error
        except BROKEN as error:
            raise EngineError(f"the connection to the engine broke at a container's start ({error})") from error

    def _supervise(self, wake_up: WakeUp, time_limit_s: float, stop: StopSignal) -> Ending:
        pid = self._state()["Pid"] or None
        cgroup = open_cgroup(pid, self._container) if pid and self._read_cgroups else None
        stats = None
        if cgroup is None and pid:
            stats = StatsReader(self._api, self._container, self._recorder)
        self._cgroup = cgroup
        if self._local:
            self._gpus = open_gpus(self._spec.gpus)
            self._disk = DiskWatch(
                written_folders(self._facts),
                max_bytes=self._spec.disk_bytes,
                min_free_bytes=self._spec.min_free_disk_bytes,
            )
        threading.Thread(target=self._await_end, args=(wake_up,), name="container-wait", daemon=True).start()
        try:
            return wait_for_end(
                self,
                wake_up,
                # Only with a control group of that name is it sure that the number means the same process here.
                pid=pid if cgroup else None,
                time_limit_s=time_limit_s,
                grace_s=self._spec.stop_grace_s,
                stop=stop,
            )
        finally:
            if stats is not None:
                stats.close()
            if cgroup is not None:
                cgroup.close()
            if self._gpus is not None:
                self._gpus.close()

    def _await_end(self, wake_up: WakeUp) -> None:
        """Set `_ended` once the container has ended or can't be followed any more."""
        while not self._given_up.is_set():
            try:
                self._api.wait(self._container, timeout=_WAIT_SLICE_S)
                break
            except requests.HTTPError as error:
                self._lost = error
                break
            except requests.Timeout:
                continue
            except (*BROKEN, ValueError) as error:  # ValueError: an answer that breaks off is no JSON
                if not self._engine_is_back():
                    self._lost = error
                    break
        self._ended.set()
        wake_up.set()

    def _state(self, *, after: BaseException | None = None) -> Mapping[str, Any]:
        """The container's state, if need be once the engine is back.

        Args:
            after: What broke the connection already.
        """
        if after is None:
            try:
                return self._inspected()
            except requests.HTTPError as error:
                raise EngineError(f"the engine could not inspect a container: {words_of(error)}") from error
            except BROKEN as error:
                after = error
        if not self._engine_is_back():
            raise EngineError(f"the engine stopped answering during a run ({after})") from after
        self._interrupted = True
        with engine_errors("inspect a container"):
            return self._inspected()

    def _inspected(self) -> Mapping[str, Any]:
        self._facts = self._api.inspect_container(self._container)
        state: Mapping[str, Any] = self._facts["State"]
        return state

    def _engine_is_back(self) -> bool:
        for attempt in range(int(_ENGINE_PATIENCE_S / _PING_INTERVAL_S)):
            try:
                self._api.ping()
            except (*BROKEN, ValueError):
                self._interrupted = True
                if self._given_up.wait(_PING_INTERVAL_S):
                    return False
            else:
                if attempt:
                    logger.warning("the engine was away during a run; container %s goes on", self._container[:12])
                return True
        return False

    def ended(self) -> bool:
        """Whether the engine has reported the end (or can't be reached any more)."""
        return self._ended.is_set()

    def failed(self) -> bool:
        """Whether handing on the output failed."""
        return self._output is not None and self._output.failure is not None

    def look(self, *, final: bool) -> None:
        """Read the counters."""
        reading = self._cgroup.read() if self._cgroup else None
        if reading is not None:
            self._recorder.add(reading, final=final)

    def _gauges(self) -> Gauges:
        gpus = self._gpus.read() if self._gpus is not None else None
        return Gauges(
            disk_bytes=self._disk.written_bytes if self._disk is not None else None,
            gpu_percent=gpus.busy_percent if gpus is not None else None,
            gpu_memory_percent=gpus.memory_percent if gpus is not None else None,
        )

    def disk_excess(self) -> DiskExcess | None:
        """Why it is to be stopped for what is on the disk, or None."""
        return self._disk.look() if self._disk is not None else None

    def kill(self, signal: str) -> bool:
        """Send a signal; False where the container had ended already."""
        try:
            self._api.kill(self._container, signal)
        except requests.HTTPError as error:
            if status_of(error) in (404, 409):
                return False
            raise EngineError(f"the engine could not send {signal} to a container: {words_of(error)}") from error
        except BROKEN as error:
            # It may be restarting; SIGKILL is sent several times.
            logger.warning("the engine was away when %s was to be sent (%s)", signal, error)
        return True

    def _result(self, ending: Ending, *, complete: bool) -> ContainerResult:
        if isinstance(self._lost, requests.HTTPError) and status_of(self._lost) == 404:
            raise EngineError("somebody else removed the container while it ran") from self._lost
        if self._lost is not None:
            raise EngineError(
                f"the engine stopped answering during a run, and the container was lost sight of ({self._lost})"
            ) from self._lost
        state = self._state()
        exit_code = state["ExitCode"]
        stderr_start = self._output.stderr_start if self._output else b""
        refused = cannot_start.from_init_words(self._spec.image, exit_code, stderr_start)
        if refused is not None:
            raise refused
        usage = self._recorder.usage()
        # The engine's flag and the kernel's counter each miss some: the one on cgroup v2 before engine 23, the other
        # where the engine removed the group before it could be read a last time.
        oom_events = max(usage.oom_kills, int(bool(state.get("OOMKilled"))))
        return ContainerResult(
            exit_code=exit_code,
            started_at=engine_time(state["StartedAt"]),
            finished_at=engine_time(state["FinishedAt"]),
            oom_killed=oom_events > 0,
            oom_events=oom_events,
            timed_out=ending.timed_out,
            stopped=ending.stopped,
            disk_excess=ending.disk_excess,
            refused_forks=usage.refused_forks,
            interrupted=self._interrupted,
            output_complete=complete and not self._interrupted,
            error=state.get("Error") or "",
            peak_memory_bytes=usage.peak_memory_bytes,
            peak_working_set_bytes=usage.peak_working_set_bytes,
            cpu_seconds=usage.cpu_seconds,
            samples=usage.samples,
        )
