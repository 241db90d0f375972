"""Blocks of Prefect for what is secret: a person fills them in once, in the Prefect UI, and settings name them.

``prefect block register --module flows.blocks`` makes their types known to a server. Their secrets are encrypted in the
server's database, hidden in its pages, and never part of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from pydantic import Field, SecretStr

from flows.server import client_settings, ensure_server
from interfaces.errors import DefinitionError, ServiceUnavailable


class StorageCredentials(Block):
    """Keys of the S3 server that the file store is on; the setting `storage.credentials_block` names it."""

    _block_type_name = "Component-flows storage credentials"
    _block_type_slug = "component-flows-storage"
    _description = "Keys of the S3 server that the file store of component-flows is on."

    access_key_id: str = Field(description="Id of the access key.")
    secret_access_key: SecretStr = Field(description="The secret of the access key.")
    session_token: SecretStr | None = Field(None, description="For keys that hold for a while only.")
    region: str | None = Field(None, description="Region of the bucket.")


class RegistryCredentials(Block):
    """Login of a registry of container images; the setting `registry_login.block` names it."""

    _block_type_name = "Component-flows registry credentials"
    _block_type_slug = "component-flows-registry"
    _description = "Login of a registry of container images that component-flows pulls from and pushes to."

    name: str = Field(description="The user's name.")
    password: SecretStr = Field(description="The user's password, or a token.")
    registry: str | None = Field(
        None, description="Host and port of the registry; unless given, that of the setting `registry`."
    )


def read_block(name: str) -> Mapping[str, Any]:
    """What a block holds, its secrets included.

    Args:
        name: ``type/name``, such as ``component-flows-storage/site`` or ``secret/registry``.

    Raises:
        DefinitionError: There is none.
        ServiceUnavailable: The Prefect server can't be reached.
    """
    kind, _, own = name.partition("/")
    if not kind or not own:
        raise DefinitionError(
            f"'{name}' names no block; write its type and its name, as in component-flows-storage/site"
        )
    with client_settings(ensure_server()), get_client(sync_client=True) as client:
        try:
            document = client.read_block_document_by_name(own, kind, include_secrets=True)
        except ObjectNotFound as error:
            raise DefinitionError(
                f"the Prefect server has no block '{name}'; make it in the Prefect UI, or with flows.blocks"
            ) from error
        except httpx.HTTPError as error:
            raise ServiceUnavailable(f"the block '{name}' can't be read from the Prefect server: {error}") from error
    return document.data
