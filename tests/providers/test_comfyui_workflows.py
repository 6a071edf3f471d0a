"""The catalog's workflows, as the ComfyUI adapter sends them, before the simulated ComfyUI's own checks."""

from dataclasses import replace

import orjson
import pytest
from catalog.catalog import Catalog
from catalog.routes import Route
from providers.adapter import adapter
from providers.job import Credential, Submission
from simulator.comfyui_graph import Graph

MEDIA = {
    "image_url": "https://host.invalid/i.png",
    "end_image_url": "https://host.invalid/e.png",
    "video_url": "https://host.invalid/v.mp4",
    "audio_url": "https://host.invalid/a.mp3",
}
MODELS = Catalog.load().models
ROUTES = [
    pytest.param(slug, route, id=f"{slug}-{n}")
    for slug, model in MODELS.items()
    for n, route in enumerate(model.routes)
    if route.protocol == "comfyui"
]


@pytest.mark.parametrize(("slug", "route"), ROUTES)
def test_every_workflow_of_the_catalog_is_taken_with_its_uploads(slug: str, route: Route) -> None:
    given = MODELS[slug].with_defaults({"prompt": "a street", **MEDIA})
    spoken, base, key = adapter("comfyui"), "http://h:8188", Credential("c", "")
    bare = Submission(route.model, given, "corr", options=route.options, template=route.template)
    ready = replace(bare, fetched={url: ("image/png", url.encode()) for url in spoken.inputs_to_fetch(bare)})
    sent = orjson.loads(spoken.submit(base, key, ready).body)
    uploads = b"".join(each.body for each in spoken.prepare(base, key, ready))

    def uploaded(name: str) -> bool:
        folder, _, file = name.rpartition("/")
        return folder == "framebus" and file.encode() in uploads

    graph = Graph(sent["prompt"], uploaded)
    assert graph.node_errors == {}
    assert graph.outputs
