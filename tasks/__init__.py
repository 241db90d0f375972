"""What happens at a node: one step per file, a thin task over a plain function."""
