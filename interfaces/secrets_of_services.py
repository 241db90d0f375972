"""Credentials for the file store and the registry: from a block of Prefect, from settings, or none of ours.

With none of ours, the drivers find what they always do: ``AWS_ACCESS_KEY_ID`` and the like, the login of the docker
command. Blocks are kept by the Prefect server; who reads them is set from outside, since this package knows no Prefect.
They are read when they are needed and never written down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from interfaces.containers.registry import Login
from interfaces.errors import DefinitionError, ServiceUnavailable
from interfaces.secrets import block_reader, remember_secrets
from interfaces.settings import get_settings

_STORAGE_FIELDS = {
    "key": ("access_key_id", "aws_access_key_id"),
    "secret": ("secret_access_key", "aws_secret_access_key"),
    "token": ("session_token", "aws_session_token"),
    "region": ("region", "region_name"),
}
"""What s3fs is told, and how blocks call it: ours, and the AWS credentials of Prefect's own collection."""


def storage_options() -> dict[str, Any]:
    """What to tell the S3 driver of credentials; nothing where no block is named.

    Raises:
        ServiceUnavailable: The Prefect server can't be asked.
        DefinitionError: There is no such block, or it lacks a field.
    """
    block = get_settings().storage.credentials_block
    if block is None:
        return {}
    fields = _fields(block)
    found = {name: _first(fields, names) for name, names in _STORAGE_FIELDS.items()}
    _need(block, found, {"key": "access_key_id", "secret": "secret_access_key"})
    remember_secrets(found["secret"], found["token"])
    region = found.pop("region")
    options: dict[str, Any] = {name: value for name, value in found.items() if value}
    return {**options, **({"client_kwargs": {"region_name": region}} if region else {})}


def registry_login(host: str) -> Login | None:
    """The login for a registry, or None: then that of the docker command is used, if there is one.

    A login of ours is given to the registry that it is for and to no other: that of the setting `registry`, or the one
    that the block names.

    Args:
        host: Host and port.

    Raises:
        ServiceUnavailable: The Prefect server can't be asked.
        DefinitionError: There is no such block, or it lacks a field.
    """
    settings = get_settings()
    ours = settings.registry_login
    own_host = (settings.registry or "").partition("/")[0]
    if ours.block is not None:
        fields = _fields(ours.block)
        found = {"name": _first(fields, ("name", "username")), "password": _first(fields, ("password",))}
        _need(ours.block, found, {"name": "name", "password": "password"})
        own_host = _first(fields, ("registry",)) or own_host
    elif ours.name and ours.password:
        found = {"name": ours.name, "password": ours.password.get_secret_value()}
    else:
        return None
    remember_secrets(found["password"])
    return Login(**found) if host == own_host else None


def login_advice(host: str) -> str:
    """What to do where a registry refuses a login."""
    if registry_login(host) is None:
        return (
            f"run 'docker login {host}' as the user who runs jobs, or, for the registry of COMPONENT_FLOWS_REGISTRY, "
            "set COMPONENT_FLOWS_REGISTRY_LOGIN__NAME and COMPONENT_FLOWS_REGISTRY_LOGIN__PASSWORD"
        )
    block = get_settings().registry_login.block
    if block is not None:
        return f"correct the block '{block}'"
    return "correct COMPONENT_FLOWS_REGISTRY_LOGIN__NAME and COMPONENT_FLOWS_REGISTRY_LOGIN__PASSWORD"


def _fields(block: str) -> Mapping[str, Any]:
    """What a block holds; of one that holds a single value, the JSON object that this is."""
    read: Callable[[str], Mapping[str, Any]] | None = block_reader()
    if read is None:
        raise ServiceUnavailable(f"the block '{block}' is read through Prefect: import 'flows' before it is needed")
    fields = read(block)
    if set(fields) != {"value"}:
        return fields
    value = fields["value"]
    try:
        value = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        value = None
    if not isinstance(value, Mapping):
        raise DefinitionError(f"the block '{block}' holds no JSON object; see docs/how-to/security.md for its fields")
    return value


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(fields[name]) for name in names if fields.get(name)), "")


def _need(block: str, found: Mapping[str, str], names: Mapping[str, str]) -> None:
    missing = [name for key, name in names.items() if not found[key]]
    if missing:
        raise DefinitionError(f"the block '{block}' lacks {' and '.join(missing)}; fill it in, in the Prefect UI")
