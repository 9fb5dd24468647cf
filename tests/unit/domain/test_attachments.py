"""What a browser is told of a file, and what it may show."""

import pytest

from domain.attachments import PICTURES, PLAIN, served_as, shown_in_place


@pytest.mark.parametrize("kind", sorted(PICTURES | {"video/mp4", "audio/mpeg"}))
def test_pictures_sounds_and_films_are_shown_in_place(kind: str) -> None:
    assert shown_in_place(kind)
    assert served_as(kind) == kind


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xml"])
def test_what_could_run_is_called_plain_bytes_and_saved(kind: str) -> None:
    assert not shown_in_place(kind)
    assert served_as(kind) == PLAIN


@pytest.mark.parametrize("kind", ["application/pdf", "text/plain", "application/zip", PLAIN])
def test_all_else_is_saved_as_what_it_is(kind: str) -> None:
    assert not shown_in_place(kind)
    assert served_as(kind) == kind
