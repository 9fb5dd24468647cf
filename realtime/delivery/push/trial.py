"""A push that says nothing but that pushes work, sent while somebody waits for the answer."""

from realtime.delivery.locales.voice import voice_for
from realtime.delivery.outcome import Outcome
from realtime.delivery.push.by_kind import Sends
from realtime.delivery.push.encrypt import packed
from realtime.delivery.push.sender import Push
from storage.rows import Record

# Whoever waits for it looks at the screen now.
LIFE = 60


class PushTrial:
    """Sends trial pushes; ``public_url`` is where a click leads."""

    def __init__(self, *, sender: Sends, public_url: str) -> None:
        self._sender = sender
        self._public_url = public_url

    async def send(self, device: Record, locale: str) -> Outcome:
        """Send one to a device."""
        voice = voice_for(locale, "UTC")
        payload = packed(
            {
                "title": voice.say("push_trial.title"),
                "body": voice.say("push_trial.body"),
                "link": f"{self._public_url}/settings",
                "tag": "orderwire-trial",
                "category": "trial",
                "id": device.id,
            }
        )
        return await self._sender.send(
            Push(
                kind=device.kind,
                endpoint=device.endpoint,
                p256dh=device.p256dh,
                auth=device.auth,
                vapid_key=device.vapid_key,
                payload=payload,
                ttl=LIFE,
                urgency="high",
            )
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._sender.close()
