"""What keeps attachments, looks through them and draws small pictures, as the settings say."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from realtime.bootstrap.ground import Ground
from realtime.files.bucket import Bucket
from realtime.files.directory import Directory
from realtime.files.pictures import Painter
from realtime.files.place import BucketPlace, DirectoryPlace, Place
from realtime.files.scanner import Clamd
from realtime.ids import new_id
from realtime.services.attachment_files import NoScanner
from realtime.services.attachment_links import AttachmentLinks
from realtime.services.attachment_sweep import AttachmentSweep
from realtime.services.attachment_uploads import Uploads
from realtime.services.attachments import Attachments
from realtime.services.auditing import Audit
from realtime.settings import Settings

MEGABYTE = 1024 * 1024
FOLDER = "orderwire-attachments"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentParts:
    """The use cases around attachments, and what removes those that nothing needs."""

    uploads: Uploads
    reading: Attachments
    sweep: AttachmentSweep


def make_attachments(ground: Ground) -> AttachmentParts:
    """Make all of it; nothing is opened yet."""
    settings, database, clock = ground.settings, ground.database, ground.clock
    files = open_store(place_of(settings))
    scanner = settings.attachments_scanner_url
    return AttachmentParts(
        uploads=Uploads(
            database=database,
            files=files,
            scanner=Clamd(scanner) if scanner else NoScanner(),
            painter=Painter(),
            clock=clock,
            new_id=new_id,
            most_bytes=settings.attachments_megabytes * MEGABYTE,
        ),
        reading=Attachments(
            database=database,
            files=files,
            links=AttachmentLinks(settings.link_secrets, clock),
            audit=Audit(database=database, clock=clock, new_id=new_id),
            clock=clock,
        ),
        sweep=AttachmentSweep(database=database, files=files, clock=clock),
    )


def open_store(place: Place) -> Bucket | Directory:
    """Return what keeps files at a place."""
    return Bucket(place) if isinstance(place, BucketPlace) else Directory(place.path)


def place_of(settings: Settings) -> Place:
    """Return where attachments are kept: where the settings say, or beside the database."""
    if settings.attachments_url is not None:
        return settings.attachments_url
    database = make_url(settings.database_url)
    if database.get_backend_name() != "sqlite":
        return DirectoryPlace(Path(FOLDER).absolute())
    file = Path(database.database or "").absolute()
    return DirectoryPlace(file.with_name(f"{file.stem}-attachments"))
