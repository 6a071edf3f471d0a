import pytest
from catalog.catalog import Catalog
from catalog.resolution import NamedResolution
from catalog.tiers import Tier

TABLE = [
    ("free", 150, 480, 81, True),
    ("starter", 500, 1080, 121, False),
    ("creator", 1500, 2160, 201, False),
    ("pro", 5000, 2160, 301, False),
    ("studio", 15000, 2160, 301, False),
    ("enterprise", 50000, 2160, 999, False),
]


def test_the_six_tiers_are_the_products_lowest_first(catalog: Catalog) -> None:
    found = [
        (each.name, each.monthly_credits, each.max_short_side, each.max_frames, each.watermark)
        for each in catalog.tiers.values()
    ]
    assert found == TABLE
    assert [each.rank for each in catalog.tiers.values()] == [0, 1, 2, 3, 4, 5]
    assert catalog.tier("free").monthly_micro == 150_000_000


def test_reads_allow_a_poll_every_two_seconds_for_each_live_job(catalog: Catalog) -> None:
    assert all(each.reads_per_minute_per_live_task >= 30 for each in catalog.tiers.values())


@pytest.mark.parametrize(
    ("slug", "resolution", "tier"),
    [
        ("doubao-seedance-2-0-fast", "480p", "free"),
        ("doubao-seedance-2-0-fast", "720p", "starter"),
        ("wan2-6-i2v-flash", "720p", "starter"),
        ("wan2-6-i2v-flash", "1080p", "starter"),
        ("veo3-1-quality", "720p", "starter"),
        ("veo3-1-quality", "1080p", "starter"),
        ("veo3-1-quality", "4k", "creator"),
    ],
)
def test_the_short_side_decides_the_tier(catalog: Catalog, slug: str, resolution: str, tier: str) -> None:
    assert catalog.models[slug].required_tier({"resolution": resolution}) == tier


def test_a_models_minimum_tier_is_the_least_that_may_use_it_at_all(catalog: Catalog) -> None:
    for model in catalog.models.values():
        if not isinstance(model.resolution, NamedResolution):
            continue
        needed = [
            catalog.tier(model.required_tier({model.resolution.field: each})).rank
            for each in model.resolution.short_sides
        ]
        assert catalog.tier(model.minimum_tier).rank == min(needed)


def test_a_higher_tier_suffices_for_a_lower_one(catalog: Catalog) -> None:
    assert catalog.suffices("studio", "creator")
    assert catalog.suffices("creator", "creator")
    assert not catalog.suffices("starter", "creator")


@pytest.mark.parametrize(
    ("slug", "given", "free", "studio"),
    [
        ("veo3-1-quality", {"enable_gif": True}, ["watermark", "gif"], ["gif"]),
        ("veo3-1-quality", {"enable_gif": False}, ["watermark"], []),
        ("doubao-seedance-2-0-fast", {"return_last_frame": True}, ["watermark"], []),
        ("wan2-6-i2v-flash", {"watermark": True}, ["watermark"], []),
    ],
)
def test_storage_makes_what_the_provider_does_not(
    catalog: Catalog, slug: str, given: dict[str, bool], free: list[str], studio: list[str]
) -> None:
    def derived(tier: Tier) -> list[str]:
        return catalog.models[slug].derive(given, tier)

    assert (derived(catalog.tier("free")), derived(catalog.tier("studio"))) == (free, studio)
