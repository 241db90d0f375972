"""Files at an fsspec URL: an S3 bucket, or a folder that machines share. Its faults are told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import fsspec

from interfaces.errors import ServiceUnavailable
from interfaces.secrets_of_services import storage_options
from interfaces.settings_storage import StorageSettings

_EXTRAS = {"s3": "s3", "s3a": "s3"}
"""By protocol, the extra of this project that brings its driver."""

_AWAY = {
    *("ConnectionError", "EndpointConnectionError", "HTTPClientError", "ClientError", "TimeoutError"),
    *("FSTimeoutError", "ClientConnectionError", "gaierror", "ResponseParserError"),
}
"""Names of the errors of botocore, aiohttp, fsspec and Python that say that a server does not answer as one."""

_REFUSED = {"PermissionError", "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}


class RemoteStore:
    """A folder at an fsspec URL. Whoever looks sees a file whole or not at all, also where its writer is killed.

    Args:
        url: Where it is (``s3://bucket/prefix``).
        settings: The server's address, and how patient to be. Credentials are not among them: they come from the block
            that is named there, else the driver finds them where it always does (``AWS_ACCESS_KEY_ID``,
            ``AWS_PROFILE``, the machine's role).

    Raises:
        ServiceUnavailable: The driver is not installed, or the URL can't be read.
    """

    def __init__(self, url: str, settings: StorageSettings) -> None:
        self._url = url
        protocol = url.partition("://")[0] if "://" in url else "file"
        self._is_s3 = protocol in _EXTRAS
        self._endpoint = settings.endpoint_url
        self._block = settings.credentials_block
        options = {**_s3_options(settings), **storage_options()} if self._is_s3 else {}
        try:
            self._files, self._root = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            extra = _EXTRAS.get(protocol)
            how = f"pip install 'component-flows[{extra}]'" if extra else f"the fsspec driver of '{protocol}'"
            raise ServiceUnavailable(
                f"the file store at {self} needs a package that is not installed ({error}); install {how}"
            ) from error
        except (ValueError, OSError) as error:
            raise ServiceUnavailable(f"the file store at {self} can't be opened: {error}") from error
        # An object store shows an object when all of it is there; in a folder it has to be put under its name at once.
        self._renames = "file" in self._protocols()

    def _protocols(self) -> tuple[str, ...]:
        protocol = self._files.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)

    def __str__(self) -> str:
        """Where it is, without what a URL may hold of a password."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else self._url

    def size(self, name: str) -> int | None:
        """A file's size in bytes; None where there is no such file.

        Raises:
            ServiceUnavailable: The store can't be asked.
        """
        with self._told(f"say whether it has {name}"):
            try:
                return int(self._files.info(self._address(name))["size"])
            except FileNotFoundError:
                return None

    def put(self, local: Path, name: str) -> None:
        """Write a file.

        Raises:
            ServiceUnavailable: The store did not take it; nothing of it is to be seen there.
        """
        with self._told(f"take {name}"):
            if not self._renames:
                self._files.put_file(str(local), self._address(name))
                return
            incoming = self._address(f"incoming/{uuid4().hex}")
            for address in (incoming, self._address(name)):
                self._files.makedirs(address.rpartition("/")[0], exist_ok=True)
            try:
                self._files.put_file(str(local), incoming)
                self._files.mv(incoming, self._address(name))
            except BaseException:
                if self._files.exists(incoming):
                    self._files.rm_file(incoming)
                raise

    def get(self, name: str, local: Path) -> None:
        """Read a file into one of this machine.

        Raises:
            FileNotFoundError: There is no such file.
            ServiceUnavailable: The store does not deliver it.
        """
        if self.size(name) is None:
            raise FileNotFoundError(f"the file store at {self} has no {name}")
        with self._told(f"deliver {name}"):
            self._files.get_file(self._address(name), str(local))

    def remove(self, name: str) -> None:
        """Remove a file.

        Raises:
            ServiceUnavailable: The store refuses it, or has no such file.
        """
        with self._told(f"remove {name}"):
            self._files.rm_file(self._address(name))

    def _address(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        # Drivers raise what they like: errors of botocore and aiohttp are no OSErrors.
        try:
            yield
        except Exception as error:
            raise ServiceUnavailable(f"the file store at {self} can't {what}: {self._why(error)}") from error

    def _why(self, error: Exception) -> str:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if kinds & _REFUSED:
            if self._block is not None:
                return f"it refuses the credentials ({error}); correct the block '{self._block}' of the Prefect server"
            return (
                f"it refuses the credentials ({error}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                "AWS_PROFILE, to those of somebody who may read and write there"
            )
        if self._is_s3 and isinstance(error, FileNotFoundError):
            bucket = str(self._root).partition("/")[0]
            return f"there is no bucket '{bucket}'; make it, or correct COMPONENT_FLOWS_STORAGE_URL"
        if kinds & _AWAY:
            return f"it does not answer ({error}); see that its server runs and can be reached from this machine"
        return str(error) or type(error).__name__


def _s3_options(settings: StorageSettings) -> dict[str, Any]:
    return {
        **({"endpoint_url": settings.endpoint_url} if settings.endpoint_url else {}),
        "config_kwargs": {
            # The first try is one of them; in between botocore waits, longer each time, 20 s at most.
            "retries": {"mode": "standard", "total_max_attempts": settings.attempts},
            "connect_timeout": settings.timeout_s,
            "read_timeout": settings.timeout_s,
        },
        # What other machines have written is to be seen at once.
        "use_listings_cache": False,
    }
