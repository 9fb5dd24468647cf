"""The settings of what goes out to people and comes back: mails and pushes."""

from dataclasses import dataclass
from typing import Annotated

from realtime import setting_values as read
from realtime.delivery.email.dkim import DkimKey
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.relay import Relay
from realtime.delivery.push.apns import ApnsKey
from realtime.delivery.push.fcm import FcmAccount
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
    fcm_credentials: Annotated[
        FcmAccount | None,
        Setting(
            read.optional(read.fcm_account),
            "",
            "the path of a service account's JSON file: pushes to apps by Google's FCM",
            secret=True,
        ),
    ]
    apns_key: Annotated[
        ApnsKey | None,
        Setting(
            read.optional(read.apns_key),
            "",
            "the path of a key as Apple gives it (.p8): pushes to apps by APNs",
            secret=True,
        ),
    ]
    apns_key_id: Annotated[
        str | None, Setting(read.optional(read.apns_name), "", "the id of that key, at Apple")
    ]
    apns_team_id: Annotated[
        str | None, Setting(read.optional(read.apns_name), "", "the id of your team, at Apple")
    ]
    apns_topic: Annotated[
        str | None, Setting(read.optional(read.apns_name), "", "the bundle id of the app")
    ]
    apns_url: Annotated[
        str,
        Setting(
            read.origin,
            "https://api.push.apple.com",
            "where APNs is; https://api.sandbox.push.apple.com for apps in development",
        ),
    ]
    push_extra_origins: Annotated[
        tuple[str, ...],
        Setting(
            read.origins, "", "origins of push services that may be inside your network, or http"
        ),
    ]
