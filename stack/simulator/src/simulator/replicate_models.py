"""Models on Replicate whose input is checked field by field; any other `owner/name` is taken at its name.

Source: the models' own API pages on replicate.com. A model that the catalog uses belongs here, and a version
of it in `VERSIONS`.
"""

from simulator.open_models import ADDRESS, FLAG, NUMBER, TEXT, WHOLE, Field, OpenModel

MODELS: dict[str, OpenModel] = {
    "black-forest-labs/flux-schnell": OpenModel(
        "image",
        ("prompt",),
        {
            "prompt": TEXT,
            "aspect_ratio": Field(
                "string",
                ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"),
            ),
            "num_outputs": Field("integer", least=1, most=4),
            "num_inference_steps": Field("integer", least=1, most=4),
            "seed": WHOLE,
            "output_format": Field("string", ("webp", "jpg", "png")),
            "output_quality": Field("integer", least=0, most=100),
            "disable_safety_checker": FLAG,
            "go_fast": FLAG,
            "megapixels": Field("string", ("1", "0.25")),
        },
    ),
    "fofr/live-portrait": OpenModel(
        "video",
        ("face_image", "driving_video"),
        {
            "face_image": ADDRESS,
            "driving_video": ADDRESS,
            "video_frame_load_cap": WHOLE,
            "video_select_every_n_frames": WHOLE,
            "live_portrait_dsize": WHOLE,
            "live_portrait_scale": NUMBER,
            "live_portrait_lip_zero": FLAG,
            "live_portrait_relative": FLAG,
            "live_portrait_vx_ratio": NUMBER,
            "live_portrait_vy_ratio": NUMBER,
            "live_portrait_stitching": FLAG,
            "live_portrait_eye_retargeting": FLAG,
            "live_portrait_eyes_retargeting_multiplier": NUMBER,
            "live_portrait_lip_retargeting": FLAG,
            "live_portrait_lip_retargeting_multiplier": NUMBER,
        },
        answer="list",
    ),
    "wan-video/wan-2.2-t2v-fast": OpenModel(
        "video",
        ("prompt",),
        {
            "prompt": TEXT,
            "aspect_ratio": Field("string", ("16:9", "9:16")),
            "num_frames": Field("integer", least=81, most=121),
            "resolution": Field("string", ("480p", "720p")),
            "frames_per_second": Field("integer", least=5, most=30),
            "go_fast": FLAG,
            "sample_shift": NUMBER,
            "seed": WHOLE,
            "optimize_prompt": FLAG,
            "interpolate_output": FLAG,
            "disable_safety_checker": FLAG,
        },
    ),
    "wan-video/wan-2.2-i2v-fast": OpenModel(
        "video",
        ("prompt", "image"),
        {
            "prompt": TEXT,
            "image": ADDRESS,
            "last_image": ADDRESS,
            "num_frames": Field("integer", least=81, most=121),
            "resolution": Field("string", ("480p", "720p")),
            "frames_per_second": Field("integer", least=5, most=30),
            "go_fast": FLAG,
            "sample_shift": NUMBER,
            "seed": WHOLE,
            "interpolate_output": FLAG,
            "disable_safety_checker": FLAG,
        },
    ),
}
VERSIONS: dict[str, str] = {
    "cd7ed192aa7cf6687d77c6494a2027ca1a76d06f524a02f5faee1727280c6a9e": "fofr/live-portrait",
}
"""Version id to `owner/name`, of models that are run by version; others are taken for a video model."""
UNNAMED = "someone/some-video-model"
