import json
import pathlib

INPUT = pathlib.Path("/input")

threshold = json.loads((INPUT / "threshold.json").read_text())
jobs = json.loads((INPUT / "predictions.json").read_text())
found = [any((INPUT / job["pk"] / "output" / "images" / "brain-tissues").iterdir()) for job in jobs]
metrics = {"aggregates": {"dice": sum(found) / len(jobs) * threshold}}
pathlib.Path("/output/metrics.json").write_text(json.dumps(metrics))
