"""The story of README.md, with two people in two windows of a real browser."""

import os
import re
from pathlib import Path

from playwright.async_api import Browser, Locator, expect

from tests.browser.window import Window

A_SECOND = 1_000.0
PICTURE = os.environ.get("ORDERWIRE_TEST_PICTURE")
PUSH = re.compile("New order from Anna Brandt.*Push to Sabine Sommer", re.DOTALL)
HELLO = "Hello Sabine! How soon could I see a first sketch?"
ANSWER = "Thank you for your order, Anna! Two directions by tomorrow noon."
UNFINISHED = "Wonderful! One more thing"


class Marketplace:
    """The demo's page, where orders are placed and what leaves the house is shown."""

    def __init__(self, window: Window) -> None:
        self._page = window.page
        self.alerts: Locator = self._page.get_by_role(
            "log", name="What left the house"
        ).get_by_role("listitem")

    async def order(self) -> str:
        """Have the buyer order; return the order's number."""
        said = self._page.get_by_role("status")
        before = await said.inner_text()
        await self._page.get_by_role("button", name="Place an order").click()
        await expect(said).not_to_have_text(before)
        return (await said.inner_text()).removesuffix(" placed")

    async def sees_out(self, number: str, *, pushes: int) -> None:
        """See the mail about an order leave, and its push; pushes do not name orders."""
        mails = self.alerts.filter(has_text="E-mail to Sabine Sommer").filter(has_text=number)
        await expect(mails).to_have_count(1)
        await expect(self.alerts.filter(has_text=PUSH)).to_have_count(pushes)


async def test_an_order_becomes_a_live_thread_a_push_and_an_email(
    demo: str, links: dict[str, str], browser: Browser
) -> None:
    seller = await Window.open(browser, links["seller"])
    buyer = await Window.open(browser, links["buyer"])
    overview = await Window.open(browser, f"{demo}/demo")
    marketplace = Marketplace(overview)
    await seller.speak_english()

    # The buyer orders, and the seller's open page shows the order and its thread at once.
    first = await marketplace.order()
    await expect(seller.conversations).to_have_count(1, timeout=A_SECOND)
    await seller.conversations.filter(has_text="Anna Brandt").click()
    await seller.reads(f"Anna placed order {first}")

    # Both write to each other, and see the other write.
    await buyer.conversations.filter(has_text="Sabine Sommer").click()
    await buyer.write(HELLO)
    await seller.reads(HELLO)
    await seller.write(ANSWER)
    await buyer.reads(ANSWER)
    await expect(seller.thread.get_by_text("Read", exact=True)).to_be_visible()
    await buyer.types(UNFINISHED)
    await seller.reads("Anna is writing")
    if PICTURE:
        await seller.page.screenshot(path=Path(PICTURE))

    # A push was decrypted by the push service, and the mail stands in the mailbox.
    await marketplace.sees_out(first, pushes=1)
    mailbox = await Window.open(browser, f"{demo}/demo/mail")
    await mailbox.page.get_by_role("link", name=re.compile(f"{first}.*sabine@example.com")).click()
    mail = mailbox.page.frame_locator("iframe")
    await expect(mail.get_by_text("Anna Brandt").first).to_be_visible()

    # As the seller wants neither, the next order is live all the same, and nothing leaves.
    await seller.switch("New order: Push", on=False)
    await seller.switch("New order: E-mail", on=False)
    second = await marketplace.order()
    await seller.go("Inbox")
    await expect(seller.conversations).to_have_count(2)
    await seller.go("Alerts")
    told = seller.alerts.filter(has_text="New order from Anna Brandt")
    await expect(told).to_have_count(2)
    await told.first.get_by_role("button", name="Why did I get this?").click()
    await expect(told.first.get_by_text("Not sent")).to_have_count(2)

    # What leaves for the order after it shows that the one before would have been there by now.
    await seller.switch("New order: Push", on=True)
    await seller.switch("New order: E-mail", on=True)
    await marketplace.sees_out(await marketplace.order(), pushes=2)
    await expect(marketplace.alerts.filter(has_text=second)).to_have_count(0)

    for window in (seller, buyer, overview, mailbox):
        assert window.complaints == []
