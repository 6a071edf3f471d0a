from typing import Any

import pytest
from providers import results
from providers.outcomes import Output

U = "https://host/file"


@pytest.mark.parametrize(
    ("answer", "kind", "role"),
    [
        ({"video": {"url": U, "content_type": "video/mp4"}}, "video", None),
        ({"images": [{"url": U}]}, "image", None),
        ({"audio_file": {"url": f"{U}.wav", "content_type": "application/octet-stream"}}, "audio", None),
        ({"model_mesh": {"url": f"{U}.glb"}}, "mesh", None),
        ({"model_mesh": {"url": U, "content_type": "model/gltf-binary"}}, "mesh", None),
        ({"last_frame": {"url": U}}, "image", "last_frame"),
        ({"thumbnail_url": U}, "image", "thumbnail_url"),
        ({"srt_file": f"{U}.srt"}, "subtitle", "srt_file"),
        (f"{U}.webp?x=1.mp4", "image", None),
        (U, "video", None),
    ],
)
def test_a_files_kind_is_its_type_else_its_ending_else_its_name(answer: Any, kind: str, role: str) -> None:
    (found,) = results.outputs(answer)
    assert (found.kind, found.role) == (kind, role)


def test_every_file_counts_once_and_inputs_do_not() -> None:
    answer = {
        "video": {"url": U + ".mp4"},
        "videos": [U + ".mp4", U + "2.mp4"],
        "input": {"image": U + ".png"},
    }
    assert [each.url for each in results.outputs(answer)] == [U + ".mp4", U + "2.mp4"]


def test_heard_words_become_text_and_subtitles() -> None:
    answer = {
        "text": "Good morning. Bye.",
        "chunks": [
            {"timestamp": [0, 1.5], "text": " Good\nmorning."},
            {"timestamp": [3661.25, None], "text": "Bye."},
            {"timestamp": "no", "text": "lost"},
        ],
    }
    subtitles, text = results.outputs(answer)
    assert subtitles == Output("subtitle", None, "", "application/x-subrip", content=subtitles.content)
    assert subtitles.content == (
        b"1\n00:00:00,000 --> 00:00:01,500\nGood morning.\n\n2\n01:01:01,250 --> 01:01:02,250\nBye.\n"
    )
    assert (text.kind, text.content) == ("text", b"Good morning. Bye.")


def test_segments_with_start_and_end_are_lines_too() -> None:
    answer = {"segments": [{"start": 0, "end": 2.5, "text": "a"}], "transcription": "a"}
    assert [each.kind for each in results.outputs(answer)] == ["subtitle", "text"]


@pytest.mark.parametrize(
    "answer", [None, {}, [], 7, {"seed": 1}, "", ["", ""], {"text": " "}, {"url": "ftp://x"}]
)
def test_nothing_is_nothing(answer: Any) -> None:
    assert results.outputs(answer) == ()


def test_streamed_words_are_one_text() -> None:
    (found,) = results.outputs(["Good ", "day"])
    assert (found.kind, found.content) == ("text", b"Good day")
