"""Credentials in blocks of the Prefect server, for a registry that wants a login and a store that checks keys."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from uuid import uuid4

import boto3
import pytest
from image_archives import SavedImage, entry, tar
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from programs import call
from registries import running_registry
from s3_server import running_s3

from flows.blocks import RegistryCredentials, StorageCredentials
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces.containers.docker_engine import DockerEngine
from interfaces.containers.registry import may_pass
from interfaces.errors import DefinitionError, EngineError, ServiceUnavailable
from interfaces.secrets import without_secrets
from interfaces.settings import get_settings
from interfaces.storage.remote_store import RemoteStore

PASSWORD = "hunter2-registry"
BCRYPTED = "$2b$05$TwEVPeT.odZFmek45j526OGO/DUPxRFoURllW6Kb5f4ER.iqKitfm"
WRONG = "Wr0ng+Pass/word"

pytestmark = pytest.mark.engine


@pytest.fixture
def choose(home, monkeypatch):
    def choose(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(f"COMPONENT_FLOWS_{name}", value)
        get_settings.cache_clear()

    yield choose
    monkeypatch.undo()
    get_settings.cache_clear()


def saved(block: Block) -> str:
    """Save a block as a person would in the UI; gives the name that settings have."""
    name = f"block-{uuid4().hex}"

    async def save() -> None:
        await block.asave(name)

    with client_settings(ensure_server()):
        asyncio.run(save())
    return f"{type(block).get_block_type_slug()}/{name}"


@pytest.fixture
def locked(tmp_path):
    """A registry that wants a login."""
    (tmp_path / "users").write_text(f"tester:{BCRYPTED}\n")
    with running_registry(tmp_path / "locked", users=tmp_path / "users") as host:
        yield host


@contextmanager
def tiny_image(engine: DockerEngine):
    saved_image = SavedImage(layers=[tar([entry("content", uuid4().bytes)])])
    engine.load([tar(saved_image.old_layout())], name="an archive")
    engine.tag(saved_image.id, name := f"component-flows-test:{uuid4().hex}")
    yield saved_image.id
    engine.remove_image(name)


def test_a_registry_takes_the_login_of_a_block_or_of_the_settings(locked, choose, tmp_path):
    choose(REGISTRY=f"{locked}/images")
    with DockerEngine.connect() as engine, tiny_image(engine) as image:
        for own, block in enumerate(
            [
                RegistryCredentials(name="tester", password=PASSWORD),
                RegistryCredentials(name="tester", password=PASSWORD, registry=locked),
                Secret(value={"name": "tester", "password": PASSWORD}),
                None,
            ]
        ):
            if block is not None:
                choose(REGISTRY_LOGIN__BLOCK=saved(block))
            else:
                get_settings.cache_clear()
                pytest.MonkeyPatch().delenv("COMPONENT_FLOWS_REGISTRY_LOGIN__BLOCK")
                choose(REGISTRY_LOGIN__NAME="tester", REGISTRY_LOGIN__PASSWORD=PASSWORD)
            pinned = engine.push(image, repository=f"{locked}/images/name-{own}", tag="1")
            engine.remove_image(pinned)
            assert engine.pull(pinned).id == image
            assert engine.remove_from_registry(pinned)
            engine.remove_image(pinned)


def test_a_wrong_login_is_one_sentence_that_says_where_it_is_from(locked, choose):
    choose(REGISTRY=locked, REGISTRY_LOGIN__NAME="tester", REGISTRY_LOGIN__PASSWORD=WRONG)
    block = saved(RegistryCredentials(name="tester", password=WRONG))
    with DockerEngine.connect() as engine, tiny_image(engine) as image:
        for more, advice in (
            ({}, "correct COMPONENT_FLOWS_REGISTRY_LOGIN__NAME and COMPONENT_FLOWS_REGISTRY_LOGIN__PASSWORD"),
            ({"REGISTRY_LOGIN__BLOCK": block}, f"correct the block '{block}'"),
        ):
            choose(**more)
            for ask in (
                lambda: engine.push(image, repository=f"{locked}/name", tag="1"),
                lambda: engine.pull(f"{locked}/name:1"),
            ):
                with pytest.raises(EngineError, match=f"the registry at {locked} refuses our login") as caught:
                    ask()
                assert str(caught.value).endswith(advice)
                assert WRONG not in str(caught.value)
                assert not may_pass(caught.value)


def test_a_login_goes_to_its_own_registry_only(locked, choose, tmp_path):
    choose(REGISTRY="registry.example/images", REGISTRY_LOGIN__NAME="tester", REGISTRY_LOGIN__PASSWORD=PASSWORD)
    with (
        DockerEngine.connect() as engine,
        pytest.raises(EngineError, match=f"'docker login {locked}' as the user who runs jobs"),
    ):
        engine.pull(f"{locked}/name:1")


def test_a_store_takes_the_keys_of_a_block(choose, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with running_s3(tmp_path) as server:
        region = "us-east-1"
        admin = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests", "region_name": region}
        boto3.client("s3", endpoint_url=server.endpoint, **admin).create_bucket(Bucket="files")
        users = boto3.client("iam", endpoint_url=server.endpoint, **admin)
        users.create_user(UserName="site")
        everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        users.put_user_policy(UserName="site", PolicyName="everything", PolicyDocument=everything)
        key = users.create_access_key(UserName="site")["AccessKey"]
        server.check_keys(True)
        good = StorageCredentials(
            access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"], region=region
        )
        bad = StorageCredentials(access_key_id="AKIANOBODY", secret_access_key=WRONG, region=region)
        (tmp_path / "file").write_text("content")

        choose(STORAGE__ENDPOINT_URL=server.endpoint, STORAGE__CREDENTIALS_BLOCK=saved(good))
        store = RemoteStore("s3://files/site", get_settings().storage)
        store.put(tmp_path / "file", "one")
        assert store.size("one") == 7

        choose(STORAGE__CREDENTIALS_BLOCK=(block := saved(bad)))
        with pytest.raises(ServiceUnavailable, match=f"correct the block '{block}' of the Prefect server") as caught:
            RemoteStore("s3://files/site", get_settings().storage).put(tmp_path / "file", "two")
        assert WRONG not in str(caught.value)


def test_a_block_that_is_missing_or_lacks_something_is_named(choose):
    from interfaces.secrets_of_services import storage_options

    for block, why in (
        ("component-flows-storage/nobody-made-it", "the Prefect server has no block 'component-flows-storage/nobody-m"),
        (saved(Secret(value="just a text")), "holds no JSON object"),
        (saved(Secret(value={"access_key_id": "x"})), "lacks secret_access_key"),
    ):
        choose(STORAGE__CREDENTIALS_BLOCK=block)
        with pytest.raises(DefinitionError, match=why):
            storage_options()


def test_what_was_read_is_taken_out_of_texts_from_then_on(choose):
    from interfaces.secrets_of_services import registry_login

    secret = f"planted/{uuid4().hex}"
    choose(REGISTRY="registry.example", REGISTRY_LOGIN__BLOCK=saved(RegistryCredentials(name="n", password=secret)))
    assert without_secrets(f"denied: {secret}") == f"denied: {secret}"
    assert registry_login("registry.example").password == secret
    assert registry_login("other.example") is None
    assert without_secrets(f"denied: {secret} {secret.replace('/', '%2F')}") == "denied: *** ***"


def test_half_a_login_is_refused(choose):
    told = call("jobs", COMPONENT_FLOWS_REGISTRY_LOGIN__PASSWORD=WRONG)
    assert told.returncode == 2
    assert "registry_login.name and registry_login.password, one is set without the other" in told.stderr
    assert WRONG not in told.stderr
