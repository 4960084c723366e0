"""The box at the top of every page, by keyboard and on the phone."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from customers.models import Customer
from tests.browser.conftest import Visitor
from tests.factories import CustomerFactory, OrderFactory

BOX = "Find a customer, order or message"


@pytest.fixture
def jose(customer: Customer, owner: User, visitor: Visitor) -> Customer:
    customer = CustomerFactory.create(
        business=customer.business, first_name="José", last_name="Núñez", phone="+14155550123"
    )
    OrderFactory.create(customer=customer, number="A-1042")
    visitor.is_logged_in(owner)
    return customer


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_finds_while_typing(jose: Customer, page: Page, width: str) -> None:
    page.goto("/admin/customers/order/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("searchbox", name=BOX)
    expect(box).to_be_focused()
    expect(box).to_be_in_viewport()
    page.keyboard.type("nunez jo")
    found = page.get_by_role("region", name="What was found")
    expect(found.get_by_role("link", name="Order A-1042")).to_be_visible()
    picture(page, f"found_{width}")
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    expect(box).to_be_focused()
    page.keyboard.type("x")
    expect(found).to_contain_text("Nothing found")
    page.keyboard.press("Backspace")
    expect(found.get_by_role("link", name="José Núñez").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(found.get_by_role("link", name="José Núñez").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/customer/{jose.pk}/change/")


def test_enter_leads_to_a_page_of_all_that_was_found(
    jose: Customer, page: Page, width: str
) -> None:
    page.goto("/admin/")
    page.get_by_role("searchbox", name=BOX).fill("0123")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/search/?s=0123")
    expect(page.get_by_role("main").get_by_role("link", name="José Núñez").first).to_be_visible()
    picture(page, f"page_{width}")


def test_a_list_without_results(jose: Customer, page: Page, width: str) -> None:
    page.goto("/admin/customers/customer/?q=nobody")
    expect(page.get_by_role("main")).to_contain_text("Search by name, company, phone")
    picture(page, f"empty_{width}")
