"""Small pictures: of what people send, and of what is meant to hurt."""

import io
from typing import Any

import pytest
from PIL import Image

from domain.attachments import MAX_PIXELS
from domain.errors import TooLarge
from realtime.files.picture_process import DECODERS, LONGEST, draw, rehearse
from realtime.files.pictures import Painter
from tests.support.pictures import a_bomb, a_photo_on_its_side, a_picture


def opened(content: bytes) -> Image.Image:
    """Look at a small picture."""
    return Image.open(io.BytesIO(content), formats=["WEBP"])


@pytest.mark.parametrize(("media_type", "kind"), DECODERS.items())
def test_a_picture_of_each_kind_has_a_small_one(media_type: str, kind: str) -> None:
    rehearse(media_type)
    told, small = draw(a_picture(kind, (1600, 400)), media_type)

    assert told == {
        "pixels": 640_000,
        "width": 1600,
        "height": 400,
        "preview_width": LONGEST,
        "preview_height": 200,
    }
    assert opened(small).size == (LONGEST, 200)


@pytest.mark.parametrize(
    ("mode", "options", "alpha"),
    [
        ("RGBA", {"colour": (1, 2, 3, 0)}, True),
        ("LA", {"colour": (9, 0)}, True),
        ("P", {"transparency": 0}, True),
        ("P", {}, False),
        ("1", {}, False),
        ("L", {}, False),
        ("I;16", {}, False),
    ],
)
def test_transparency_stays_where_there_is_any(
    mode: str, options: dict[str, Any], alpha: bool
) -> None:
    _, small = draw(a_picture("PNG", mode=mode, **options), "image/png")

    assert opened(small).has_transparency_data is alpha


def test_grey_of_sixteen_bits_is_as_grey_as_before() -> None:
    _, small = draw(a_picture("PNG", mode="I;16", colour=0x8000), "image/png")

    assert 120 < opened(small).convert("L").tobytes()[0] < 136


def test_a_small_picture_stays_as_small_as_it_is() -> None:
    told, small = draw(a_picture(size=(3, 2)), "image/png")

    assert (told["preview_width"], told["preview_height"]) == (3, 2)
    assert opened(small).size == (3, 2)


def test_a_photo_is_turned_upright_and_keeps_none_of_its_notes() -> None:
    told, small = draw(a_photo_on_its_side((60, 40)), "image/jpeg")

    assert (told["width"], told["height"]) == (40, 60)
    assert opened(small).size == (40, 60)
    assert set(opened(small).info) <= {"loop", "background", "timestamp", "duration"}


def test_a_flood_is_seen_before_it_unfolds() -> None:
    told, small = draw(a_bomb(), "image/png")

    assert (told, small) == ({"pixels": 40_000 * 40_000}, b"")


# --- in its own process ---------------------------------------------------------------------------


@pytest.mark.parametrize(("media_type", "kind"), DECODERS.items())
async def test_the_process_that_can_open_nothing_draws_all_the_same(
    media_type: str, kind: str
) -> None:
    picture = await Painter().draw(a_picture(kind, (100, 50)), media_type)

    assert picture is not None
    assert (picture.width, picture.height) == (100, 50)
    assert opened(picture.preview).size == (picture.preview_width, picture.preview_height)


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", a_picture()[:50], a_picture("GIF")],
    ids=["nothing", "nonsense", "cut", "another"],
)
async def test_what_is_no_picture_of_its_kind_is_none(content: bytes) -> None:
    assert await Painter().draw(content, "image/png") is None


async def test_a_flood_is_refused() -> None:
    with pytest.raises(TooLarge, match="at most 50 megapixels"):
        await Painter().draw(a_bomb(MAX_PIXELS + 1, 1), "image/png")


async def test_who_draws_for_too_long_is_stopped() -> None:
    assert await Painter(patience=0.001).draw(a_picture(), "image/png") is None
