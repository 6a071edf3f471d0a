"""Keys, providers and models change without a restart."""

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from catalog.errors import CatalogError
from dispatcher_tools import BASES, SEEDANCE, Dispatcher, requested, until
from runtime.reload import Reloader

pytestmark = pytest.mark.stack


def write(file: Path, secret: str, base: str, **more: Any) -> None:
    entry = {"base_url": base + BASES["ark"], "credentials": [{"id": "main", "secret": secret}], **more}
    file.write_bytes(orjson.dumps({"ark": {"simulated": True, "poll_seconds": 0.2, **entry}}))


def reloader(dispatcher: Dispatcher) -> Reloader:
    return next(part for part in dispatcher.parts if isinstance(part, Reloader))


async def test_a_new_key_in_the_file_takes_the_place_of_a_refused_one(
    dispatcher: Dispatcher, tmp_path: Path
) -> None:
    file = tmp_path / "providers.json"
    write(file, "bad-key", dispatcher.simulator.url)
    await dispatcher.start(providers_file=file, reload_seconds=0.1)
    task = await dispatcher.accept()
    await until(lambda: _deferred(dispatcher, task))
    write(file, "good", dispatcher.simulator.url)
    await until(lambda: _due(dispatcher))
    done = await dispatcher.completed(task)
    assert (done["outcome"], done["credential_id"]) == ("succeeded", "main")


async def test_a_bad_file_keeps_the_old_one_and_says_so(dispatcher: Dispatcher, tmp_path: Path) -> None:
    file = tmp_path / "providers.yaml"
    write(file, "good", dispatcher.simulator.url)
    await dispatcher.start(providers_file=file, reload_seconds=0.05)
    file.write_text("ark:\n  base_url: http://x\n  surprise: 1\n  credentials: [{id: a, secret: sesame}]\n")
    warning = await until(lambda: _warning(dispatcher))
    assert "providers.yaml:3" in warning
    assert "sesame" not in warning
    assert (await dispatcher.completed(await dispatcher.accept()))["credential_id"] == "main"
    write(file, "good", dispatcher.simulator.url)
    await until(lambda: _no_warning(dispatcher))


async def test_a_process_does_not_start_with_a_bad_file(dispatcher: Dispatcher, tmp_path: Path) -> None:
    file = tmp_path / "providers.yaml"
    file.write_text("ark: [")
    with pytest.raises(CatalogError, match=r"providers\.yaml:1"):
        await dispatcher.start(providers_file=file)


async def test_a_hangup_reads_files_that_did_not_change(dispatcher: Dispatcher, tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    write(file, "good", dispatcher.simulator.url)
    await dispatcher.start(providers_file=file, reload_seconds=3600)
    file.write_text("nonsense")
    reloader(dispatcher).now()
    assert await until(lambda: _warning(dispatcher))


async def test_limits_that_are_new_hold(dispatcher: Dispatcher, tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    write(file, "good", dispatcher.simulator.url)
    await dispatcher.start(providers_file=file, reload_seconds=0.05)
    write(file, "good", dispatcher.simulator.url, max_concurrent=1)
    await until(lambda: _slots(dispatcher))
    tasks = [await dispatcher.accept(f"street {n}") for n in range(3)]
    for task in tasks:
        assert (await dispatcher.completed(task))["outcome"] == "succeeded"


async def test_a_model_that_is_new_in_the_directory_is_served(dispatcher: Dispatcher, tmp_path: Path) -> None:
    directory = tmp_path / "catalog"
    shutil.copytree(str(files("catalog")), directory, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    await dispatcher.start(catalog_directory=directory, reload_seconds=0.05)
    request = requested(model="brand-new")
    await dispatcher.apply(request)
    file = yaml.safe_load((directory / "models" / f"{SEEDANCE}.yaml").read_text("utf-8"))
    (directory / "models" / "brand-new.yaml").write_text(yaml.safe_dump({**file, "slug": "brand-new"}))
    await until(lambda: _knows(dispatcher, "brand-new"))
    task = await dispatcher.accept(model="brand-new")
    assert (await dispatcher.completed(task))["model"] == "brand-new"


async def test_the_providers_price_of_an_attempt_is_kept_and_said(
    dispatcher: Dispatcher, tmp_path: Path
) -> None:
    directory = tmp_path / "catalog"
    shutil.copytree(str(files("catalog")), directory, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = directory / "models" / f"{SEEDANCE}.yaml"
    file = yaml.safe_load(path.read_text("utf-8"))
    for route in file["routes"]:
        route["cost"] = [{"kind": "per_second", "micro": 1000}]
    path.write_text(yaml.safe_dump(file))
    await dispatcher.start(catalog_directory=directory)
    task = await dispatcher.accept()
    assert (await dispatcher.completed(task))["cost_micro"] == 5000
    assert [each["cost_micro"] for each in await dispatcher.attempts(task)] == [5000]
    free = await dispatcher.accept(asset="test")
    assert (await dispatcher.completed(free))["cost_micro"] is None


async def _deferred(dispatcher: Dispatcher, task: Any) -> bool:
    return [each["error_class"] for each in await dispatcher.attempts(task)] == ["credentials"]


async def _due(dispatcher: Dispatcher) -> bool:
    await dispatcher.db.pool.execute("UPDATE work SET due_at = now() WHERE NOT leased")
    found = await dispatcher.db.pool.fetchval("SELECT count(*) FROM attempts WHERE status <> 'deferred'")
    return bool(found)


async def _warning(dispatcher: Dispatcher) -> str | None:
    return reloader(dispatcher).warning()


async def _no_warning(dispatcher: Dispatcher) -> bool:
    return reloader(dispatcher).warning() is None


async def _slots(dispatcher: Dispatcher) -> bool:
    return bool(await dispatcher.db.pool.fetchval("SELECT count(*) FROM slots"))


async def _knows(dispatcher: Dispatcher, slug: str) -> bool:
    desk = dispatcher.workers[0]._handle._desk  # type: ignore[attr-defined]
    return slug in desk.catalog.models
