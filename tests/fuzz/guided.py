"""Fuzzing led by coverage, with atheris (libFuzzer): ``python tests/fuzz/guided.py [TARGET ...] [-s SECONDS]``.

Each target runs in a process of its own for a bounded time, and stops at the first input that ends in anything but the
project's own refusal, that takes too long, or that breaks the process. Such an input is kept in ``build/fuzz``, and
run again with ``python tests/fuzz/guided.py TARGET FILE``. What was found to reach new code is kept there too, and
begins the next run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "build" / "fuzz"
NAMES = ("json", "zip", "image", "yaml", "file")

_HANG_S = 30
_MEMORY_MB = 4096
_LONGEST_BYTES = 65_536
_INSTRUMENTED = ["interfaces", "yaml", "zipfile", "json", "jsonschema", "referencing", "pydicom", "PIL", "csv"]


def main() -> int:
    """Run what is asked for; 0 where nothing was found, else 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(NAMES)}; default: all")
    parser.add_argument("-s", "--seconds", type=int, default=60, help="time for each target (default: %(default)s)")
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    first, *rest = options.targets or ["", ""]
    if options.within:
        return fuzz(first, options.seconds)
    if rest and Path(rest[0]).is_file():
        return run_again(first, Path(rest[0]))
    if unknown := set(options.targets) - set(NAMES):
        parser.error(f"there is no target {min(unknown)!r}; there are {', '.join(NAMES)}")
    return max(guarded(name, options.seconds) for name in options.targets or NAMES)


def guarded(name: str, seconds: int) -> int:
    """Fuzz one target in a process of its own, since a hostile input may break it."""
    folder = FOUND / name
    before = set(_broken(folder))
    print(f"fuzz: {name} for {seconds} s", flush=True)
    command = [sys.executable, __file__, name, "--within", "--seconds", str(seconds)]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    lines = (folder / "log").read_text(errors="replace").splitlines()
    found = sorted(set(_broken(folder)) - before)
    if code == 0 and not found:
        ran = next((line.split()[-1] for line in lines if line.startswith("stat::number_of_executed_units:")), "?")
        print(f"fuzz: {name}: {ran} inputs, nothing found", flush=True)
        return 0
    print("\n".join(["fuzz: " + name + ": broken", *lines[-40:], *(f"kept: {path}" for path in found)]), flush=True)
    return 1


def _broken(folder: Path) -> list[Path]:
    return [path for kind in ("crash", "timeout", "oom", "leak") for path in folder.glob(f"{kind}-*")]


def fuzz(name: str, seconds: int) -> int:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    with atheris.instrument_imports(include=_INSTRUMENTED, enable_loader_override=False):
        import fuzz_targets
    target = fuzz_targets.TARGETS[name]
    corpus, words = FOUND / name / "corpus", FOUND / name / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
        fuzz_targets.check(target, seed, max_s=60)  # what is compiled or imported once is not held against an input
    words.write_text("".join(map(_entry, target.words)))
    options = {
        "max_total_time": seconds,
        "timeout": _HANG_S,
        "rss_limit_mb": _MEMORY_MB,
        "max_len": _LONGEST_BYTES,
        "dict": words,
        "artifact_prefix": f"{FOUND / name}/",
        "print_final_stats": 1,
    }
    atheris.Setup(
        [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus)],
        lambda data: fuzz_targets.check(target, data),
    )
    atheris.Fuzz()
    return 0


def _entry(word: bytes) -> str:
    """A line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word[:60]) + '"\n'


def run_again(name: str, file: Path) -> int:
    """Run a target on one input, to see what it does."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    import fuzz_targets

    fuzz_targets.check(fuzz_targets.TARGETS[name], file.read_bytes())
    print(f"{name}: {file} is refused or taken as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
