"""Where attachments are kept, as the setting names it."""

import re
from pathlib import Path

import pytest

from realtime.files.place import BucketPlace, DirectoryPlace, parse_place
from realtime.files.scanner import ScannerPlace, parse_scanner


def test_a_directory_is_named_by_its_path() -> None:
    place = parse_place("file:///var/lib/order%20wire")

    assert place == DirectoryPlace(Path("/var/lib/order wire"))
    assert str(place) == "the directory /var/lib/order wire"


def test_a_bucket_may_have_a_prefix_an_endpoint_and_keys_that_are_not_shown() -> None:
    place = parse_place(
        "s3://bucket/a/b/?endpoint=https://minio.example.com&region=eu&access_key_id=id"
        "&secret_access_key=hunter%2F2&virtual_hosted=true"
    )

    assert isinstance(place, BucketPlace)
    assert (place.bucket, place.prefix) == ("bucket", "a/b")
    assert place.options["secret_access_key"] == "hunter/2"
    assert str(place) == "the bucket bucket at https://minio.example.com"
    assert "hunter" not in repr(place)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is file:///directory or s3://bucket"),
        ("/var", "is file:///directory or s3://bucket"),
        ("file:///", "a directory has three slashes"),
        ("file://host/var", "a directory has three slashes"),
        ("file:///var?x=1", "no question mark"),
        ("s3://", "is file:///directory or s3://bucket"),
        ("s3://b?bucket=c", "has no option 'bucket'"),
        ("s3://b?endpoint=minio:9000", "an endpoint that is not https:// or http://"),
        ("s3://b?access_key_id=a", "needs both access_key_id and secret_access_key"),
    ],
)
def test_other_places_are_refused_in_plain_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_place(text)


@pytest.mark.parametrize(
    ("text", "place", "shown"),
    [
        ("tcp://clamd:3310", ScannerPlace(host="clamd", port=3310), "clamd:3310"),
        ("tcp://[::1]:3310/", ScannerPlace(host="::1", port=3310), "::1:3310"),
        ("unix:///run/c.ctl", ScannerPlace(path="/run/c.ctl"), "/run/c.ctl"),
    ],
)
def test_clamd_listens_at_a_port_or_a_path(text: str, place: ScannerPlace, shown: str) -> None:
    assert parse_scanner(text) == place
    assert str(place) == shown


@pytest.mark.parametrize("text", ["", "tcp://", "tcp://h", "tcp://h:x", "tcp://h:1/p", "unix://p"])
def test_clamd_listens_nowhere_else(text: str) -> None:
    with pytest.raises(ValueError, match="is tcp://host:3310 or unix:///"):
        parse_scanner(text)
