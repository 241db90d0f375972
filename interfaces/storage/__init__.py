"""Where files lie: the content-addressed store, and a job's own folder."""
