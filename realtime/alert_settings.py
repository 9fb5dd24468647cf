"""The settings of what goes out to people and comes back: mails and pushes."""

from dataclasses import dataclass
from typing import Annotated

from realtime import setting_values as read
from realtime.delivery.email.dkim import DkimKey
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.relay import Relay
from realtime.delivery.push.vapid import VapidKey
from realtime.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AlertSettings:
    """Those of mail servers and push services."""

    smtp_url: Annotated[
        tuple[Relay, ...],
        Setting(
            read.relays,
            "",
            "smtp+starttls://user:password@host:587, smtps://...; several, separated by commas",
        ),
    ]
    mail_from: Annotated[
        Mailbox | None,
        Setting(
            read.optional(read.mailbox),
            "",
            "who mails are from, such as Orderwire <no-reply@example.com>",
        ),
    ]
    inbound_domain: Annotated[
        str | None,
        Setting(
            read.optional(read.mail_domain),
            "",
            "the domain whose mail orderwire inbound takes: mails can then be answered, "
            "and what comes back of them comes there",
        ),
    ]
    inbound_secret: Annotated[
        bytes | None,
        Setting(
            read.optional(read.webhook_secret),
            "",
            "what your mail provider signs its webhook to /v1/inbound/events with: whsec_...",
            secret=True,
        ),
    ]
    dkim_private_key: Annotated[
        DkimKey | None,
        Setting(
            read.optional(read.dkim_key),
            "",
            "the key that mails are signed with: PEM, or the path of it (orderwire keys dkim); "
            "without it your mail server signs them, or nobody",
            secret=True,
        ),
    ]
    dkim_selector: Annotated[
        str,
        Setting(
            read.dkim_selector,
            "orderwire",
            "the name of that key in the DNS, before ._domainkey and the domain of MAIL_FROM",
        ),
    ]
    vapid_private_key: Annotated[
        tuple[VapidKey, ...],
        Setting(
            read.vapid_keys,
            "",
            "the key that pushes are signed with (orderwire keys vapid); after a rotation the "
            "former ones behind it, separated by commas",
            secret=True,
        ),
    ]
    vapid_subject: Annotated[
        str | None,
        Setting(
            read.optional(read.vapid_subject),
            "",
            "how push services reach you: mailto:you@example.com or https://...",
        ),
    ]
    push_extra_origins: Annotated[
        tuple[str, ...],
        Setting(
            read.origins, "", "origins of push services that may be inside your network, or http"
        ),
    ]
