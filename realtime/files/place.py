"""Where attachments are kept, as the setting names it: a directory, or a bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

FORMS = "is file:///directory or s3://bucket"
# What may be said of a bucket behind a question mark.
OPTIONS = ("endpoint", "region", "access_key_id", "secret_access_key", "virtual_hosted")


@dataclass(frozen=True, slots=True)
class DirectoryPlace:
    """A directory of this machine, or one that all machines mount."""

    path: Path

    def __str__(self) -> str:
        return f"the directory {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BucketPlace:
    """A bucket of S3, or of what speaks like it; ``options`` may hold a secret."""

    bucket: str
    prefix: str
    options: Mapping[str, str]

    def __str__(self) -> str:
        at = f" at {self.options['endpoint']}" if "endpoint" in self.options else ""
        return f"the bucket {self.bucket}{at}"


Place = DirectoryPlace | BucketPlace


def parse_place(text: str) -> Place:
    """Read a place; ValueError says what it should be, and repeats no secret."""
    url = urlsplit(text)
    if url.scheme == "file":
        if url.netloc or len(url.path) < 2 or url.query:
            raise ValueError(f"{FORMS}; a directory has three slashes and no question mark")
        return DirectoryPlace(Path(unquote(url.path)))
    if url.scheme != "s3" or not url.netloc or "@" in url.netloc:
        raise ValueError(FORMS)
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    unknown = sorted(options.keys() - set(OPTIONS))
    if unknown:
        raise ValueError(f"has no option {unknown[0]!r}; there are {', '.join(OPTIONS)}")
    if "endpoint" in options and urlsplit(options["endpoint"]).scheme not in ("http", "https"):
        raise ValueError("has an endpoint that is not https:// or http://")
    if ("access_key_id" in options) != ("secret_access_key" in options):
        raise ValueError("needs both access_key_id and secret_access_key, or neither")
    return BucketPlace(bucket=url.netloc, prefix=unquote(url.path).strip("/"), options=options)
