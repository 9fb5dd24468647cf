"""Tells the ledger in words: why each channel did or did not send, in the account's language."""

from collections.abc import Mapping
from typing import Any

from realtime.delivery.locales.voice import Value, Voice, voice_for


def explain(step: Mapping[str, Any], *, category: str, locale: str, attempt: int = 0) -> str:
    """Say one step of a trace as a sentence or two; ``attempt`` is its number, if it is one."""
    voice = voice_for(locale, "UTC")
    told = _told(voice, step, category)
    if attempt:
        return voice.say("explained.attempt", {"n": attempt, "told": told})
    then = f"explained.then.{step['decision']}"
    return f"{told} {voice.say(then)}" if voice.knows(then) else told


def _told(voice: Voice, step: Mapping[str, Any], category: str) -> str:
    key = f"explained.{step['reason']}"
    values: dict[str, Value] = {
        "category": voice.say(f"category.{category}"),
        "channel": voice.say(f"explained.channel.{step['channel']}"),
    }
    return voice.say(key if voice.knows(key) else f"{key}.{step['channel']}", values)
