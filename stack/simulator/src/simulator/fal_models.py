"""Models on fal whose input is checked field by field; any other `owner/app/…` is taken at its name.

Source: the models' own API pages on fal.ai. A model that the catalog uses belongs here.
"""

from simulator.open_models import ADDRESS, FLAG, NUMBER, TEXT, WHOLE, Field, OpenModel

_SIZE = Field("any")
_IMAGE = {
    "prompt": TEXT,
    "image_size": _SIZE,
    "num_inference_steps": Field("integer", least=1, most=50),
    "seed": WHOLE,
    "guidance_scale": NUMBER,
    "sync_mode": FLAG,
    "num_images": Field("integer", least=1, most=4),
    "enable_safety_checker": FLAG,
    "output_format": Field("string", ("jpeg", "png")),
    "acceleration": Field("string", ("none", "regular", "high")),
}
_WAN = {
    "prompt": TEXT,
    "negative_prompt": TEXT,
    "seed": WHOLE,
    "num_frames": Field("integer", least=17, most=161),
    "frames_per_second": Field("integer", least=4, most=60),
    "resolution": Field("string", ("480p", "580p", "720p")),
    "aspect_ratio": Field("string", ("16:9", "9:16", "1:1", "auto")),
    "num_inference_steps": WHOLE,
    "guidance_scale": NUMBER,
    "guidance_scale_2": NUMBER,
    "shift": NUMBER,
    "enable_safety_checker": FLAG,
    "enable_output_safety_checker": FLAG,
    "enable_prompt_expansion": FLAG,
    "acceleration": TEXT,
    "interpolator_model": TEXT,
    "num_interpolated_frames": WHOLE,
    "adjust_fps_for_interpolation": FLAG,
    "video_quality": TEXT,
    "video_write_mode": TEXT,
}

_PICTURE = {
    "prompt": TEXT,
    "guidance_scale": Field("number", least=0, most=20),
    "seed": WHOLE,
    "num_inference_steps": Field("integer", least=4, most=50),
    "image_size": _SIZE,
    "num_images": Field("integer", least=1, most=4),
    "acceleration": Field("string", ("none", "regular", "high")),
    "enable_prompt_expansion": FLAG,
    "sync_mode": FLAG,
    "enable_safety_checker": FLAG,
    "output_format": Field("string", ("jpeg", "png", "webp")),
}
_MUSIC = {
    "prompt": TEXT,
    "instrumental": FLAG,
    "duration": Field("number", least=5, most=240),
    "number_of_steps": WHOLE,
    "seed": WHOLE,
    "scheduler": TEXT,
    "guidance_type": TEXT,
    "granularity_scale": WHOLE,
    "guidance_interval": NUMBER,
    "guidance_interval_decay": NUMBER,
    "guidance_scale": NUMBER,
    "minimum_guidance_scale": NUMBER,
    "tag_guidance_scale": NUMBER,
    "lyric_guidance_scale": NUMBER,
}

_VOICE = {"prompt": TEXT, "voice": TEXT, "speed": Field("number", least=0.1, most=5)}

MODELS: dict[str, OpenModel] = {
    "fal-ai/kokoro/american-english": OpenModel("speech", ("prompt",), _VOICE),
    "fal-ai/kokoro/british-english": OpenModel("speech", ("prompt", "voice"), _VOICE),
    "fal-ai/flux-2": OpenModel("image", ("prompt",), _PICTURE),
    "fal-ai/flux-2/edit": OpenModel(
        "image", ("prompt", "image_urls"), {**_PICTURE, "image_urls": Field("array")}
    ),
    "fal-ai/flux-2/klein/9b": OpenModel("image", ("prompt",), _PICTURE),
    "fal-ai/ace-step/prompt-to-audio": OpenModel("music", ("prompt",), _MUSIC),
    "fal-ai/hunyuan3d/v2": OpenModel(
        "mesh",
        ("input_image_url",),
        {
            "input_image_url": ADDRESS,
            "seed": WHOLE,
            "num_inference_steps": Field("integer", least=1, most=50),
            "guidance_scale": Field("number", least=0, most=20),
            "octree_resolution": Field("integer", least=1, most=1024),
            "textured_mesh": FLAG,
        },
    ),
    "fal-ai/flux/dev": OpenModel("image", ("prompt",), _IMAGE),
    "fal-ai/flux/schnell": OpenModel("image", ("prompt",), _IMAGE),
    "fal-ai/wan/v2.2-a14b/text-to-video": OpenModel("video", ("prompt",), _WAN),
    "fal-ai/wan/v2.2-a14b/image-to-video": OpenModel(
        "video", ("prompt", "image_url"), {**_WAN, "image_url": ADDRESS, "end_image_url": ADDRESS}
    ),
    "fal-ai/whisper": OpenModel(
        "subtitles",
        ("audio_url",),
        {
            "audio_url": ADDRESS,
            "task": Field("string", ("transcribe", "translate")),
            "language": TEXT,
            "diarize": FLAG,
            "chunk_level": Field("string", ("none", "segment", "word")),
            "version": TEXT,
            "batch_size": WHOLE,
            "prompt": TEXT,
            "num_speakers": WHOLE,
        },
    ),
}
