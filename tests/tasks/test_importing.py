"""The record of an import, whatever happens to the import."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from programs import Program

from interfaces.database.import_records import list_imports
from interfaces.errors import EngineError, EngineUnavailable, ImageImportFailed
from interfaces.import_status import ImportStatusChoices
from interfaces.imports import Import, ImportKind
from tasks.importing import ImportSource, imported

AWAY = EngineError("dial tcp 127.0.0.1:5000: connect: connection refused")


def source(text: str = "image.tar", **changes) -> ImportSource:
    fields = {"owner": "counter", "kind": ImportKind.IMAGE, "fingerprint": "f", "delays_s": (0.0, 0.0), **changes}
    return ImportSource(text=text, **fields)


def do(site, work, what: ImportSource | None = None, **options) -> str:
    return imported(site, what or source(), work, sha256_of=str, **options)


def records(site) -> list[Import]:
    with site.database.session() as session:
        return list_imports(session, kinds=tuple(ImportKind))


def record(site) -> Import:
    (only,) = records(site)
    return only


def raising(*errors: BaseException):
    left = list(errors)

    def work() -> str:
        if left:
            raise left.pop(0)
        return "sha256:12"

    return work


def test_an_import_that_succeeds_says_what_it_was(site):
    seen = []

    def work() -> str:
        seen.append(record(site).import_status)
        return "sha256:12"

    assert do(site, work) == "sha256:12"
    assert seen == [ImportStatusChoices.STARTED]
    done = record(site)
    assert (done.import_status, done.sha256, done.attempts) == (ImportStatusChoices.COMPLETED, "sha256:12", 1)
    assert (done.owner, done.source, done.status) == ("counter", "image.tar", "")
    assert not done.was_interrupted


def test_an_import_that_fails_says_why_and_is_not_tried_again(site):
    with pytest.raises(ImageImportFailed):
        do(site, raising(ImageImportFailed("it runs as root"), AWAY))
    failed = record(site)
    assert (failed.import_status, failed.status, failed.attempts) == (ImportStatusChoices.FAILED, "it runs as root", 1)


@pytest.mark.parametrize("fault", [AWAY, EngineUnavailable("no engine answers")])
def test_a_fault_that_passes_is_tried_again(site, fault):
    seen, shown = [], []

    def work() -> str:
        seen.append((record(site).import_status, record(site).attempts))
        if len(seen) < 3:
            raise fault
        return "sha256:12"

    assert do(site, work, show=shown.append) == "sha256:12"
    assert seen == [(ImportStatusChoices.STARTED, attempt) for attempt in (1, 2, 3)]
    assert shown == [f"counter: {fault}; trying again in 0 s"] * 2
    assert record(site).import_status is ImportStatusChoices.COMPLETED


def test_while_it_waits_it_is_queued_again_with_the_reason(site):
    what = source(delays_s=(1.5,))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(do, site, raising(AWAY), what)
        waiting = []
        while not running.done():
            waiting += [one for one in records(site) if one.import_status is ImportStatusChoices.RETRY]
            time.sleep(0.02)
        assert running.result() == "sha256:12"
    assert waiting[0].status == str(AWAY)


def test_a_fault_that_stays_fails_after_a_few_attempts(site):
    with pytest.raises(EngineError, match="connection refused"):
        do(site, raising(*[AWAY] * 9))
    assert (record(site).import_status, record(site).attempts) == (ImportStatusChoices.FAILED, 3)


def test_an_interruption_cancels_it(site):
    with pytest.raises(KeyboardInterrupt):
        do(site, raising(KeyboardInterrupt()))
    assert record(site).import_status is ImportStatusChoices.CANCELLED


def test_an_error_of_our_own_is_in_the_record_too(site):
    with pytest.raises(ZeroDivisionError):
        do(site, raising(ZeroDivisionError("division by zero")))
    assert record(site).status == "ZeroDivisionError: division by zero"


def test_the_same_source_is_the_same_record_and_another_is_another(site):
    for _ in range(2):
        with pytest.raises(ImageImportFailed):
            do(site, raising(ImageImportFailed("no")))
    do(site, raising())
    assert (record(site).attempts, record(site).import_status) == (3, ImportStatusChoices.COMPLETED)
    do(site, raising(), source("other.tar"))
    do(site, raising(), source(fingerprint="g"))
    do(site, raising(), source(owner="other"))
    assert len(records(site)) == 4


def test_two_that_import_the_same_do_it_one_after_the_other(site):
    busy, most = threading.Semaphore(1), []

    def work() -> str:
        most.append(busy.acquire(blocking=False))
        time.sleep(0.2)
        busy.release()
        return "sha256:12"

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: do(site, work), range(3))) == ["sha256:12"] * 3
    assert most == [True] * 3
    assert record(site).attempts == 3


KILLED = """
import sys, time
from interfaces.imports import ImportKind
from interfaces.site import get_site
from tasks.importing import ImportSource, imported

def work():
    print("working", flush=True)
    time.sleep(60)

imported(get_site(), ImportSource(owner="counter", kind=ImportKind.IMAGE, text="image.tar", fingerprint="f"), work,
         sha256_of=str)
"""


def test_an_import_whose_process_died_is_seen_and_taken_over_by_the_next(site):
    process = Program("code", KILLED)
    assert process.stdout.readline() == "working\n"
    assert record(site).import_status is ImportStatusChoices.STARTED
    assert not record(site).was_interrupted
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert record(site).was_interrupted
    assert do(site, raising()) == "sha256:12"
    assert (record(site).import_status, record(site).attempts) == (ImportStatusChoices.COMPLETED, 2)
