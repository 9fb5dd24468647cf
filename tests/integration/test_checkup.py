"""``orderwire check`` knocks where a server would knock, and tells what it heard."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from realtime.checkup import Finding, Verdict, examine
from realtime.delivery.email.dkim import DkimKey
from realtime.delivery.push.vapid import VapidKey
from realtime.settings import SERVING, Settings
from tests.support.certificates import Authority, make_authority
from tests.support.clamd import ClamdServer
from tests.support.mail_server import PASSWORD, MailServer

ENOUGH = {
    "TOKEN_SECRET": "a secret of the tests, long enough for HS256",
    "SERVICE_KEYS": "a-service-key-of-the-tests",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for the mail servers."""
    return make_authority(tmp_path_factory.mktemp("authority"))


class Check:
    """Looks at everything; ``mail`` tells what was found of mail servers alone."""

    def __init__(self, database_url: str, authority: Authority) -> None:
        self._database_url = database_url
        self._authority = authority

    async def mail(self, **settings: str) -> list[Finding]:
        """Return what was found of mail servers."""
        return await self.of("mail", **settings)

    async def of(self, part: str, **settings: str) -> list[Finding]:
        """Return what was found of a part."""
        given = {**ENOUGH, "DATABASE_URL": self._database_url, **settings}
        texts = {f"ORDERWIRE_{name}": text for name, text in given.items()}
        parsed = Settings.parse(texts, SERVING)
        findings = await examine(parsed, tls=self._authority.client_context())
        return [finding for finding in findings if finding.part == part]


@pytest.fixture
def check(sqlite_url: str, authority: Authority) -> Check:
    """A check of a server that has a database."""
    return Check(sqlite_url, authority)


async def test_a_mail_server_that_lets_us_in_is_good_and_gets_no_mail(
    check: Check, authority: Authority
) -> None:
    async with MailServer(tls=authority.server_context(), login=True).running() as server:
        found = await check.mail(SMTP_URL=server.url, MAIL_FROM="Orderwire <a@example.com>")
        assert [(each.verdict, each.detail) for each in found] == [
            (Verdict.GOOD, f"smtp+starttls://127.0.0.1:{server.port} lets us in")
        ]
        assert server.received == []


async def test_a_wrong_password_is_found_and_not_shown(check: Check, authority: Authority) -> None:
    async with MailServer(tls=authority.server_context(), login=True).running() as server:
        url = server.url.replace(PASSWORD.replace(" ", "%20"), "hunter2")
        (mail,) = await check.mail(SMTP_URL=url, MAIL_FROM="a@example.com")
    assert mail.verdict is Verdict.WRONG
    assert "relay_refused_login" in mail.detail
    assert "hunter2" not in str(mail)


async def test_each_of_several_mail_servers_is_asked(check: Check) -> None:
    async with MailServer().running() as good, MailServer().running() as bad:
        bad.tell("connect", "554 5.7.1 not you")
        found = await check.mail(SMTP_URL=f"{bad.url},{good.url}")
    assert [each.verdict for each in found] == [Verdict.WRONG, Verdict.GOOD, Verdict.MISSING]
    assert "not you" in found[0].detail
    assert "ORDERWIRE_MAIL_FROM is not set" in found[2].detail


async def test_signed_mails_want_a_record_in_the_dns(check: Check) -> None:
    key = DkimKey.generate()
    async with MailServer().running() as server:
        found = await check.mail(
            SMTP_URL=server.url, MAIL_FROM="a@market.example", DKIM_PRIVATE_KEY=key.pem
        )
    assert [each.verdict for each in found] == [Verdict.GOOD, Verdict.GOOD]
    assert f"orderwire._domainkey.market.example: {key.record}" in found[1].detail


async def test_without_a_key_pushes_wait_and_it_is_said(check: Check) -> None:
    (found,) = await check.of("push")
    assert (found.verdict, found.detail) == (Verdict.MISSING, "not set: pushes wait")


async def test_a_subject_that_nobody_is_reached_by_is_found(check: Check) -> None:
    keys = f"{VapidKey.generate().private_text},{VapidKey.generate().private_text}"
    subject = "mailto:ops@market.invalid"
    (found,) = await check.of("push", VAPID_PRIVATE_KEY=keys, VAPID_SUBJECT=subject)
    assert found.verdict is Verdict.MISSING
    assert "finds no market.invalid" in found.detail
    assert "ORDERWIRE_VAPID_SUBJECT" in found.advice
    # An address is a name that every machine finds.
    (found,) = await check.of("push", VAPID_PRIVATE_KEY=keys, VAPID_SUBJECT="https://127.0.0.1")
    assert (found.verdict, found.detail) == (
        Verdict.GOOD,
        "a key for https://127.0.0.1, and 1 before it",
    )


async def test_ways_to_apps_are_told_of(check: Check, tmp_path: Path) -> None:
    plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.p8").write_bytes(VapidKey.generate().private.private_bytes(*plain))
    account = {
        "project_id": "market",
        "client_email": "push@market.example",
        "private_key": DkimKey.generate().pem,
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    found = await check.of(
        "push",
        APNS_KEY=str(tmp_path / "key.p8"),
        APNS_KEY_ID="KEY",
        APNS_TEAM_ID="TEAM",
        APNS_TOPIC="example.market",
        FCM_CREDENTIALS=str(tmp_path / "account.json"),
    )
    assert [(each.verdict, each.detail) for each in found] == [
        (Verdict.GOOD, "to apps by FCM, of the project market"),
        (Verdict.GOOD, "to the app example.market by APNs"),
    ]


def is_nowhere(path: Path) -> bool:
    """Tell that there is no such file or folder."""
    return not path.exists()


async def test_files_can_be_kept_and_the_look_leaves_none(check: Check, tmp_path: Path) -> None:
    place = tmp_path / "files"
    (found,) = await check.of("attachments", ATTACHMENTS_URL=f"file://{place}")

    assert (found.verdict, found.detail) == (Verdict.GOOD, f"kept in the directory {place}")
    assert is_nowhere(place)


async def test_files_lie_beside_the_database_unless_told_otherwise(
    check: Check, tmp_path: Path
) -> None:
    (found,) = await check.of("attachments")

    assert found.detail == f"kept in the directory {tmp_path / 'orderwire-attachments'}"


async def test_where_no_file_can_be_kept_is_said(check: Check, tmp_path: Path) -> None:
    place = tmp_path / "orderwire.db" / "files"
    (found,) = await check.of("attachments", ATTACHMENTS_URL=f"file://{place}")

    assert found.verdict is Verdict.WRONG
    assert f"nothing can be kept in the directory {place}" in found.detail
    assert "ORDERWIRE_ATTACHMENTS_URL" in found.advice


async def test_a_bucket_that_does_not_answer_is_said_without_its_keys(check: Check) -> None:
    url = "s3://b?endpoint=http://127.0.0.1:9&access_key_id=me&secret_access_key=hunter2"
    (found,) = await check.of("attachments", ATTACHMENTS_URL=url)

    assert found.verdict is Verdict.WRONG
    assert "the bucket b at http://127.0.0.1:9" in found.detail
    assert "hunter2" not in str(found)


async def test_servers_on_several_machines_have_to_share_a_directory(
    check: Check, tmp_path: Path
) -> None:
    (found,) = await check.of(
        "attachments",
        ATTACHMENTS_URL=f"file://{tmp_path / 'files'}",
        REDIS_URL="redis://127.0.0.1:9",
    )

    assert found.verdict is Verdict.MISSING
    assert "have to see the same one" in found.detail


async def test_a_scanner_answers_or_is_missed(check: Check) -> None:
    async with ClamdServer().running() as clamd:
        url = f"tcp://127.0.0.1:{clamd.port}"
        (good,) = await check.of("scanner", ATTACHMENTS_SCANNER_URL=url)
    (wrong,) = await check.of("scanner", ATTACHMENTS_SCANNER_URL=url)
    (none,) = await check.of("scanner")

    assert (good.verdict, good.detail) == (
        Verdict.GOOD,
        f"clamd at 127.0.0.1:{clamd.port} answers",
    )
    assert wrong.verdict is Verdict.WRONG
    assert "nothing can be uploaded" in wrong.detail
    assert none.verdict is Verdict.MISSING
