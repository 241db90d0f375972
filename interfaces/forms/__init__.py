"""What a person fills in to start a run: a JSON Schema made from interfaces, and values made of what was filled in.

The words of the schema are those that the Prefect UI has fields for. It takes at least what the interfaces take, so
that it refuses nothing that is valid; what it lets through is checked as any other input is.
"""
