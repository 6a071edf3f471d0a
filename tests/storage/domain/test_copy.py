from datetime import UTC, datetime, timedelta

import pytest
from storage.domain.copy import (
    Expected,
    Fault,
    GiveUp,
    Retry,
    admit,
    after_failure,
    file_name,
    give_up_at,
    judge,
    object_key,
)
from storage.domain.links import new_token
from storage.domain.media import FileType, MediaKind, Probe

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
VIDEO = Probe("video", "mp4", "video/mp4", "mp4", "h264", 640, 360, 5000, has_audio=False)


def test_an_object_is_named_after_its_task_and_ends_in_the_claim() -> None:
    assert object_key("t1", 2, 0, 7, "mp4") == "results/t1/2/0-7.mp4"


def test_a_file_is_named_for_the_person_who_downloads_it() -> None:
    assert file_name("task_1", 0, None, "mp4") == "task_1-0.mp4"
    assert file_name("task_1", 1, "last_frame", "png") == "task_1-1-last_frame.png"


def test_two_claims_of_one_result_never_write_the_same_object() -> None:
    assert object_key("t1", 1, 0, 1, "mp4") != object_key("t1", 1, 0, 2, "mp4")


HEADS = {
    "mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00",
    "mov": b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00",
    "m4a": b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00",
    "webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm",
    "mkv": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "gif": b"GIF89a\x01\x00",
    "webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "wav": b"RIFF\x00\x00\x00\x00WAVEfmt ",
    "avi": b"RIFF\x00\x00\x00\x00AVI LIST",
    "mp3": b"\xff\xfb\x90\x64\x00",
    "mp3 with a tag": b"ID3\x04\x00",
    "aac": b"\xff\xf1\x50\x80\x00",
    "flac": b"fLaC\x00",
    "ogg": b"OggS\x00\x02",
    "ts": (b"\x47" + bytes(187)) * 3,
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00",
    "html": b"<!doctype html><html>",
    "playlist": b"#EXTM3U\n#EXTINF:1,\nhttp://10.0.0.1/\n",
    "json": b'{"error": "expired"}',
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg">',
    "srt": b"1\n00:00:00,000 --> 00:00:02,000\nHello\n",
    "srt of windows": b"\xef\xbb\xbf1\r\n00:00:00,000 --> 00:00:02,000\r\nHello\r\n",
    "vtt": b"WEBVTT - a title\n\n00:00.000 --> 00:02.000\nHello\n",
    "glb": b"glTF\x02\x00\x00\x00",
    "words": "Ein Löwe, 一只狮子".encode(),
    "half a character": "一只狮子".encode()[:-1],
    "broken words": b"caf\xe9 au lait",
    "zip": b"PK\x03\x04",
    "empty": b"",
}


@pytest.mark.parametrize(
    ("head", "kind", "content_type", "extension"),
    [
        ("mp4", "video", "video/mp4", "mp4"),
        ("mp4", "audio", "audio/mp4", "m4a"),
        ("m4a", "audio", "audio/mp4", "m4a"),
        ("mov", "video", "video/quicktime", "mov"),
        ("webm", "video", "video/webm", "webm"),
        ("mkv", "video", "video/x-matroska", "mkv"),
        ("avi", "video", "video/x-msvideo", "avi"),
        ("ts", "video", "video/mp2t", "ts"),
        ("png", "image", "image/png", "png"),
        ("jpg", "image", "image/jpeg", "jpg"),
        ("gif", "image", "image/gif", "gif"),
        ("webp", "image", "image/webp", "webp"),
        ("wav", "audio", "audio/wav", "wav"),
        ("mp3", "audio", "audio/mpeg", "mp3"),
        ("mp3 with a tag", "audio", "audio/mpeg", "mp3"),
        ("aac", "audio", "audio/aac", "aac"),
        ("flac", "audio", "audio/flac", "flac"),
        ("ogg", "audio", "audio/ogg", "ogg"),
        ("srt", "subtitle", "application/x-subrip", "srt"),
        ("srt of windows", "subtitle", "application/x-subrip", "srt"),
        ("srt", "text", "application/x-subrip", "srt"),
        ("vtt", "subtitle", "text/vtt", "vtt"),
        ("glb", "mesh", "model/gltf-binary", "glb"),
        ("words", "text", "text/plain", "txt"),
        ("half a character", "text", "text/plain", "txt"),
        ("html", "text", "text/plain", "txt"),
        ("json", "text", "text/plain", "txt"),
    ],
)
def test_the_first_bytes_name_the_file(head: str, kind: MediaKind, content_type: str, extension: str) -> None:
    assert admit(HEADS[head], Expected(kind)) == FileType(content_type, extension)


@pytest.mark.parametrize(
    "head", ["html", "playlist", "json", "svg", "zip", "empty", "heic", "png", "mp3", "m4a"]
)
def test_what_can_be_no_video_is_refused_by_its_first_bytes(head: str) -> None:
    fault = admit(HEADS[head], Expected("video"))
    assert isinstance(fault, Fault)
    assert fault.code == "not_what_it_says"


@pytest.mark.parametrize(
    ("head", "kind"),
    [("html", "subtitle"), ("words", "subtitle"), ("json", "mesh"), ("srt", "video"), ("glb", "text"),
     ("broken words", "text"), ("empty", "text"), ("zip", "text"), ("png", "text"), ("vtt", "mesh")],
)  # fmt: skip
def test_documents_of_another_kind_are_refused_by_their_first_bytes(head: str, kind: MediaKind) -> None:
    fault = admit(HEADS[head], Expected(kind))
    assert isinstance(fault, Fault)
    assert fault.code == "not_what_it_says"


@pytest.mark.parametrize("expected", ["image", "audio"])
def test_a_video_is_neither_image_nor_audio(expected: MediaKind) -> None:
    fault = judge(VIDEO, Expected(expected))
    assert fault is not None
    assert fault.code == "not_what_it_says"


def test_a_video_is_a_video() -> None:
    assert judge(VIDEO, Expected("video")) is None


@pytest.mark.parametrize(
    "probe",
    [
        Probe("video", "mp4", "video/mp4", "mp4", "h264", 640, 360, 0),
        Probe("video", "mp4", "video/mp4", "mp4", "h264", 0, 360, 5000),
        Probe("audio", "mp3", "audio/mpeg", "mp3", "mp3", duration_ms=None),
        Probe("image", "png", "image/png", "png", "png"),
    ],
)
def test_media_without_size_or_duration_will_not_do(probe: Probe) -> None:
    assert judge(probe, Expected(probe.kind)) is not None


def fault(code: str, permanent: bool = False) -> Fault:
    return Fault(code, "words", permanent)


@pytest.mark.parametrize(
    ("code", "permanent", "last_try"),
    [
        ("expired", True, 1),
        ("too_large", True, 1),
        ("address_refused", True, 1),
        ("not_what_it_says", True, 2),
        ("unreadable", True, 2),
        ("probe_crashed", False, 3),
        ("derive_failed", False, 3),
    ],
)
def test_each_fault_has_its_last_try(code: str, permanent: bool, last_try: int) -> None:
    for tries in range(1, last_try):
        assert after_failure(fault(code, permanent), tries, NOW, LATER) == Retry()
    assert after_failure(fault(code, permanent), last_try, NOW, LATER) == GiveUp(code, "words")


@pytest.mark.parametrize("code", ["timeout", "server_error", "interrupted", "object_store_failed"])
def test_a_passing_fault_is_retried_until_the_time_is_up(code: str) -> None:
    assert after_failure(fault(code), 1000, NOW, LATER) == Retry()
    assert after_failure(fault(code), 1, LATER, LATER) == GiveUp(code, "words")


def test_storage_gives_up_twelve_hours_after_the_deadline() -> None:
    assert give_up_at(NOW) == NOW + timedelta(hours=12)


def test_link_tokens_are_long_url_safe_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(token) >= 27 and token.replace("-", "").replace("_", "").isalnum() for token in tokens)
