from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from registries import free_port

from interfaces.errors import ServiceUnavailable
from interfaces.settings_storage import StorageSettings
from interfaces.storage.file_store import FileStore
from interfaces.storage.remote_store import RemoteStore
from interfaces.storage.stored_file import sha256_of

MB = 2**20


def machine(folder: Path, s3, bucket: str, name: str, **settings) -> FileStore:
    """The store as one of several machines has it."""
    return FileStore(folder / name, f"s3://{bucket}/site", StorageSettings(endpoint_url=s3.endpoint, **settings))


def test_what_one_machine_stores_another_one_reads_and_keeps(tmp_path, s3, bucket):
    one, two = machine(tmp_path, s3, bucket, "one"), machine(tmp_path, s3, bucket, "two")
    stored = one.put_bytes(b"voxels", suffix=".mha")
    assert two.holds(stored, suffix=".mha")
    path = two.path(stored.sha256, suffix=".mha")
    assert path.read_bytes() == b"voxels" and path.is_relative_to(tmp_path / "two")
    s3.files().rm(f"{bucket}/site", recursive=True)
    assert two.path(stored.sha256, suffix=".mha") == path


def test_a_large_file_goes_in_parts_and_comes_whole(tmp_path, s3, bucket):
    large = tmp_path / "large.bin"
    with large.open("wb") as file:  # s3fs sends parts of 50 MiB, and this in two and a bit
        for index in range(104):
            file.write(bytes([index]) * MB)
    stored = machine(tmp_path, s3, bucket, "one").put(large, suffix=".bin")
    name = f"{bucket}/site/{stored.sha256[:2]}/{stored.sha256}.bin"
    assert s3.files().info(name)["ETag"].strip('"').endswith("-3")  # S3's mark of an object of three parts
    assert sha256_of(machine(tmp_path, s3, bucket, "two").path(stored.sha256, suffix=".bin")) == stored


def test_writers_of_the_same_content_do_not_disturb_each_other(tmp_path, s3, bucket):
    stores = [machine(tmp_path, s3, bucket, f"machine-{index}") for index in range(6)]
    data = os.urandom(3 * MB)
    with ThreadPoolExecutor(6) as pool:
        stored = set(pool.map(lambda store: store.put_bytes(data, suffix=".bin"), stores))
    assert len(stored) == 1
    assert len(s3.files().find(f"{bucket}/site")) == 1
    assert machine(tmp_path, s3, bucket, "reader").path(stored.pop().sha256, suffix=".bin").read_bytes() == data


@pytest.mark.parametrize(("there", "told"), [(b"vox", "3 bytes"), (b"VOXELS", "6 bytes")], ids=["truncated", "altered"])
def test_damaged_content_is_never_taken_for_what_was_stored(tmp_path, s3, bucket, there, told):
    one, two = machine(tmp_path, s3, bucket, "one"), machine(tmp_path, s3, bucket, "two")
    stored = one.put_bytes(b"voxels", suffix=".mha")
    s3.files().pipe(f"{bucket}/site/{stored.sha256[:2]}/{stored.sha256}.mha", there)
    with pytest.raises(ServiceUnavailable, match=rf"damaged content under .*{told} with the SHA-256 .* restore it"):
        two.path(stored.sha256, suffix=".mha")
    assert not list((tmp_path / "two").rglob("*.mha")), "nothing of it was kept"
    if len(there) != 6:  # a size that does not fit is noticed when the same is stored again
        one.put_bytes(b"voxels", suffix=".mha")
        assert two.path(stored.sha256, suffix=".mha").read_bytes() == b"voxels"


def test_a_writer_that_is_killed_leaves_nothing_to_be_seen(tmp_path, s3, bucket):
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(120 * MB)
    code = (
        "import sys; from pathlib import Path; from interfaces.settings_storage import StorageSettings\n"
        "from interfaces.storage.remote_store import RemoteStore\n"
        f"store = RemoteStore('s3://{bucket}/site', StorageSettings(endpoint_url='{s3.endpoint}'))\n"
        "call, original = store._files._call_s3, None\n"
        "async def told(method, *a, **k):\n"
        "    result = await call(method, *a, **k)\n"
        "    if method == 'upload_part': print('part', flush=True)\n"
        "    return result\n"
        "store._files._call_s3 = told\n"
        f"store.put(Path('{large}'), 'large.bin')\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None and writer.stdout.readline() == "part\n"
    writer.kill()
    writer.wait()
    assert s3.files().find(f"{bucket}/site") == []


def test_a_missing_bucket_is_told_and_not_made(tmp_path, s3):
    with pytest.raises(ServiceUnavailable, match=r"can.t take .*: there is no bucket 'nobodys'; make it, or correct"):
        machine(tmp_path, s3, "nobodys", "one").put_bytes(b"voxels", suffix=".mha")
    assert not s3.files().exists("nobodys")


def test_wrong_keys_are_told(tmp_path, s3, bucket, monkeypatch):
    s3.check_keys(True)
    try:
        with pytest.raises(ServiceUnavailable, match=r"it refuses the credentials .*; set AWS_ACCESS_KEY_ID") as caught:
            machine(tmp_path, s3, bucket, "one").put_bytes(b"voxels", suffix=".mha")
    finally:
        s3.check_keys(False)
    assert "tests-secret" not in str(caught.value) and caught.value.exit_code == 4


def test_no_keys_at_all_are_told(tmp_path, s3, bucket, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ServiceUnavailable, match=r"it refuses the credentials .*; set AWS_ACCESS_KEY_ID"):
        # Another address of the same server: s3fs keeps the clients of those that it knows.
        endpoint = s3.endpoint.replace("127.0.0.1", "localhost")
        FileStore(tmp_path / "one", f"s3://{bucket}/site", StorageSettings(endpoint_url=endpoint)).put_bytes(
            b"voxels", suffix=".mha"
        )


def test_a_server_that_is_down_is_told_after_a_bounded_time(tmp_path, s3, bucket):
    settings = StorageSettings(endpoint_url=f"http://127.0.0.1:{free_port()}", attempts=2, timeout_s=2)
    store = FileStore(tmp_path / "one", f"s3://{bucket}/site", settings)
    started = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"it does not answer .*; see that its server runs") as caught:
        store.put_bytes(b"voxels", suffix=".mha")
    assert caught.value.exit_code == 4
    assert time.monotonic() - started < 30


def test_a_driver_that_is_not_installed_is_named():
    code = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from interfaces.settings_storage import StorageSettings\n"
        "from interfaces.storage.remote_store import RemoteStore\n"
        "RemoteStore('s3://user:very-secret@bucket/site', StorageSettings())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert "the file store at s3://bucket/site needs a package" in done.stderr
    assert "pip install 'component-flows[s3]'" in done.stderr
    assert "very-secret" not in done.stderr


def test_a_file_in_a_shared_folder_appears_whole(tmp_path):
    store = RemoteStore(f"file://{tmp_path}/shared", StorageSettings())
    (tmp_path / "a").write_bytes(b"voxels")
    store.put(tmp_path / "a", "ab/name.mha")
    assert store.size("ab/name.mha") == 6 and store.size("ab/other.mha") is None
    assert list((tmp_path / "shared/incoming").iterdir()) == []
    store.get("ab/name.mha", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"voxels"
    with pytest.raises(FileNotFoundError, match=r"has no ab/other\.mha"):
        store.get("ab/other.mha", tmp_path / "c")


def test_doctor_says_whether_the_store_can_be_written_to(tmp_path, s3, bucket):
    def doctor(name: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "COMPONENT_FLOWS_HOME": str(tmp_path / "home"),
            "COMPONENT_FLOWS_STORAGE_URL": f"s3://{name}/site",
            "COMPONENT_FLOWS_STORAGE__ENDPOINT_URL": s3.endpoint,
        }
        command = [sys.executable, "-m", "flows.cli", "doctor"]
        return subprocess.run(
            command, cwd=Path(__file__).parents[3], env=environment, capture_output=True, text=True, check=False
        )

    assert f"ok       File store: s3://{bucket}/site" in doctor(bucket).stdout
    assert s3.files().find(f"{bucket}/site") == []
    missing = doctor("nobodys")
    assert "MISSING  File store" in missing.stdout and "there is no bucket 'nobodys'" in missing.stdout
    assert missing.returncode == 4
