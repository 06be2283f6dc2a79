"""The six jobs as a citizen and an officer do them, in a real browser on the real stack."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.pages import SLOW_MS, answered, last, press, say, shot, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.live]


def test_ask(open_page):
    page = open_page()
    say(page, "身份证丢了怎么补")
    card = page.get_by_test_id("guide-card").last
    expect(card).to_contain_text("居民身份证丢失补领", timeout=SLOW_MS)
    for words in ("40", "居民身份证法", "户口簿", "2026-"):
        expect(card).to_contain_text(words)
    shot(page, "ask")
    say(page, "要多少钱")
    answered(page, "40元")


def test_situation_by_button(open_page):
    page = open_page(width=390, height=844)
    say(page, "身份证丢了怎么补")
    expect(page.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    press(page, "未满16周岁")
    expect(page.get_by_test_id("guide-card").last).to_contain_text("未满16周岁", timeout=SLOW_MS)
    shot(page, "situation-phone")


def test_check(open_page):
    page = open_page()
    say(page, "我的件办到哪了")
    answered(page, "NC")
    say(page, "NC202611030000175")
    answered(page, "后四位")
    say(page, "2468")
    answered(page, "制证中")
    expect(last(page, "bot_said")).to_contain_text("演示")
    shot(page, "check")


def test_book_list_cancel(open_page):
    page = open_page(width=390, height=844)
    say(page, "周六上午想去办居住证")
    answered(page, "哪个大厅")
    press(page, "南昌市政务服务中心")
    answered(page, "时段")
    shot(page, "book-slots-phone")
    press(page, "10:30-11:00")
    answered(page, "姓名")
    say(page, "周敏")
    answered(page, "手机号")
    say(page, "13655550001")
    answered(page, "请核对")
    shot(page, "book-read-back-phone")
    press(page, "确认预约")
    expect(last(page, "bot_said")).to_contain_text(re.compile(r"YY\d{11}"), timeout=SLOW_MS)
    shot(page, "book-voucher-phone")
    say(page, "我的预约")
    answered(page, "1 个有效的预约")
    say(page, "取消预约")
    answered(page, "确定要取消")
    press(page, "确定取消预约")
    answered(page, "已经取消")


def test_reach_a_person_and_rate(open_page, stack):
    citizen, desk = open_page(), open_page("/desk", 1440, 900)
    sign_in(desk, *stack.logins()[0])
    say(citizen, "身份证丢了怎么补")
    expect(citizen.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    citizen.get_by_test_id("handoff-button").first.click()
    expect(citizen.get_by_test_id("queue-banner")).to_contain_text("1", timeout=SLOW_MS)
    shot(citizen, "queue")
    item = desk.get_by_test_id("queue-item").first
    expect(item).to_be_visible(timeout=SLOW_MS)
    item.click()
    desk.get_by_test_id("desk-accept").first.click()
    expect(desk.get_by_test_id("desk-transcript")).to_contain_text("身份证丢了怎么补", timeout=SLOW_MS)
    expect(citizen.get_by_test_id("mode-banner")).to_contain_text("06号", timeout=SLOW_MS)

    citizen.get_by_test_id("composer-input").press_sequentially("临时身份证要多少钱", delay=60)
    suggestion = desk.get_by_test_id("suggestion").filter(has_text="临时").first
    expect(suggestion).to_be_visible(timeout=SLOW_MS)
    citizen.get_by_test_id("composer-send").click()
    expect(desk.get_by_test_id("desk-transcript")).to_contain_text("临时身份证要多少钱", timeout=SLOW_MS)
    suggestion = desk.get_by_test_id("suggestion").filter(has_text="临时").first
    shot(desk, "desk")
    suggestion.get_by_test_id("suggestion-use").click()
    editor = desk.get_by_test_id("desk-editor")
    expect(editor).to_have_value(re.compile("10元|10 元"))
    editor.press("End")
    editor.type(" 您现在方便去派出所吗？")
    desk.get_by_test_id("desk-send").click()
    expect(last(citizen, "agent_said")).to_contain_text("您现在方便去派出所吗", timeout=SLOW_MS)
    expect(last(citizen, "agent_said")).to_contain_text("临时居民身份证办理")
    say(citizen, "方便的，谢谢")
    expect(desk.get_by_test_id("desk-transcript")).to_contain_text("方便的，谢谢", timeout=SLOW_MS)

    desk.get_by_test_id("desk-close").click()
    desk.get_by_test_id("desk-close-solved").click()
    expect(citizen.get_by_test_id("rating-level-5").last).to_be_visible(timeout=SLOW_MS)
    shot(citizen, "rating")
    citizen.get_by_test_id("rating-level-5").last.click()
    citizen.get_by_test_id("rating-submit").last.click()
    answered(citizen, "谢谢您的评价")


def test_reload_keeps_everything_and_doubles_nothing(open_page):
    page = open_page()
    say(page, "居住证怎么办")
    expect(page.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    before = page.get_by_test_id("message").count()
    page.reload()
    expect(page.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_test_id("message")).to_have_count(before)


def test_elder_mode_is_larger_remembered_and_never_scrolls_sideways(open_page):
    page = open_page(width=390, height=844)
    say(page, "身份证丢了怎么补")
    expect(page.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    say(page, "长辈版")
    expect(page.locator("html.elder")).to_have_count(1)
    page.reload()
    expect(page.locator("html.elder")).to_have_count(1)
    expect(page.get_by_test_id("guide-card").first).to_be_visible(timeout=SLOW_MS)
    small = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=message] *')]
            .filter(e => e.children.length === 0 && e.textContent.trim() && e.getClientRects().length
                    && getComputedStyle(e).clip === 'auto' && getComputedStyle(e).clipPath === 'none')
            .map(e => [parseFloat(getComputedStyle(e).fontSize), e.textContent.trim().slice(0, 20)])
            .filter(([size]) => size < 18)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    shot(page, "elder-phone")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_sideways_scroll(open_page, width):
    page = open_page(width=width, height=800)
    say(page, "身份证丢了怎么补")
    expect(page.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_axe_finds_nothing(open_page, stack):
    from tests.browser.axe import violations

    page = open_page()
    say(page, "身份证丢了怎么补")
    expect(page.get_by_test_id("guide-card")).to_be_visible(timeout=SLOW_MS)
    assert violations(page) == []
    desk = open_page("/desk", 1440, 900)
    assert violations(desk) == []
    sign_in(desk, *stack.logins()[1])
    expect(desk.get_by_test_id("desk-login-user")).to_have_count(0, timeout=SLOW_MS)
    assert violations(desk) == []
