"""GPUs as the NVIDIA driver lists them."""

from __future__ import annotations

import pytest

from interfaces.containers.gpus import Gpu, is_of_type, local_gpus

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


@pytest.mark.parametrize(
    ("model", "wanted", "fits"),
    [
        ("NVIDIA A100-SXM4-40GB", "A100", True),
        ("NVIDIA A100 80GB PCIe", "A100", True),
        ("NVIDIA A10G", "A10G", True),
        ("NVIDIA A10", "A10G", False),
        ("NVIDIA A10G", "A10", False),
        ("Tesla T4", "T4", True),
        ("NVIDIA T400 4GB", "T4", False),
        ("Tesla V100-SXM2-16GB", "V100", True),
        ("Tesla K80", "K80", True),
        ("NVIDIA H100 80GB HBM3", "h100", True),
        ("NVIDIA L40S", "L4", False),
        ("NVIDIA GeForce RTX 4090", "RTX 4090", True),
        ("NVIDIA A100-SXM4-80GB", "A100-SXM4-40GB", False),
        ("NVIDIA A100-SXM4-80GB", "", False),
        ("NVIDIA A100-SXM4-80GB", ".*", False),
    ],
)
def test_a_type_is_a_word_of_the_models_name(model, wanted, fits):
    assert is_of_type(Gpu(uuid="GPU-0", model=model), wanted) is fits
