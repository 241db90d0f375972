"""GPUs as the NVIDIA driver lists them."""

from __future__ import annotations

from interfaces.containers.gpus import Gpu, local_gpus

INFORMATION = """Model: \t\t NVIDIA A100-SXM4-40GB
IRQ:   \t\t 34
GPU UUID: \t {uuid}
Video BIOS: \t 92.00.45.00.03
Bus Type: \t PCIe
GPU Excluded:\t No
"""


def test_each_gpu_has_its_id_and_model(tmp_path):
    for bus, uuid in (("0000:08:00.0", "GPU-2b"), ("0000:07:00.0", "GPU-1a")):
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "information").write_text(INFORMATION.format(uuid=uuid))
    assert local_gpus(tmp_path) == tuple(Gpu(uuid=uuid, model="NVIDIA A100-SXM4-40GB") for uuid in ("GPU-1a", "GPU-2b"))


def test_a_gpu_whose_id_the_driver_does_not_know_yet_is_passed_over(tmp_path):
    (tmp_path / "0000:07:00.0").mkdir()
    (tmp_path / "0000:07:00.0/information").write_text(INFORMATION.format(uuid="??"))
    assert local_gpus(tmp_path) == ()


def test_without_a_driver_there_is_none(tmp_path):
    assert local_gpus(tmp_path / "none") == ()
