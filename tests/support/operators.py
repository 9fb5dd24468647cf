"""What an operator says to the API about the delivery queue, and how it answers."""

from collections.abc import Mapping
from typing import Any

from storage.deliveries import Status
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR

QUEUES, DELIVERIES, TRACE = "/v1/ops/queues", "/v1/ops/deliveries", "/v1/ops/trace"
DEAD: Mapping[str, Any] = {"status": Status.DEAD, "ready_at": None, "reason": "hard_bounce"}


async def told(api: HttpApi, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Return what an operator is answered when all is well."""
    answer = await api.call(OPERATOR, method, path, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def wrong(api: HttpApi, method: str, path: str, **more: Any) -> tuple[int, str, list[str]]:
    """Return how an operator is refused: the status, the code and the fields."""
    answer = await api.call(OPERATOR, method, path, **more)
    problem = answer.json()
    return answer.status_code, problem["code"], [each["path"] for each in problem["errors"]]


async def noted(api: HttpApi) -> list[tuple[str, str]]:
    """Return what was noted of operators: what they did to what."""
    log = await told(api, "GET", "/v1/ops/audit")
    return [(each["action"], each["about"]) for each in log["items"]]
