"""Every mistake in a setting has a line of its own, and no secret is ever in one."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from realtime.delivery.push.vapid import VapidKey
from realtime.setting_values import LogFormat, LogLevel
from realtime.settings import NAMES, SERVING, BadSettings, Settings

SECRET = "0123456789abcdef0123456789abcdef"
KEY = VapidKey.generate()
FORMER = VapidKey.generate()
ENOUGH = {"ORDERWIRE_TOKEN_SECRET": SECRET, "ORDERWIRE_SERVICE_KEYS": "a-key-of-sixteen-or-more"}


def mistakes_in(**settings: str) -> tuple[str, ...]:
    """Read settings that are enough but for these, and return what is said of them."""
    texts = ENOUGH | {f"ORDERWIRE_{name}": text for name, text in settings.items()}
    try:
        Settings.parse(texts, SERVING)
    except BadSettings as bad:
        return bad.mistakes
    return ()


def read(**settings: str) -> Settings:
    """Read settings that are right."""
    return Settings.parse(
        ENOUGH | {f"ORDERWIRE_{name}": text for name, text in settings.items()}, SERVING
    )


def test_what_is_enough_is_enough_and_the_rest_has_the_defaults_of_the_documentation() -> None:
    settings = read()
    assert settings.database_url == "sqlite+aiosqlite:///orderwire.db"
    assert (settings.redis_url, settings.public_url, settings.smtp_url) == (None, None, ())
    assert settings.limit_messages_per_second == 5
    assert settings.limit_commands_per_second == 30
    assert settings.limit_connections_per_account == 20
    assert settings.limit_channels_per_connection == 128
    assert settings.review_days == timedelta(days=3)
    assert settings.request_hours == timedelta(hours=48)
    assert settings.very_late_hours == timedelta(hours=24)
    assert settings.nudge_days == timedelta(days=3)
    assert settings.due_soon_hours == timedelta(hours=12)
    assert settings.edit_hours == timedelta(hours=24)
    assert settings.requirements_reminder_hours == timedelta(hours=24)
    assert settings.message_push_seconds == timedelta(seconds=5)
    assert settings.conversation_email_minutes == timedelta(minutes=60)
    assert settings.retention_messages_days is None
    assert settings.drain_seconds == timedelta(seconds=20)
    assert settings.drain_accept_seconds == timedelta(seconds=5)
    assert (settings.log_format, settings.log_level) == (LogFormat.AUTO, LogLevel.INFO)


def test_every_default_can_be_written_out() -> None:
    written = {name: setting.default for name, setting in NAMES.items()}
    assert repr(Settings.parse(written | ENOUGH, SERVING)) == repr(read())


def test_every_setting_says_what_it_is() -> None:
    assert all(setting.help_line for setting in NAMES.values())


def test_settings_are_read_into_what_they_stand_for() -> None:
    settings = read(
        DATABASE_URL="postgres://user:pass@db/orderwire",
        REVIEW_DAYS="0.5",
        RETENTION_MESSAGES_DAYS="30",
        ALLOWED_ORIGINS="https://Shop.example.com, http://127.0.0.1:3000/",
        SERVICE_KEYS="a-key-of-sixteen-or-more, another-one-for-the-rotation",
        TRUSTED_PROXIES="10.0.0.0/8",
        MAIL_FROM="Jobs & Co <jobs@example.com>",
        VAPID_PRIVATE_KEY=f"{KEY.private_text}, {FORMER.private_text}",
        VAPID_SUBJECT="mailto:ops@example.com",
        ATTACHMENTS_URL="s3://bucket",
        ATTACHMENTS_SCANNER_URL="tcp://127.0.0.1:3310",
        LOG_FORMAT="JSON",
    )
    assert settings.database_url == "postgresql+asyncpg://user:pass@db/orderwire"
    assert settings.review_days == timedelta(hours=12)
    assert settings.retention_messages_days == timedelta(days=30)
    assert settings.allowed_origins == ("https://shop.example.com", "http://127.0.0.1:3000")
    assert settings.service_keys == ("a-key-of-sixteen-or-more", "another-one-for-the-rotation")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"),)
    assert settings.mail_from is not None
    assert settings.mail_from.address == "jobs@example.com"
    assert [key.public_text for key in settings.vapid_private_key] == [
        KEY.public_text,
        FORMER.public_text,
    ]
    assert str(settings.attachments_url) == "the bucket bucket"
    assert str(settings.attachments_scanner_url) == "127.0.0.1:3310"
    assert settings.log_format is LogFormat.JSON


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@db/x", "mysql:// is not served"),
        ("DATABASE_URL", "not a url", "is sqlite+aiosqlite:///file or postgresql+asyncpg://..."),
        ("DATABASE_URL", "sqlite+aiosqlite://", "names no file"),
        ("DATABASE_URL", "sqlite:///:memory:", "names no file"),
        ("REDIS_URL", "http://:hunter2@redis", "is redis://host:6379/0"),
        ("REDIS_URL", "redis://:hunter2@redis:port", "is redis://host:6379/0"),
        ("TOKEN_SECRET", "hunter2", "is too short: at least 32 characters"),
        ("SERVICE_KEYS", "hunter2", "is too short: at least 16 characters"),
        ("SERVICE_KEYS", "a-key-of-sixteen-or-more,hunter2", "key 2 is too short"),
        ("SERVICE_KEYS", "hunter2 with spaces in it", "has characters that no header can carry"),
        ("METRICS_TOKEN", "hunter2", "is too short: at least 16 characters"),
        ("PUBLIC_URL", "messages.example.com", "is an origin such as https://"),
        ("PUBLIC_URL", "https://example.com/path", "is an origin such as https://"),
        ("ALLOWED_ORIGINS", "https://a.example.com, *", "is an origin such as https://"),
        ("PUSH_EXTRA_ORIGINS", "127.0.0.1:9999", "is an origin such as https://"),
        ("WEBHOOK_EXTRA_ORIGINS", "ftp://x", "is an origin such as https://"),
        ("CONTACT_DETAILS", "ask", "is one of warn, mask, hold"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy", "is an address or a network"),
        ("SMTP_URL", "smtp://user:hunter2@mail.example.com", "smtp:// is not private"),
        ("SMTP_URL", "imap://user:hunter2@mail.example.com", "is smtp+starttls://"),
        ("MAIL_FROM", "nobody", "Orderwire <no-reply@example.com>"),
        ("VAPID_PRIVATE_KEY", "hunter2", "is not a VAPID key"),
        ("DKIM_PRIVATE_KEY", "/nowhere/hunter2", "is an RSA private key in PEM"),
        ("DKIM_PRIVATE_KEY", "-----BEGIN hunter2", "private key in PEM"),
        ("FCM_CREDENTIALS", "/nowhere/hunter2", "is the path of a file: FileNotFoundError"),
        ("APNS_KEY_ID", "a b", "as Apple shows it"),
        ("INBOUND_DOMAIN", "reply@example.com", "is a domain such as reply.example.com"),
        ("INBOUND_SECRET", "hunter2", "is whsec_ and 24 bytes or more in base64"),
        ("INBOUND_SECRET", "whsec_!", "is whsec_ and 24 bytes or more in base64"),
        ("INBOUND_SECRET", "whsec_aHVudGVyMg==", "is whsec_ and 24 bytes or more"),
        ("DKIM_SELECTOR", "a..b", "is a name in the DNS"),
        ("VAPID_SUBJECT", "ops@localhost", "a VAPID subject is mailto:you@example.com"),
        ("ATTACHMENTS_URL", "/var/attachments", "is file:///directory or s3://bucket"),
        ("ATTACHMENTS_URL", "file://relative", "a directory has three slashes"),
        ("ATTACHMENTS_URL", "s3://id:hunter2@bucket", "is file:///directory or s3://bucket"),
        ("ATTACHMENTS_URL", "s3://b?secret=hunter2", "has no option 'secret'; there are endpoint"),
        ("ATTACHMENTS_URL", "s3://b?endpoint=hunter2", "has an endpoint that is not https://"),
        ("ATTACHMENTS_URL", "s3://b?secret_access_key=hunter2", "needs both access_key_id and"),
        ("ATTACHMENTS_MEGABYTES", "much", "is a whole number from 0 on, not 'much'"),
        ("ATTACHMENTS_SCANNER_URL", "127.0.0.1:3310", "is tcp://host:3310 or unix:///run"),
        ("ATTACHMENTS_SCANNER_URL", "tcp://127.0.0.1", "is tcp://host:3310 or unix:///run"),
        ("ATTACHMENTS_SCANNER_URL", "tcp://clamd:port", "is tcp://host:3310 or unix:///run"),
        ("LIMIT_MESSAGES_PER_SECOND", "-1", "is a whole number from 0 on, not '-1'"),
        ("LIMIT_REQUESTS_PER_SECOND", "2.5", "is a whole number from 0 on, not '2.5'"),
        ("REVIEW_DAYS", "three", "is a number of days such as 3 or 0.5, not 'three'"),
        ("REQUEST_HOURS", "-1", "is a number of hours"),
        ("EDIT_HOURS", "nan", "is a number of hours"),
        ("MESSAGE_PUSH_SECONDS", "inf", "is a number of seconds"),
        ("CONVERSATION_EMAIL_MINUTES", "1e99", "is a number of minutes"),
        ("RETENTION_DELIVERIES_DAYS", "never", "is a number of days"),
        ("LOG_FORMAT", "xml", "is one of auto, json, readable, not 'xml'"),
        ("LOG_LEVEL", "loud", "is one of debug, info, warning, error, not 'loud'"),
        ("TOKEN_JWKS", "http://keys.example.com/jwks", "http:// can be forged"),
        ("TOKEN_JWKS", "/no/such/file", "there is no file '/no/such/file'"),
    ],
)
def test_a_bad_value_is_named_in_one_line_and_secrets_stay_out_of_it(
    name: str, text: str, said: str
) -> None:
    settings = {"VAPID_SUBJECT": "mailto:a@example.com"} if name == "VAPID_PRIVATE_KEY" else {}
    if name == "TOKEN_JWKS":
        settings["TOKEN_SECRET"] = ""
    (line,) = mistakes_in(**settings, **{name: text})
    assert line.startswith(f"ORDERWIRE_{name}: ")
    assert said in line
    assert "hunter2" not in line
    assert "\n" not in line


def test_a_key_of_apples_comes_with_its_names(tmp_path: Path) -> None:
    named = {"APNS_KEY_ID": "KEY", "APNS_TEAM_ID": "TEAM", "APNS_TOPIC": "example.market"}
    (line,) = mistakes_in(APNS_KEY="/dev/null", **named)
    assert "APNS_KEY: is no key as Apple gives it" in line
    (line,) = mistakes_in(APNS_KEY=str(apple_key(tmp_path)), APNS_TOPIC="example.market")
    assert "APNS_KEY: is set without all of APNS_KEY_ID" in line
    settings = read(APNS_KEY=str(apple_key(tmp_path)), **named)
    assert (settings.apns_topic, settings.apns_url) == (
        "example.market",
        "https://api.push.apple.com",
    )


def apple_key(folder: Path) -> Path:
    """Write the file that Apple gives."""
    pem = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.p8").write_bytes(pem)
    return folder / "key.p8"


def test_all_mistakes_are_told_at_once() -> None:
    told = mistakes_in(REVIEW_DAYS="x", SMTP_URL="x", SERVICE_KEYS="", DATABSE_URL="x")
    assert [line.partition(":")[0].removeprefix("ORDERWIRE_") for line in told] == [
        "DATABSE_URL",
        "REVIEW_DAYS",
        "SMTP_URL",
        "SERVICE_KEYS",
    ]


def test_an_unknown_name_is_refused_with_the_one_that_was_meant() -> None:
    (line,) = mistakes_in(DATABSE_URL="sqlite:///x.db")
    assert line == (
        "ORDERWIRE_DATABSE_URL: there is no such setting; did you mean ORDERWIRE_DATABASE_URL?"
    )
    (line,) = mistakes_in(XYZZY="1")
    assert line == "ORDERWIRE_XYZZY: there is no such setting; see orderwire serve --help"


def test_other_peoples_names_and_those_of_the_tests_are_left_alone() -> None:
    others = {"PATH": "x", "ORDERWIRE_TEST_REDIS_URL": "x"}
    assert repr(Settings.parse(ENOUGH | others, SERVING)) == repr(read())


def test_an_empty_value_is_the_same_as_none() -> None:
    assert read(REDIS_URL="", REVIEW_DAYS=" ").review_days == timedelta(days=3)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"TOKEN_SECRET": ""}, "TOKEN_SECRET"),
        ({"SERVICE_KEYS": ""}, "SERVICE_KEYS"),
        ({"VAPID_PRIVATE_KEY": KEY.private_text}, "VAPID_SUBJECT"),
    ],
)
def test_what_a_server_cannot_do_without_is_asked_for(settings: dict[str, str], name: str) -> None:
    (line,) = mistakes_in(**settings)
    assert line.startswith(f"ORDERWIRE_{name}: is not set")


def test_a_secret_and_a_key_set_are_not_both_meant(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    (line,) = mistakes_in(TOKEN_JWKS=str(keys))
    assert line.startswith("ORDERWIRE_TOKEN_JWKS: is set beside ORDERWIRE_TOKEN_SECRET")
    assert mistakes_in(TOKEN_JWKS=str(keys), TOKEN_SECRET="") == ()
    assert mistakes_in(TOKEN_JWKS="https://keys.example.com/jwks", TOKEN_SECRET="") == ()
    assert mistakes_in(TOKEN_JWKS="http://127.0.0.1:9/jwks", TOKEN_SECRET="") == ()


def test_what_needs_no_server_asks_for_less() -> None:
    assert Settings.parse({}).token_secret is None


def test_a_representation_keeps_the_secrets_to_itself() -> None:
    shown = repr(
        read(
            DATABASE_URL="postgresql://user:hunter2@db/x",
            REDIS_URL="redis://:hunter2@redis",
            METRICS_TOKEN="hunter2 and sixteen characters",
            SMTP_URL="smtps://user:hunter2@mail.example.com",
            VAPID_PRIVATE_KEY=KEY.private_text,
            VAPID_SUBJECT="mailto:ops@example.com",
        )
    )
    assert "mail.example.com" in shown
    for secret in ("hunter2", SECRET, ENOUGH["ORDERWIRE_SERVICE_KEYS"], KEY.private_text):
        assert secret not in shown


def test_links_are_signed_with_the_first_secret_and_taken_with_all() -> None:
    assert read().link_secrets == [SECRET.encode(), b"a-key-of-sixteen-or-more"]
