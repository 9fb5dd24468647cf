"""What the place where one writes does before anything is sent, in a real browser."""

from urllib.parse import parse_qs, urlsplit

import httpx2
from playwright.async_api import Browser, expect

from tests.browser.window import Window

ADDRESS = "Write to anna@example.com"


async def a_conversation(demo: str, links: dict[str, str]) -> str:
    """Have the buyer open a conversation before there is an order; return its page."""
    async with httpx2.AsyncClient(base_url=demo) as client:
        token = parse_qs(urlsplit(links["buyer"]).fragment)["token"][0]
        opened = await client.post(
            "/v1/conversations",
            json={"with": "sabine"},
            headers={"Authorization": f"Bearer {token}"},
        )
    return f"{demo}/inbox/{opened.json()['id']}"


async def test_a_draft_goes_on_elsewhere_and_an_address_is_asked_about_before_it_is_sent(
    demo: str, links: dict[str, str], browser: Browser
) -> None:
    thread = await a_conversation(demo, links)
    laptop = await Window.open(browser, links["buyer"])
    phone = await Window.open(browser, links["buyer"])
    for device in (laptop, phone):
        await expect(device.page.get_by_role("navigation")).to_be_visible()
        await device.page.goto(thread)

    # What is begun on one device goes on on the other.
    await laptop.composer.fill(ADDRESS)
    await expect(phone.composer).to_have_value(ADDRESS)

    # An address is asked about, and is sent when its writer means it.
    await phone.composer.press("Enter")
    asked = phone.page.get_by_text("There is no order yet: do you want to share")
    await expect(asked).to_be_visible()
    await expect(phone.thread).to_have_count(0)
    await phone.page.get_by_role("button", name="Send anyway").click()
    await phone.reads(ADDRESS)
    await laptop.reads(ADDRESS)
    await expect(laptop.composer).to_have_value("")
    # Going on to the thread's page cuts short what the page before it asked for.
    complaints = [*laptop.complaints, *phone.complaints]
    assert [each for each in complaints if "ERR_ABORTED" not in each] == []
