"""OpenAI's speech and transcriptions below `/openai/v1/audio` (providers.md 2.3, 2.4)."""

from pathlib import Path
from typing import Any

from simulator.files import TYPES
from simulator.inputs import MediaInput
from simulator.jobs import Job
from simulator.openai_part import Part, result_or_error
from simulator.openai_shape import Fields, invalid, no_such_model
from simulator.render import subtitle
from simulator.render.spec import AudioSpec, Result, SubtitleSpec, speech_seconds
from simulator.web import ProviderError, reply
from starlette.requests import Request
from starlette.responses import Response

SPEAKERS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer",
    "verse",
)  # fmt: skip
SOUNDS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
FORMATS = {
    "whisper-1": ("json", "text", "srt", "verbose_json", "vtt"),
    "gpt-4o-transcribe": ("json", "text"),
    "gpt-4o-mini-transcribe": ("json", "text"),
    "gpt-4o-transcribe-diarize": ("json", "text", "diarized_json"),
    "gpt-transcribe": ("json", "text"),
}
"""What each model can answer with."""
SUFFIXES = (".flac", ".m4a", ".mp3", ".mp4", ".mpeg", ".mpga", ".oga", ".ogg", ".wav", ".webm")
MAX_BYTES = 25 * 1024 * 1024
_SPEECH = ("input", "model", "voice", "instructions", "response_format", "speed", "stream_format")
_TRANSCRIPTION = (
    "file", "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities",
    "include", "chunking_strategy",
)  # fmt: skip


class Speech(Part):
    """Text to sound."""

    kind = "speech"
    prefix = ("speech_", 24)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """The spoken text."""
        del image
        seconds = speech_seconds(job.prompt, job.params["speed"])
        spec = AudioSpec(seconds=seconds, look=job.look, text=job.prompt)
        return [Result("." + job.params["response_format"], spec)]

    def usage(self, job: Job) -> dict[str, object]:
        """The answer says nothing; the price list counts characters and seconds."""
        return {
            "characters": len(job.prompt),
            "seconds": speech_seconds(job.prompt, job.params["speed"]),
        }

    async def create(self, request: Request) -> Response:
        """POST /audio/speech: the bytes."""
        return await self.take(request, lambda given: self.make(request, given), self._answer)

    def make(self, request: Request, given: Fields) -> Job:
        """A new job."""
        given.only(_SPEECH)
        model = given.text("model")
        if model not in SPEAKERS:
            raise no_such_model(model)
        text = given.text("input", limit=4096)
        given.choice("stream_format", ("audio",), "audio")
        params = {
            "voice": _voice(given),
            "response_format": given.choice("response_format", SOUNDS, "mp3"),
            "speed": given.number("speed", 0.25, 4.0, 1.0), "instructions": given.text("instructions", ""),
        }  # fmt: skip
        return self.job(request, model, text, params, look=str(params["voice"]))

    def _answer(self, job: Job) -> Response:
        result_or_error(job)
        data = self.files.read(job.files[0], "openai") or b""
        return Response(data, media_type=TYPES[Path(job.files[0]).suffix])


class Transcriptions(Part):
    """Sound to text. Nothing is kept as a file: the lines are the answer."""

    kind = "transcription"
    prefix = ("trans_", 24)

    def results(self, job: Job, image: bytes | None) -> list[Result]:
        """None; how long the sound is, is noted for the answer. What is no sound fails."""
        del image
        job.params["seconds"] = job.inputs[0].seconds
        return []

    def usage(self, job: Job) -> dict[str, object]:
        """Seconds, rounded up."""
        return {"type": "duration", "seconds": -int(-(job.params["seconds"] or 0.0) // 1)}

    async def create(self, request: Request) -> Response:
        """POST /audio/transcriptions."""
        return await self.take(request, lambda given: self.make(request, given), self._answer)

    def make(self, request: Request, given: Fields) -> Job:
        """A new job."""
        given.only(_TRANSCRIPTION)
        model = given.text("model")
        if model not in FORMATS:
            raise no_such_model(model)
        params = {
            "language": given.text("language", "en"),
            "response_format": given.choice("response_format", FORMATS[model], "json"),
            "temperature": given.number("temperature", 0, 1, 0),
            "words": "word" in _listed(given, "timestamp_granularities"),
        }  # fmt: skip
        sound = _sound(given)
        return self.job(request, model, given.text("prompt", ""), params, look=sound.url, inputs=[sound])

    def _answer(self, job: Job) -> Response:
        result_or_error(job)
        if job.params["seconds"] is None:
            text = "Audio file might be corrupted or unsupported"
            raise ProviderError(400, "invalid_value", text, param="file")
        spec = SubtitleSpec(seconds=job.params["seconds"], look=job.look, language=job.params["language"])
        wanted = job.params["response_format"]
        if wanted in ("srt", "vtt", "text"):
            suffix = {"srt": ".srt", "vtt": ".vtt", "text": ".txt"}[wanted]
            return Response(subtitle.subtitle(spec, suffix), media_type="text/plain")
        return reply(_document(job, spec))


def _document(job: Job, spec: SubtitleSpec) -> dict[str, Any]:
    wanted = job.params["response_format"]
    if wanted == "json":
        return {"text": subtitle.plain(spec), "usage": job.usage}
    if wanted == "diarized_json":
        return _diarized(spec, job)
    document = subtitle.verbose(spec) | {"usage": job.usage}
    if job.params["words"]:
        document["words"] = subtitle.words(spec)
    return document


def _diarized(spec: SubtitleSpec, job: Job) -> dict[str, Any]:
    segments = [
        {
            "type": "transcript.text.segment", "id": f"seg_{number}", "start": cue.start, "end": cue.end,
            "text": cue.text, "speaker": "AB"[number % 2],
        }
        for number, cue in enumerate(subtitle.cues(spec))
    ]  # fmt: skip
    return {
        "task": "transcribe", "duration": round(spec.seconds, 2), "text": subtitle.plain(spec),
        "segments": segments, "usage": job.usage,
    }  # fmt: skip


def _voice(given: Fields) -> str:
    """A name, or `{id}` of a voice of one's own."""
    value = given.given.get("voice")
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return str(value["id"])
    return given.choice("voice", VOICES)


def _sound(given: Fields) -> MediaInput:
    uploads = given.uploads("file")
    if not uploads:
        raise invalid("file", "Missing required parameter: 'file'.", "missing_required_parameter")
    if Path(uploads[0].filename).suffix.lower() not in SUFFIXES:
        names = ", ".join(f"'{each[1:]}'" for each in SUFFIXES)
        raise invalid("file", f"Invalid file format. Supported formats: [{names}]", "invalid_value")
    if len(uploads[0].data) > MAX_BYTES:
        raise ProviderError(413, "", f"Maximum content size limit ({MAX_BYTES}) exceeded.", param="file")
    return MediaInput("audio", uploads[0].filename, uploads[0].data)


def _listed(given: Fields, name: str) -> list[str]:
    value = given.given.get(name, [])
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
