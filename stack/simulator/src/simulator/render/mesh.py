"""A small binary glTF 2.0: a vessel turned on a lathe. Source: the glTF 2.0 specification, 3 and 4."""

import hashlib
import json
import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simulator.render.spec import MeshSpec

_RINGS, _SIDES = 24, 32
_FLOAT, _UNSIGNED_SHORT = 5126, 5123
_VERTICES, _INDICES = 34962, 34963
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942


def glb(spec: MeshSpec) -> bytes:
    """The file: a header, a JSON chunk and a binary chunk, each padded to four bytes."""
    digest = hashlib.sha256(spec.look.encode()).digest()
    points, normals, faces = _surface(digest)
    buffer = points.tobytes() + normals.tobytes() + faces.tobytes()
    document = _document(points, normals, faces, [0.3 + value / 400 for value in digest[1:4]])
    described = json.dumps(document, separators=(",", ":")).encode()
    body = _chunk(_JSON_CHUNK, described, b" ") + _chunk(_BINARY_CHUNK, buffer, b"\0")
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _chunk(kind: int, data: bytes, padding: bytes) -> bytes:
    data += padding * (-len(data) % 4)
    return struct.pack("<II", len(data), kind) + data


def _surface(digest: bytes) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint16]]:
    height = np.linspace(0, 1, _RINGS)
    waves = [(digest[n] / 255 * 0.12, 1 + digest[n + 1] % 3) for n in (4, 6, 8)]
    radius = 0.35 + sum(share * np.sin(2 * math.pi * turns * height + digest[10]) for share, turns in waves)
    slope = np.gradient(radius, height)
    angle = np.linspace(0, 2 * math.pi, _SIDES, endpoint=False)
    cosine, sine = np.cos(angle), np.sin(angle)
    points = np.stack(
        [np.outer(radius, cosine), np.repeat(height[:, None], _SIDES, 1), np.outer(radius, sine)], axis=-1
    )
    normals = np.stack(
        [
            np.repeat(cosine[None], _RINGS, 0),
            np.repeat(-slope[:, None], _SIDES, 1),
            np.repeat(sine[None], _RINGS, 0),
        ],
        axis=-1,
    )
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    flat = points.reshape(-1, 3).astype("<f4"), normals.reshape(-1, 3).astype("<f4")
    return *flat, np.array(_faces(), dtype="<u2")


def _faces() -> list[int]:
    """Two triangles per cell of the lathe's grid, counter-clockwise from outside."""
    found: list[int] = []
    for ring in range(_RINGS - 1):
        for side in range(_SIDES):
            a, b = ring * _SIDES + side, ring * _SIDES + (side + 1) % _SIDES
            found += [a, a + _SIDES, b, b, a + _SIDES, b + _SIDES]
    return found


def _document(
    points: NDArray[np.float32], normals: NDArray[np.float32], faces: NDArray[np.uint16], colour: list[float]
) -> dict[str, Any]:
    parts: tuple[NDArray[Any], ...] = (points, normals, faces)
    starts = (0, points.nbytes, points.nbytes + normals.nbytes)
    primitive = {"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": 2, "material": 0}
    vector = {"componentType": _FLOAT, "count": len(points), "type": "VEC3"}
    return {
        "asset": {"version": "2.0", "generator": "provider simulator"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [
            {
                "pbrMetallicRoughness": {"baseColorFactor": [*colour, 1.0], "metallicFactor": 0.1},
                "doubleSided": True,
            }
        ],
        "accessors": [
            {**vector, "bufferView": 0, "min": points.min(0).tolist(), "max": points.max(0).tolist()},
            {**vector, "bufferView": 1},
            {"bufferView": 2, "componentType": _UNSIGNED_SHORT, "count": len(faces), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": part.nbytes, "target": target}
            for part, start, target in zip(parts, starts, (_VERTICES, _VERTICES, _INDICES), strict=True)
        ],
        "buffers": [{"byteLength": sum(part.nbytes for part in parts)}],
    }
