"""A person's browser window: what they do in the app, what they see, and what went wrong."""

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

PATIENCE = 10_000
A_KEYSTROKE = 120
SIZE: ViewportSize = {"width": 1280, "height": 800}


class Window:
    """A window whose ``complaints`` are to be none when a story ends.

    They are every warning and error on its console (broken rules of the Content-Security-Policy
    are among them), every exception, and every request that failed or was refused.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", self._threw)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    @classmethod
    async def open(cls, browser: Browser, address: str) -> "Window":
        """Open an address in a window of its own: nothing is shared with other windows."""
        context = await browser.new_context(viewport=SIZE, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        window = cls(await context.new_page())
        await window.page.goto(address)
        return window

    async def go(self, name: str) -> None:
        """Go to one of the app's pages by its name in the navigation."""
        await self.page.get_by_role("navigation").get_by_role("link", name=name).click()

    async def speak_english(self) -> None:
        """Choose English, from German, and go back to the inbox."""
        await self.go("Optionen")
        await self.page.get_by_role("combobox", name="Sprache").select_option("en")
        await self.go("Inbox")

    async def switch(self, name: str, *, on: bool) -> None:
        """Turn an alert on or off in the settings, and see that this was stored."""
        await self.go("Settings")
        switch = self.page.get_by_role("switch", name=name)
        async with self.page.expect_response("**/v1/me/preferences"):
            await switch.set_checked(on)
        await expect(switch).to_be_checked(checked=on)

    @property
    def conversations(self) -> Locator:
        """The rows of the inbox, the liveliest first."""
        return self.page.get_by_role("list", name="Conversations").get_by_role("link")

    @property
    def alerts(self) -> Locator:
        """The rows of the alerts, the newest first."""
        return self.page.get_by_role("list", name="Alerts").get_by_role("listitem")

    @property
    def thread(self) -> Locator:
        """The rows of the thread that is open."""
        return self.page.get_by_role("log")

    @property
    def composer(self) -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name="Message to")

    async def write(self, text: str) -> None:
        """Send a message in the thread that is open."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def types(self, text: str) -> None:
        """Type as people do, and do not send; others are told every two seconds."""
        await self.composer.press_sequentially(text, delay=A_KEYSTROKE)

    async def reads(self, text: str) -> None:
        """See a text in the thread."""
        await expect(self.thread.get_by_text(text)).to_be_visible(timeout=PATIENCE)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _threw(self, error: Error) -> None:
        self.complaints.append(f"exception: {error}")

    def _failed(self, request: Request) -> None:
        self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")
