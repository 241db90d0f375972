"""The parts of planning a graph: its inputs, what it needs of this site, and what is known of each node."""
