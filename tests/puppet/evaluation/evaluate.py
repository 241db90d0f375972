import json
import pathlib

INPUT, TRUTH = pathlib.Path("/input"), pathlib.Path("/opt/ml/input/data/ground_truth")

answers = json.loads((TRUTH / "answers.json").read_text())
predictions = json.loads((INPUT / "predictions.json").read_text())
tolerance = json.loads((INPUT / "tolerance.json").read_text())


def entry(entries, slug):
    return next(one for one in entries if one["interface"]["slug"] == slug)


errors, scans = {}, []
for job in predictions:
    case = entry(job["inputs"], "script")["value"].splitlines()[0].removeprefix("# ")
    output = entry(job["outputs"], "report")["interface"]["relative_path"]
    report = json.loads((INPUT / job["pk"] / "output" / output).read_text())
    errors[case] = abs(report["answer"] - answers[case])
    scans += [one["image"]["name"] for one in job["inputs"] if one["image"]]

# What the algorithm did not answer is wrong.
right = sum(errors.get(case, tolerance + 1) <= tolerance for case in answers)
metrics = {
    "aggregates": {"right": right / len(answers), "error": sum(errors.values())},
    "cases": errors,
    "missing": sorted(set(answers) - set(errors)),
    "seen": {
        "predictions": predictions,
        "inputs": [one["interface"]["slug"] for one in json.loads((INPUT / "inputs.json").read_text())],
        "files": sorted(str(path.relative_to(INPUT)) for path in INPUT.rglob("*") if path.is_file()),
        "scans": scans,
        "model": [path.name for path in pathlib.Path("/opt/ml/model").iterdir()],
    },
}
pathlib.Path("/output/metrics.json").write_text(json.dumps(metrics))
