"""The obvious way to alert people: one after the other, a call and a connection each.

``python plain_loop.py push|mail PORT COUNT`` sends so many and prints what that cost;
``plain_loop.py orders PORT PUSH_PORT MAIL_PORT`` takes orders over HTTP, and a loop behind it
tells sellers of each by push and mail. No queue on disk, no ledger, no retry: as little as can be.
"""

import asyncio
import json
import sys
import time
from email.message import EmailMessage

import aiosmtplib
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from pywebpush import webpush

LOOPBACK = "127.0.0.1"
SUBJECT = "mailto:ops@market.test"
ROOM = 1_900  # a mail of ours has about 6,000 bytes, a push of ours 250
PAYLOAD = json.dumps(
    {
        "title": "A Buyer ordered A logo",
        "body": "FO123 · €50.00 · due on Friday",
        "link": "https://market.test/orders/0193a2c4-0000-7000-8000-000000000000",
        "tag": "0193a2c4-0000-7000-8000-000000000000",
        "category": "new_order",
        "id": "0193a2c4-0000-7000-8000-000000000000",
    }
)


class Loop:
    def __init__(self, push_port: int, mail_port: int) -> None:
        self.push_port = push_port
        self.mail_port = mail_port
        self.vapid = Vapid02()
        self.vapid.generate_keys()
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": _base64url(raw), "auth": _base64url(bytes(range(16)))}

    def push(self, name: str) -> None:
        endpoint = f"http://{LOOPBACK}:{self.push_port}/push/{name}"
        webpush(
            {"endpoint": endpoint, "keys": self.keys},
            data=PAYLOAD,
            vapid_private_key=self.vapid,
            vapid_claims={"sub": SUBJECT},
            ttl=86_400,
            timeout=10,
        )

    async def mail(self, name: str) -> None:
        message = EmailMessage()
        message["From"] = "Market <no-reply@market.test>"
        message["To"] = f"{name}@market.test"
        message["Subject"] = "New order FO123 from A Buyer"
        message.set_content("A Buyer has ordered A logo.\n" * (ROOM // 28))
        message.add_alternative("<p>A Buyer has ordered A logo.</p>\n" * (ROOM // 36), "html")
        await aiosmtplib.send(message, hostname=LOOPBACK, port=self.mail_port)


def _base64url(raw: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Orders:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.waiting: asyncio.Queue[str] = asyncio.Queue()

    async def place(self, request: web.Request) -> web.Response:
        order = await request.json()
        self.waiting.put_nowait(order["service_id"].removesuffix("-logo"))
        return web.json_response(order, status=201)

    async def tell(self) -> None:
        while True:
            seller = await self.waiting.get()
            await asyncio.to_thread(self.loop.push, seller)
            await self.loop.mail(seller)

    async def serve(self, port: int) -> None:
        app = web.Application()
        app.add_routes([web.post("/v1/orders", self.place)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port).start()
        await self.tell()


async def mails(loop: Loop, count: int) -> None:
    for number in range(count):
        await loop.mail(f"seller{number}")


def main() -> None:
    what, port, *more = sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:])
    if what == "orders":
        asyncio.run(Orders(Loop(*more)).serve(port))
        return
    loop, (count,) = Loop(port, port), more
    began = time.process_time()
    if what == "push":
        for number in range(count):
            loop.push(f"seller{number}")
    else:
        asyncio.run(mails(loop, count))
    print(json.dumps({"cpu": time.process_time() - began}))


if __name__ == "__main__":
    main()
