"""What the demo starts with, stored by the same services that a marketplace calls."""

from typing import Any

from domain.identity import Identity
from domain.services import ServiceStatus
from realtime.demo.people import BUYER, PEOPLE, SELLER
from realtime.demo.push_service import DemoPushService
from realtime.services.accounts import Accounts
from realtime.services.orders import Orders, PlaceOrder
from realtime.services.services import Services
from realtime.services.views import Shape

SERVICE_ID = "logo-design"
SERVICE_TITLE = "Logo design"
SERVICE: dict[str, Any] = {
    "seller_id": SELLER.account,
    "title": SERVICE_TITLE,
    "status": ServiceStatus.APPROVED,
    "delivery_days": 3,
    "questions": [
        {
            "id": "name",
            "kind": "text",
            "prompt": "Which name shall the logo carry?",
            "required": True,
            "options": [],
            "multiple": False,
        },
        {
            "id": "mood",
            "kind": "choice",
            "prompt": "Which mood fits best?",
            "required": False,
            "options": ["calm", "bold", "playful"],
            "multiple": False,
        },
    ],
}
ORDER = PlaceOrder(
    service_id=SERVICE_ID,
    buyer_id=BUYER.account,
    price_amount=12_050,
    price_currency="EUR",
    answers={"name": "Brandt & Daughters", "mood": "calm"},
)


async def seed(*, accounts: Accounts, services: Services, pushes: DemoPushService) -> None:
    """Store people, service and the seller's push subscription; again is no harm."""
    for person in PEOPLE:
        profile = {
            "name": person.name,
            "email": person.email,
            "locale": person.locale,
            "timezone": person.timezone,
            "avatar_url": None,
        }
        await accounts.put(person.account, profile)
    endpoint, keys = pushes.subscribe(SELLER)
    await accounts.subscribe_push(
        Identity(SELLER.account),
        endpoint=endpoint,
        p256dh=keys.p256dh,
        auth=keys.auth,
        label="Demo",
    )
    await services.put(SERVICE_ID, SERVICE)


async def place_order(orders: Orders, idempotency_key: str) -> Shape:
    """Order the service as its buyer's marketplace would; return the order."""
    order, _ = await orders.place(ORDER, idempotency_key)
    return order
