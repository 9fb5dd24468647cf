"""The setting that names mail servers: what is read, and what is refused in words."""

import pytest

from realtime.delivery.email.relay import Relay, Security, parse_relays


def test_a_relay_is_read_from_its_url() -> None:
    [relay] = parse_relays("smtp+starttls://me%40x:se%2Fcret@mail.example.com:2587")
    assert relay == Relay(
        security=Security.STARTTLS,
        host="mail.example.com",
        port=2587,
        username="me@x",
        password="se/cret",
    )


def test_a_password_is_never_shown() -> None:
    [relay] = parse_relays("smtps://me:secret@mail.example.com")
    assert str(relay) == "smtps://mail.example.com:465"
    assert "secret" not in repr(relay)


def test_several_relays_keep_their_order_and_have_their_usual_ports() -> None:
    relays = parse_relays("smtp+starttls://one.example, smtps://two.example,smtp://[::1]:2525,")
    assert [(relay.host, relay.port) for relay in relays] == [
        ("one.example", 587),
        ("two.example", 465),
        ("::1", 2525),
    ]
    assert relays[0].username is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8"])
def test_plain_smtp_is_for_this_machine_alone(host: str) -> None:
    assert parse_relays(f"smtp://{host}")[0].port == 25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no mail server"),
        (" , ", "names no mail server"),
        ("mail.example.com:587", "smtp"),
        ("https://mail.example.com", "smtp"),
        ("smtps://mail.example.com:99999", "smtp"),
        ("smtps://", "a host"),
        ("smtps://me:hunter/2@mail.example.com", "smtp"),
        ("smtps://me:hunter#2@mail.example.com", "smtp"),
        ("smtps://mail.example.com/path", "write /"),
        ("smtps://mail.example.com?x=1", "write /"),
        ("smtp://mail.example.com", "smtp\\+starttls"),
        ("smtp://10.0.0.1", "not private"),
    ],
)
def test_what_is_no_relay_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        parse_relays(text)
    assert "hunter" not in str(refused.value)
