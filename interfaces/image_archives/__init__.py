"""Container images as `docker save` writes them, read as a stream and never unpacked to disk.

The layouts are those of the Docker Image Specification v1.2 (Docker before 25: layers in folders) and of the OCI Image
Layout (since: content in ``blobs/sha256``); in both, ``manifest.json`` says what belongs to the image. ``contents``
reads an archive once, in whatever order its members come; ``reading`` checks what was found; ``writing`` sends what was
checked, and nothing else of the archive, to an engine.
"""

from interfaces.image_archives.reading import ImageArchive, Layer, read_image_archive
from interfaces.image_archives.writing import plain_archive

__all__ = ["ImageArchive", "Layer", "plain_archive", "read_image_archive"]
