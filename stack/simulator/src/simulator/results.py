"""What files a job makes, in the words of `render`."""

from simulator.jobs import Job
from simulator.render.spec import FRAME_RATE, ImageSpec, Result, VideoSpec


def one_video(job: Job, image: bytes | None) -> list[Result]:
    """A video as `params` asks, and after it the last frame where that is asked for.

    Reads `duration` (seconds) or `frames`, `audio`, `watermark`, `camera_fixed`, `output_format` and
    `return_last_frame`.
    """
    params = job.params
    width, height = job.size or (0, 0)
    frames = frame_count(job)
    video = VideoSpec(
        width=width, height=height, frames=frames, caption=job.prompt, look=job.look, image=image,
        audio=params["audio"], watermark=params.get("watermark", False),
        still_camera=params.get("camera_fixed", False),
    )  # fmt: skip
    found = [Result("." + params.get("output_format", "mp4"), video)]
    if params.get("return_last_frame"):
        found.append(Result(".png", last_frame(video)))
    return found


def last_frame(video: VideoSpec) -> ImageSpec:
    """The picture that the video ends with, without its watermark."""
    return ImageSpec(
        width=video.width, height=video.height, frame=video.frames - 1, caption=video.caption,
        look=video.look, image=video.image, still_camera=video.still_camera,
    )  # fmt: skip


def frame_count(job: Job) -> int:
    """The video's frames: as asked, or as many as its seconds have."""
    frames = job.params.get("frames")
    return int(frames) if frames else int(job.params["duration"]) * FRAME_RATE
