"""`/docs`, which loads nothing from anywhere else."""

import re
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/docs", "text/html"),
        ("/docs/start.js", "text/javascript"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/swagger-ui.css", "text/css"),
    ],
)
async def test_the_page_and_what_it_loads_are_served_from_here(
    shared_world: Any, path: str, kind: str
) -> None:
    answer = await shared_world.client().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_page_names_only_files_that_are_there(shared_world: Any) -> None:
    client = shared_world.client()
    page = (await client.get("/docs")).text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) == 4
    for path in named:
        assert path == "data:," or (await client.get(path)).status_code == 200, path


async def test_every_operation_stands_in_a_chapter_and_none_is_empty(shared_world: Any) -> None:
    document = (await shared_world.client().get("/openapi.json")).json()
    used = [tag for item in document["paths"].values() for each in item.values() for tag in each["tags"]]
    assert set(used) == {tag["name"] for tag in document["tags"]}


@pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2f__init__.py", "x"])
async def test_no_other_file_is_given_away(shared_world: Any, name: str) -> None:
    answer = await shared_world.client().get(f"/docs/{name}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
