"""What a run was, as a page: Markdown for Prefect's UI, HTML for a file.

``record`` is what both show and ``building`` makes it from a job, a graph's run, a batch or an evaluation; ``gallery``
makes the previews within bounds; ``usage`` and ``timeline`` draw; ``markdown`` and ``html`` write. What came out of a
container is escaped in each.
"""
