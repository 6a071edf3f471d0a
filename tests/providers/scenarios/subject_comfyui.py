"""ComfyUI."""

from providers.job import Submission
from scenarios.subject import Subject

WORKFLOW = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "{prompt}", "clip": ["1", 1]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["1", 1]}},
    "4": {
        "class_type": "EmptyLatentImage",
        "inputs": {"width": "{width}", "height": "{height}", "batch_size": 1},
    },
    "5": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0],
            "seed": "{seed}", "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal",
            "denoise": 1.0,
        },
    },
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "framebus/image"}},
}  # fmt: skip
_GIVEN = {"prompt": "a street", "width": 640, "height": 360, "seed": 1}

SUBJECT = Subject(
    protocol="comfyui",
    serves="workflows on one's own ComfyUI servers",
    provider="comfyui",
    base="/comfyui",
    submission=Submission("sdxl", _GIVEN, "corr-comfyui", template=WORKFLOW),
    invalid=Submission("sdxl", {**_GIVEN, "width": 99_999}, "corr-invalid", template=WORKFLOW),
    unknown_id="00000000-0000-4000-8000-000000000000",
    impossible={
        "moderation": "ComfyUI has no content policy: what a workflow refuses ends as a failure",
        "unknown_model": "the workflow names its models itself, the route's name is only ours",
        "late_webhook": "ComfyUI has no webhooks, only a WebSocket",
    },
)
