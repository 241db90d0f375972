"""What `benchmarks/jobs.py` measures, one question a file."""
