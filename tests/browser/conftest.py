"""Chromium by Playwright. Where there is none, the tests are skipped loudly, unless it is demanded."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

HOW = (
    "install Chromium (Debian, Ubuntu: `apt-get install chromium fonts-noto-cjk`) "
    "or set NCZF_CHROMIUM to its path"
)


def find_chromium() -> str | None:
    """A Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("NCZF_CHROMIUM") or next((p for p in map(shutil.which, names) if p), None)


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests."""
    path = find_chromium()
    if path is None:
        if os.environ.get("NCZF_REQUIRE_BROWSER"):
            pytest.fail(f"no Chromium found and NCZF_REQUIRE_BROWSER is set: {HOW}")
        pytest.skip(f"BROWSER TESTS SKIPPED, no Chromium found: {HOW}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def faults():
    """Page errors and console errors seen during the test; must stay empty."""
    seen: list[str] = []
    yield seen
    assert seen == []


@pytest.fixture
def open_page(browser, stack, faults):
    """open_page(path, width, height) -> a page in a browser context of its own."""
    contexts = []

    def opened(path: str = "/", width: int = 1280, height: int = 900):
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{path}: {error}"))
        page.on("console", lambda m: faults.append(f"{path}: {m.text}") if m.type == "error" else None)
        page.goto(f"{stack.base}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
