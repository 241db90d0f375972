"""Looking at a value: pictures of what has a shape, small tables and texts of what has none. Begin at `making`."""
