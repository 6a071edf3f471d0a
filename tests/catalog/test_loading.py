from importlib.resources import files
from pathlib import Path
from shutil import copytree

import pytest
from catalog.catalog import Catalog
from catalog.errors import CatalogError

VEO = "models/veo3-1-quality.yaml"
SEEDANCE = "models/doubao-seedance-2-0-fast.yaml"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    packaged = Path(str(files("catalog")))
    copytree(packaged / "models", tmp_path / "models")
    for name in ("tiers.yaml", "fields.yaml"):
        (tmp_path / name).write_text((packaged / name).read_text())
    return tmp_path


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_a_directory_of_ones_own_is_read(directory: Path) -> None:
    (directory / VEO).unlink()
    assert set(Catalog.load().models) - set(Catalog.load(directory).models) == {"veo3-1-quality"}


FAULTS = [
    (VEO, "kind: video", "kind: smell", "kind"),
    (VEO, "minimum_tier: starter", "minimum_tier: royal", "no tier is called 'royal'"),
    (VEO, "minimum_tier: starter", "minimal_tier: starter", "minimal_tier: Extra inputs"),
    (VEO, "derive: {gif: enable_gif}", "derive: {gif: make_gif}", "no field 'make_gif'"),
    (VEO, "accept: [url]", "accept: [carrier-pigeon]", "accept"),
    (VEO, "{when: {resolution: 4k}, kind: flat", "{when: {resolution: 4k}, kind: flatt", "'flatt'"),
    (VEO, "short_sides: {720p: 720, ", "short_sides: {", "each value"),
    (VEO, "  type: object", "  type: thing", "not a JSON Schema"),
    (VEO, "    state: gone-upstream", "    state: asleep", "state"),
    (SEEDANCE, "others: [image_with_roles]", "others: ['oops[']", "is not field, field=value"),
    (SEEDANCE, "others: [image_with_roles]", "others: [images]", "no field 'images'"),
    ("tiers.yaml", "monthly_credits: 5000", "monthly_credits: -1", "monthly_credits"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), FAULTS)
def test_a_fault_in_a_file_is_named_with_file_and_line(
    directory: Path, name: str, old: str, new: str, message: str
) -> None:
    path = directory / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogError) as caught:
        Catalog.load(directory)
    place, _, said = str(caught.value).partition(": ")
    assert message in said
    number = int(place.removeprefix(f"{path}:"))
    # the fault lies on the changed line, or on the one that opens the place where it lies
    assert line_of(path, new) - number in {0, 1}


def test_a_name_that_is_given_twice_is_named_where_it_is_repeated(directory: Path) -> None:
    path = directory / VEO
    path.write_text(path.read_text().replace("    protocol: gemini", "    provider: other"))
    with pytest.raises(
        CatalogError, match=rf"{VEO}:{line_of(path, 'provider: other')}: 'provider' is given twice"
    ):
        Catalog.load(directory)


def test_a_missing_price_is_found_before_anything_is_served(directory: Path) -> None:
    path = directory / VEO
    path.write_text(
        path.read_text().replace("  - {when: {resolution: 4k}, kind: flat, micro: 101_250_000}\n", "")
    )
    with pytest.raises(CatalogError, match=rf"{VEO}:{line_of(path, 'price:')}: no price row holds"):
        Catalog.load(directory)


def test_a_price_without_its_values_is_found(directory: Path) -> None:
    path = directory / SEEDANCE
    path.write_text(path.read_text().replace(", input_seconds_max: 15", "", 1))
    with pytest.raises(CatalogError, match="malformed price rule"):
        Catalog.load(directory)


def test_broken_yaml_is_named_with_its_line(directory: Path) -> None:
    (directory / VEO).write_text("slug: x\ntitle: [\n")
    with pytest.raises(CatalogError, match=rf"{VEO}:3: "):
        Catalog.load(directory)


def test_two_files_of_one_slug_are_refused(directory: Path) -> None:
    (directory / "models/zzz.yaml").write_text((directory / VEO).read_text())
    with pytest.raises(CatalogError, match=r"zzz\.yaml:1: .*already there"):
        Catalog.load(directory)


def test_a_directory_without_tiers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"tiers\.yaml:1: "):
        Catalog.load(tmp_path)
