# ruff: noqa: RUF001 - names as people spell them
"""The places of the made-up customers: typical names, streets and phone numbers."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

AREAS: Final = (415, 510, 628, 650, 707)
GERMAN_MOBILES: Final = ("17139200", "176040690")


@dataclass(frozen=True, slots=True)
class Place:
    """A place. `towns` are city, state and postal code.

    `phone` returns a number for any integer, from ranges that are reserved for films.
    """

    country: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str, str], ...]
    phone: Callable[[int], str]
    number_first: bool = True

    def street(self, random: Random) -> str:
        name, number = random.choice(self.streets), random.randint(1, 180)
        return f"{number} {name}" if self.number_first else f"{name} {number}"


def american_phone(number: int) -> str:
    """Return a number from 555-0100 to 555-0199."""
    return f"+1{AREAS[number // 100 % len(AREAS)]}55501{number % 100:02}"


def german_phone(number: int) -> str:
    """Return a mobile number; every third is a landline in Berlin."""
    if number % 3 == 0:
        return f"+493023125{number % 1000:03}"
    return f"+49{GERMAN_MOBILES[number % 2]}{number % 100:02}"


def australian_phone(number: int) -> str:
    return f"+6125550{number % 10_000:04}"


def email(first_name: str, last_name: str, number: int) -> str:
    """Return an address in ASCII, for names in any script."""
    plain = (
        unicodedata.normalize("NFKD", f"{first_name}.{last_name}")
        .encode("ascii", "ignore")
        .decode()
    )
    letters = "".join(
        letter for letter in plain.lower() if letter.isalnum() or letter == "."
    ).strip(".")
    return f"{letters or 'customer'}{number}@example.com"


SAN_FRANCISCO: Final = Place(
    country="US",
    first_names=(
        "Maya",
        "Sofía",
        "Noah",
        "Aaliyah",
        "Liam",
        "Chloé",
        "Siobhán",
        "Mateo",
        "美玲",
        "Priya",
        "Zoë",
        "Nguyễn",
    ),
    last_names=(
        "Rivera",
        "O’Brien",
        "Nakamura",
        "Johnson",
        "陳",
        "Patel",
        "Núñez",
        "Kowalski",
        "Smith-Jones",
        "Văn Anh",
        "Lee",
        "Okafor",
    ),
    streets=(
        "Example Street",
        "Sample Avenue",
        "Placeholder Lane",
        "Specimen Way",
        "Fiction Boulevard",
    ),
    towns=(
        ("San Francisco", "CA", "94110"),
        ("San Francisco", "CA", "94123"),
        ("Oakland", "CA", "94607"),
        ("Sausalito", "CA", "94965"),
    ),
    phone=american_phone,
)
BERLIN: Final = Place(
    country="DE",
    first_names=(
        "Jürgen",
        "Anneliese",
        "Łukasz",
        "Zoë",
        "Mehmet",
        "Ásta",
        "Søren",
        "Иван",
        "Ελένη",
        "Karl-Heinz",
        "Jana",
    ),
    last_names=(
        "Müller",
        "Groß",
        "Żółkiewski",
        "von der Aue",
        "Yıldız",
        "Þórsdóttir",
        "Petrow",
        "Παπαδοπούλου",
        "Weiß",
        "Öztürk",
    ),
    streets=("Musterstraße", "Beispielallee", "Probeweg", "Platzhaltergasse"),
    towns=(("Berlin", "", "10115"), ("Berlin", "", "10999"), ("Potsdam", "Brandenburg", "14467")),
    phone=german_phone,
    number_first=False,
)
SYDNEY: Final = Place(
    country="AU",
    first_names=(
        "Isla",
        "Oliver",
        "Tjarra",
        "Ruby",
        "Hemi",
        "Chloe",
        "Jack",
        "Mei",
        "Fatima",
        "Angus",
    ),
    last_names=("Wilson", "Nguyen", "Taylor", "Ngata", "Singh", "Brown", "O’Connor", "Haddad"),
    streets=("Example Parade", "Sample Crescent", "Specimen Road"),
    towns=(("Sydney", "NSW", "2000"), ("Manly", "NSW", "2095")),
    phone=australian_phone,
)
