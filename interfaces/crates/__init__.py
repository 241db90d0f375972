"""Runs as Workflow Run RO-Crates: what ran, with which data, by whom and when; written, and read back as hostile input.

A crate is a folder or a ZIP file with ``ro-crate-metadata.json``. The formats are RO-Crate 1.1
(https://w3id.org/ro/crate/1.1) with the profiles Process Run Crate, Workflow Run Crate and Provenance Run Crate 0.5
(https://www.researchobject.org/workflow-run-crate/profiles/).
"""
