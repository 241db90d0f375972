"""Files that are neither JSON nor images: one check per kind, on content and not on the name; safe unpacking."""
