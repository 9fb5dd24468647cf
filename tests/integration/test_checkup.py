"""``orderwire check`` knocks where a server would knock, and tells what it heard."""

import pytest

from realtime.checkup import Finding, Verdict, examine
from realtime.settings import SERVING, Settings
from tests.support.certificates import Authority, make_authority
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
        """Return what was found."""
        given = {**ENOUGH, "DATABASE_URL": self._database_url, **settings}
        texts = {f"ORDERWIRE_{name}": text for name, text in given.items()}
        parsed = Settings.parse(texts, SERVING)
        findings = await examine(parsed, tls=self._authority.client_context())
        return [finding for finding in findings if finding.part == "mail"]


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
