"""The programs, data and picture of examples/brain-volumetry, on small images and on the data it uses."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from jsonschema import Draft7Validator
from PIL import Image

EXAMPLE = Path(__file__).parents[2] / "examples" / "brain-volumetry"
PROGRAMS = {
    "tissue-segmentation": "segment.py",
    "tissue-volumes": "measure.py",
    "tissue-agreement": "compare.py",
}


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"brain_volumetry_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


segment, measure, compare = (load(EXAMPLE / "components" / name / file) for name, file in PROGRAMS.items())
data, overlay = load(EXAMPLE / "data.py"), load(EXAMPLE / "overlay.py")


def image_of(values: Any, spacing_mm: tuple[float, ...] = (1.0, 1.0, 1.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(values))
    image.SetSpacing(spacing_mm)
    return image


def nested_boxes(values: tuple[int, int, int, int], side: int = 24) -> np.ndarray:
    """Boxes in one another, from the outside in; each is 3 voxels inside the one around it."""
    boxes = np.zeros((side, side, side), dtype=np.uint8)
    for depth, value in enumerate(values):
        inside = slice(3 * depth, side - 3 * depth)
        boxes[inside, inside, inside] = value
    return boxes


def schema_of(title: str) -> dict[str, Any]:
    definitions = yaml.safe_load((EXAMPLE / "interfaces.yaml").read_text())["interfaces"]
    schema: dict[str, Any] = next(item["schema"] for item in definitions if item["title"] == title)
    return schema


class TestSegmentation:
    def test_tissues_are_labelled_from_dark_to_bright(self) -> None:
        noise = np.random.default_rng(0).integers(-8, 9, size=(24, 24, 24))
        boxes = nested_boxes((0, 60, 140, 220))
        t1 = image_of(np.where(boxes > 0, boxes + noise, 0).astype(np.int16))
        labels = sitk.GetArrayFromImage(segment.segment_tissues(t1))
        np.testing.assert_array_equal(labels, nested_boxes((0, 1, 2, 3)))

    @pytest.mark.parametrize("pixel_type", [np.uint8, np.int16, np.float32])
    def test_the_result_is_8_bit_and_keeps_the_voxel_grid(self, pixel_type: type[np.generic]) -> None:
        t1 = image_of(nested_boxes((0, 60, 120, 180)).astype(pixel_type), (0.9, 1.1, 2.0))
        t1.SetOrigin((-10, 20, 30))
        t1.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
        tissues = segment.segment_tissues(t1)
        assert tissues.GetPixelID() == sitk.sitkUInt8
        assert tissues.IsSameImageGeometryAs(t1)

    @pytest.mark.parametrize(
        ("image", "reason"),
        [
            (sitk.Image((8, 8, 8), sitk.sitkUInt8), "fewer than 4 grey values"),
            (image_of(np.eye(8).reshape(1, 8, 8)), "fewer than 4 grey values"),
            (sitk.Image((8, 8), sitk.sitkUInt8), "three dimensions"),
            (sitk.Image((8, 8, 8), sitk.sitkVectorUInt8, 3), "one grey value per voxel"),
            (image_of(np.full((4, 4, 4), np.nan, dtype=np.float32)), "not finite"),
        ],
    )
    def test_an_image_that_shows_no_tissues_is_refused(self, image: sitk.Image, reason: str) -> None:
        with pytest.raises(segment.BadInput, match=reason):
            segment.segment_tissues(image)


class TestVolumes:
    def test_volumes_are_in_millilitres_of_the_patient(self) -> None:
        labels = np.zeros((10, 10, 10), dtype=np.uint8)
        labels[0], labels[1:3] = 1, 2
        volumes = measure.volumes_ml(image_of(labels, (0.5, 2.0, 3.0)))
        assert volumes == pytest.approx({"CSF": 0.3, "Grey matter": 0.6, "White matter": 0.0})
        Draft7Validator(schema_of("Tissue volumes")).validate({"unit": "ml", "volumes": volumes})

    def test_a_flat_image_is_refused(self) -> None:
        with pytest.raises(measure.BadInput, match="three dimensions"):
            measure.volumes_ml(sitk.Image((4, 4), sitk.sitkUInt8))

    @pytest.mark.parametrize(
        "broken",
        [
            {"unit": "l", "volumes": {"CSF": 1, "Grey matter": 1, "White matter": 1}},
            {"unit": "ml", "volumes": {"CSF": 1, "Grey matter": 1}},
            {"unit": "ml", "volumes": {"CSF": -1, "Grey matter": 1, "White matter": 1}},
            {"volumes": {"CSF": 1, "Grey matter": 1, "White matter": 1}},
        ],
    )
    def test_the_schema_refuses_other_volumes(self, broken: Any) -> None:
        assert not Draft7Validator(schema_of("Tissue volumes")).is_valid(broken)


class TestAgreement:
    def test_a_segmentation_agrees_with_itself(self) -> None:
        tissues = image_of(nested_boxes((0, 1, 2, 3)))
        assert compare.dice(tissues, tissues) == {"CSF": 1.0, "Grey matter": 1.0, "White matter": 1.0}

    def test_dice_counts_the_common_voxels_twice(self) -> None:
        found = np.array([1, 1, 1, 2, 2, 0, 0, 3], dtype=np.uint8).reshape(2, 2, 2)
        wanted = np.array([1, 1, 2, 2, 0, 0, 3, 0], dtype=np.int16).reshape(2, 2, 2)
        scores = compare.dice(image_of(found), image_of(wanted))
        assert scores == pytest.approx({"CSF": 4 / 5, "Grey matter": 2 / 4, "White matter": 0.0})

    def test_a_tissue_that_neither_has_gets_no_score(self) -> None:
        tissues = image_of(nested_boxes((0, 1, 1, 1)))
        scores = compare.dice(tissues, tissues)
        assert scores == {"CSF": 1.0, "Grey matter": None, "White matter": None}
        Draft7Validator(schema_of("Tissue agreement")).validate({"dice": scores})

    def test_images_of_two_sizes_are_refused(self) -> None:
        with pytest.raises(compare.BadInput, match="same voxel grid"):
            compare.dice(image_of(nested_boxes((0, 1, 2, 3))), image_of(nested_boxes((0, 1, 2, 3), side=25)))

    @pytest.mark.parametrize("change", ["origin", "spacing", "direction"])
    def test_images_at_two_places_are_refused(self, change: str) -> None:
        image, other = (image_of(nested_boxes((0, 1, 2, 3))) for _ in range(2))
        if change == "origin":
            other.SetOrigin((0.5, 0, 0))
        elif change == "spacing":
            other.SetSpacing((1, 1, 1.1))
        else:
            other.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
        with pytest.raises(compare.BadInput, match=r"Voxel .* lies at .* mm"):
            compare.dice(image, other)

    def test_rounding_of_the_geometry_in_a_file_is_accepted(self) -> None:
        image, other = (image_of(nested_boxes((0, 1, 2, 3))) for _ in range(2))
        other.SetOrigin((1e-5, 0, 0))
        assert compare.dice(image, other)["CSF"] == 1.0


@pytest.mark.parametrize("program", [segment, measure, compare], ids=lambda module: module.__name__)
class TestReading:
    def test_an_image_under_any_name_is_found(self, program: ModuleType, tmp_path: Path) -> None:
        sitk.WriteImage(image_of(nested_boxes((0, 1, 2, 3))), tmp_path / "any name.mha")
        assert program.read_image(tmp_path).GetSize() == (24, 24, 24)

    def test_the_data_file_beside_a_header_is_no_second_image(self, program: ModuleType, tmp_path: Path) -> None:
        sitk.WriteImage(image_of(nested_boxes((0, 1, 2, 3))), tmp_path / "scan.mhd")
        assert len(list(tmp_path.iterdir())) == 2
        assert program.read_image(tmp_path).GetSize() == (24, 24, 24)

    @pytest.mark.parametrize("count", [0, 2])
    def test_any_other_number_of_images_is_refused(self, program: ModuleType, tmp_path: Path, count: int) -> None:
        for number in range(count):
            (tmp_path / f"{number}.mha").touch()
        with pytest.raises(program.BadInput, match=f"exactly one image, but holds {count}"):
            program.read_image(tmp_path)

    def test_a_file_that_is_no_image_is_refused_by_name(self, program: ModuleType, tmp_path: Path) -> None:
        (tmp_path / "notes.mha").write_text("no image")
        with pytest.raises(program.BadInput, match=r"notes\.mha can't be read"):
            program.read_image(tmp_path)


@pytest.mark.parametrize("component", PROGRAMS)
def test_the_last_line_of_stderr_says_what_is_wrong(component: str) -> None:
    program = EXAMPLE / "components" / component / PROGRAMS[component]
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("/input/images/")
    assert done.stderr.strip().endswith("must hold exactly one image, but holds 0.")


class TestDefinitions:
    @pytest.mark.parametrize("component", PROGRAMS)
    def test_requirements_are_the_pinned_versions(self, component: str) -> None:
        pins = (EXAMPLE.parents[1] / "constraints.txt").read_text().splitlines()
        wanted = (EXAMPLE / "components" / component / "requirements.txt").read_text().split()
        assert set(wanted) <= set(pins)

    @pytest.mark.parametrize("component", PROGRAMS)
    def test_programs_and_segments_name_the_same_tissues(self, component: str) -> None:
        interfaces = yaml.safe_load((EXAMPLE / "interfaces.yaml").read_text())["interfaces"]
        segments = {
            item["name"]: item["voxel_value"]
            for interface in interfaces
            for item in interface.get("overlay_segments", [])
        }
        assert segments == measure.TISSUES == compare.TISSUES
        assert segments == {name: label for label, name, _ in overlay.TISSUES}


class TestData:
    def test_the_t1_image_is_the_average_brain_at_1_mm(self) -> None:
        t1 = sitk.ReadImage(data.t1_image())
        assert t1.GetSize() == (197, 233, 189)
        assert t1.GetSpacing() == (1.0, 1.0, 1.0)

    def test_finding_the_data_does_not_load_nilearn(self) -> None:
        code = "import sys, data; data.t1_image(); sys.exit('nilearn' in sys.modules)"
        subprocess.run([sys.executable, "-c", code], cwd=EXAMPLE, check=True)

    def test_the_reference_lies_on_the_grid_of_the_t1_and_fills_the_brain(self, tmp_path: Path) -> None:
        file = data.reference_segmentation(tmp_path / "made" / "here")
        reference, t1 = sitk.ReadImage(file), sitk.ReadImage(data.t1_image())
        labels = sitk.GetArrayViewFromImage(reference)
        assert file.name == "reference-tissues.mha"
        assert reference.GetPixelID() == sitk.sitkUInt8
        compare.check_same_grid(reference, t1)
        np.testing.assert_array_equal(labels > 0, sitk.GetArrayViewFromImage(t1) > 0)
        assert np.unique(labels).tolist() == [0, 1, 2, 3]

    def test_three_thresholds_agree_with_the_reference_as_the_readme_says(self, tmp_path: Path) -> None:
        tissues = segment.segment_tissues(sitk.ReadImage(data.t1_image()))
        reference = sitk.ReadImage(data.reference_segmentation(tmp_path))
        scores = compare.dice(tissues, reference)
        assert scores == pytest.approx({"CSF": 0.71, "Grey matter": 0.89, "White matter": 0.93}, abs=0.005)

    def test_the_largest_share_decides(self) -> None:
        grey, white = np.array([[0, 200, 40, 200, 101]]), np.array([[0, 55, 200, 0, 55]])
        brain = np.array([[True, True, True, False, True]])
        assert data.tissue_labels(brain, grey, white).tolist() == [[1, 2, 3, 0, 2]]

    def test_a_missing_nilearn_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(data, "find_spec", lambda name: None)
        with pytest.raises(FileNotFoundError, match=r"component-flows\[demo\]"):
            data.t1_image()


class TestPicture:
    @staticmethod
    def written(tmp_path: Path, orientation: str, spacing_mm: tuple[float, ...] = (1.0, 1.0, 1.0)) -> np.ndarray:
        """The picture of a head with CSF on the patient's right and white matter on the left."""
        values, labels = (np.zeros((40, 44, 36), dtype=np.uint8) for _ in range(2))
        values[8:32, 8:36, 6:30], labels[8:32, 8:36, 6:18], labels[8:32, 8:36, 18:30] = 200, 1, 3
        values[8:10, 8:36, 6:30] = 100
        files = []
        for name, array in (("t1", values), ("tissues", labels)):
            image = sitk.DICOMOrient(image_of(array, spacing_mm), orientation)
            files.append(tmp_path / f"{orientation}-{name}.mha")
            sitk.WriteImage(image, files[-1])
        return np.asarray(Image.open(overlay.overlay_picture(*files, tmp_path / orientation)))

    def test_the_way_an_image_is_stored_does_not_change_its_picture(self, tmp_path: Path) -> None:
        pictures = [self.written(tmp_path, orientation) for orientation in ("LPS", "RAS", "SPR")]
        for picture in pictures[1:]:
            np.testing.assert_array_equal(picture, pictures[0])

    def test_the_patients_left_is_on_the_right(self, tmp_path: Path) -> None:
        picture = self.written(tmp_path, "LPS").astype(int)
        lower_half = picture[picture.shape[0] // 2 : -2 * overlay.MARGIN]
        axial = lower_half[:, : lower_half.shape[1] // 3]
        csf_share, white_share = axial[..., 2] - axial[..., 0], axial[..., 1] - axial[..., 2]
        white_at = np.argwhere(white_share > 20)[:, 1].mean()
        csf_at = np.argwhere((csf_share > 20) & (white_share < 0))[:, 1].mean()
        assert csf_at < white_at

    def test_planes_keep_the_proportions_of_the_patient(self, tmp_path: Path) -> None:
        isotropic = self.written(tmp_path, "LPS")
        stretched = self.written(tmp_path, "LPS", (1.0, 1.0, 3.0))
        # Two rows of planes: 24 mm of tissue become 72 mm; the border of 6 mm stays.
        assert stretched.shape[1] == isotropic.shape[1]
        rows_mm = (stretched.shape[0] - isotropic.shape[0]) / overlay.PIXELS_PER_MM
        assert rows_mm == pytest.approx(2 * (84 - 40), abs=4)

    def test_an_empty_segmentation_still_gives_a_picture(self, tmp_path: Path) -> None:
        for name in ("t1", "tissues"):
            sitk.WriteImage(sitk.Image((12, 14, 16), sitk.sitkUInt8), tmp_path / f"{name}.mha")
        file = overlay.overlay_picture(tmp_path / "t1.mha", tmp_path / "tissues.mha", tmp_path)
        assert Image.open(file).format == "PNG"

    def test_colours_stay_off_the_background(self) -> None:
        grey = np.full((1, 2, 2, 3), 100, dtype=np.uint8)
        labels = np.array([[[0, 1], [2, 3]]])
        coloured = overlay.in_colour(grey, labels)
        assert coloured[0, 0, 0].tolist() == [100, 100, 100]
        assert len({tuple(pixel) for pixel in coloured.reshape(-1, 3).tolist()}) == 4
        assert (grey == 100).all()
