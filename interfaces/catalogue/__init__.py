"""Reading and checking what people write: interfaces.yaml, component.yaml, graph.yaml."""
