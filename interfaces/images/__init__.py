"""Medical images as values: reading them, checking them against a kind, and importing what a person has."""
