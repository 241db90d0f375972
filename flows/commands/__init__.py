"""The commands, by what a person wants; each imports Prefect only if it needs it, so that looking is quick."""
