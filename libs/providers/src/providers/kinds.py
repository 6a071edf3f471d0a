"""What a result file is, by the end of its name, for protocols that don't say."""

from urllib.parse import urlsplit

from providers.outcomes import OutputKind

_ENDINGS: dict[OutputKind, str] = {
    "video": "mp4 mov webm mkv avi m4v",
    "image": "png jpg jpeg webp gif avif bmp tiff svg",
    "audio": "mp3 wav ogg opus flac aac m4a",
    "subtitle": "srt vtt",
    "mesh": "glb gltf obj ply stl fbx usdz",
    "text": "txt md json",
}
_BY_ENDING = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}


def kind_of_name(name: str) -> OutputKind | None:
    """The kind of a file; None for endings that nobody knows."""
    return _BY_ENDING.get(name.rpartition(".")[2].lower())


def kind_of_url(url: str) -> OutputKind | None:
    """The kind by an address's path, its query aside."""
    return kind_of_name(urlsplit(url).path)
