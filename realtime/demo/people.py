"""Who is in the demo: a seller, a buyer and somebody who watches over both."""

from dataclasses import dataclass

from domain.identity import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of them, as the demo page shows them."""

    account: str
    name: str
    role: str
    locale: str
    timezone: str
    email: str
    token_role: Role = Role.ACCOUNT


SELLER = Person(
    account="sabine",
    name="Sabine Sommer",
    role="seller",
    locale="de",
    timezone="Europe/Berlin",
    email="sabine@example.com",
)
BUYER = Person(
    account="anna",
    name="Anna Brandt",
    role="buyer",
    locale="en",
    timezone="Europe/London",
    email="anna@example.com",
)
OPERATOR = Person(
    account="ops",
    name="Olivia Ott",
    role="operator",
    locale="en",
    timezone="UTC",
    email="ops@example.com",
    token_role=Role.OPERATOR,
)
PEOPLE = (SELLER, BUYER, OPERATOR)


def by_account(account: str) -> Person | None:
    """Find a person by account."""
    return next((person for person in PEOPLE if person.account == account), None)


def by_email(address: str) -> Person | None:
    """Find a person by mail address."""
    return next((person for person in PEOPLE if person.email == address.lower()), None)
