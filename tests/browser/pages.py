"""What a citizen and an officer do on the pages, in their own words."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

SLOW_MS = 20_000


def say(page: Page, text: str) -> None:
    """Type and send."""
    page.get_by_test_id("composer-input").fill(text)
    page.get_by_test_id("composer-send").click()


def last(page: Page, kind: str) -> Locator:
    """The latest message bubble of an event kind."""
    return page.locator(f"[data-testid=message][data-kind={kind}]").last


def answered(page: Page, text: str) -> None:
    """Wait until the latest bot message holds `text`."""
    expect(last(page, "bot_said")).to_contain_text(text, timeout=SLOW_MS)


def press(page: Page, label: str) -> None:
    """Press a quick reply or option of the latest bot message."""
    last(page, "bot_said").get_by_role("button", name=label).first.click()


def sign_in(page: Page, username: str, password: str) -> None:
    """The officer signs in."""
    page.get_by_test_id("desk-login-user").fill(username)
    page.get_by_test_id("desk-login-password").fill(password)
    page.get_by_test_id("desk-login-submit").click()


def shot(page: Page, name: str) -> None:
    """Keep a screenshot when NCZF_SHOTS names a folder."""
    folder = os.environ.get("NCZF_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(900)  # let the scrolling come to rest
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
