"""Warm components: one container that serves many jobs over HTTP (``method: invoke``).

``http_calls`` asks a hostile server; ``output_switch`` gives its output to the job of the moment; ``job_watch`` says
when a job is over and measures it; ``container`` is one warm container from its start to its end; ``pool`` keeps those
of this process.
"""
