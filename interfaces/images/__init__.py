"""Images: headers, import, what a component produced, and one check per image kind."""
