"""What a hostile container may leave in its output and its logs: each has its own verdict, and nothing stays."""

from __future__ import annotations

import os

import pytest
from puppet_jobs import failure, kind_and_text, report, verdict_of
from puppet_scripts import MASK, REPORT

from flows import run_component
from interfaces import JobStatus, messages
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.verdicts import VerdictKind
from tasks.job_logs import TAIL_LINES, log_path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("puppets", "in_bounded_time")]

MB = 2**20


FILES = """
import os
os.makedirs('/output/images/mask')
for n in range({count}): open(f'/output/{{"images/mask" if n % 2 else ""}}/{{n}}', 'w').close()
"""


def test_many_thousand_files_are_refused_without_looking_at_each():
    error = failure(FILES.format(count=20_000), "puppet-mask")
    assert verdict_of(error.job).kind is VerdictKind.OUTPUT_INVALID
    assert "more than 1,000 entries" in str(error)


@pytest.mark.soak
@pytest.mark.timeout(900)  # making and removing them is most of it
def test_a_million_files_are_refused_without_looking_at_each():
    error = failure(FILES.format(count=1_000_000), "puppet-mask", time_limit=600)
    assert verdict_of(error.job).kind is VerdictKind.OUTPUT_INVALID
    assert "more than 1,000 entries" in str(error)


@pytest.mark.soak
def test_many_files_beside_the_output_do_no_harm():
    job = run_component("puppet-report", {"script": FILES.format(count=1_000) + REPORT.format(report="{}")})
    assert job.status is JobStatus.SUCCESS


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os; os.mkfifo('/output/report.json')", "a named pipe"),
        ("import socket; socket.socket(socket.AF_UNIX).bind('/output/report.json')", "a socket"),
        ("import os; os.mkdir('/output/report.json')", "a folder"),
        ("import os; os.symlink('/dev/zero', '/output/report.json')", "a symbolic link"),
        ("import os; os.symlink('report.json', '/output/report.json')", "a symbolic link"),
        ("import os, stat; os.mknod('/output/report.json', stat.S_IFCHR | 0o666, os.makedev(0, 0))", "a device"),
    ],
    ids=["pipe", "socket", "folder", "link to a device", "link to itself", "device"],
)
def test_what_is_no_file_is_refused_without_opening_it(script, words):
    error = failure(script)
    assert verdict_of(error.job).kind is VerdictKind.OUTPUT_INVALID
    assert words in str(error)


def test_a_device_of_the_machine_can_not_be_made():
    error = failure("import os, stat; os.mknod('/output/report.json', stat.S_IFBLK | 0o666, os.makedev(8, 0))")
    assert kind_and_text(error)[0] is VerdictKind.EXIT_CODE
    assert "Operation not permitted" in str(error)


def test_folders_that_lead_back_to_themselves_are_no_trap():
    error = failure(
        "import os; os.makedirs('/output/images/mask'); os.symlink('..', '/output/images/mask/up')\n"
        "os.symlink('/output', '/output/images/mask/out')",
        "puppet-mask",
    )
    assert verdict_of(error.job).kind is VerdictKind.OUTPUT_INVALID


def test_folders_deep_in_each_other_are_removed_again():
    job = report("import os\nos.chdir('/output')\nfor n in range(1000): os.mkdir('d'); os.chdir('d')")
    assert job.status is JobStatus.SUCCESS


def test_a_name_of_255_bytes_is_a_name():
    name = "x" * 251 + ".mha"
    script = (
        MASK.format(voxels="[1] * 8") + f"\nos.rename('/output/images/mask/mask.mha', '/output/images/mask/{name}')"
    )
    assert run_component("puppet-mask", {"script": script}).outputs["mask"].path.is_file()


@pytest.mark.parametrize("name", [r"b'a\nb'", r"b'\xff\x1b[31m'"], ids=["newline", "escape and no UTF-8"])
def test_names_that_are_a_trick_do_no_harm(name):
    script = f"import os; os.makedirs('/output/images/mask')\nopen(b'/output/images/mask/' + {name}, 'w').write('x')"
    error = failure(script, "puppet-mask")
    assert verdict_of(error.job).kind is VerdictKind.OUTPUT_INVALID
    assert str(error).isprintable()


def test_an_output_without_permissions_is_read_or_refused_in_words():
    script = REPORT.format(report="{'secret': 1}") + "\nimport os; os.chmod('/output/report.json', 0)"
    if os.getuid() == 0:
        assert run_component("puppet-report", {"script": script}).outputs["report"].value == {"secret": 1}
    else:
        assert verdict_of(failure(script).job).kind is VerdictKind.OUTPUT_INVALID


def test_another_user_can_not_be_taken_on():
    job = report(
        "import os\nfor what in (lambda: os.setuid(0), lambda: os.chown('/output', 0, 0)):\n"
        "    try: what(); print('done')\n    except PermissionError: print('refused')"
    )
    assert job.stdout == "refused\nrefused"


def test_an_exit_code_of_0_without_output_is_no_success():
    error = failure("import os; os._exit(0)")
    assert kind_and_text(error) == (VerdictKind.OUTPUT_MISSING, messages.not_produced("report.json"))


@pytest.mark.soak
def test_an_output_that_is_no_json_is_told():
    error = failure("open('/output/report.json', 'wb').write(b'\\x00' * 1000)")
    assert kind_and_text(error) == (VerdictKind.OUTPUT_INVALID, messages.not_json("report.json"))


# Logs


LOUD = """
import os
block = b'{line}' * ({block_bytes} // {length})
for n in range({blocks}): os.write(1, block)
"""


def loud(megabytes: int, line: bytes = b"x" * 99 + b"\n") -> str:
    text = "".join(f"\\x{byte:02x}" for byte in line)
    return LOUD.format(line=text, length=len(line), block_bytes=MB, blocks=megabytes)


def kept_bytes(job) -> int:
    return log_path(get_site(), job.id, "stdout").stat().st_size


def test_a_log_of_many_megabytes_is_kept_within_its_bound(limits):
    limits(log_bytes=4 * MB)
    job = report(loud(64))
    assert kept_bytes(job) == 4 * MB
    assert len(job.stdout.splitlines()) == TAIL_LINES


@pytest.mark.soak
def test_a_log_of_a_gigabyte_is_kept_within_its_bound():
    job = report(loud(1024), time_limit=300)
    assert kept_bytes(job) == get_settings().limits.log_bytes
    assert job.exec_duration_s < 60


@pytest.mark.soak
def test_a_log_without_a_line_end_takes_no_memory(limits):
    limits(log_bytes=MB)
    job = report(loud(32, b"x"))
    assert kept_bytes(job) == MB


def test_a_binary_log_can_be_kept_and_shown():
    job = report("import os\nfor n in range(2000): os.write(1, os.urandom(999))\nos.write(2, bytes(range(256)))")
    assert kept_bytes(job) == 2000 * 999
    assert all(character.isprintable() or character in "\n\t" for character in job.stdout + job.stderr)
