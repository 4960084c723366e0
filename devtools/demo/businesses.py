"""The three demo businesses, all made up.

One has several brands, one is in Segment's EU region, and one is switched off.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import NAMESPACE_DNS, UUID, uuid5

from customers.models import (
    Agent,
    Brand,
    Business,
    Customer,
    CustomerGroup,
    Department,
    Discount,
    Employee,
)
from devtools.demo.places import BERLIN, SAN_FRANCISCO, SYDNEY, Place
from events.models import Region


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    name: str
    place: Place
    time_zone: str
    currency: str
    tax_rate: Decimal
    region: Region
    enabled: bool
    write_key: str
    text_number: str
    language: str
    brands: tuple[str, ...]
    stores: tuple[str, ...]
    routes: tuple[str, ...]
    counter: tuple[str, ...]
    drivers: tuple[str, ...]
    departments: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def walk_in(self) -> UUID:
        """The public id of a customer without a name: it finds the business after a rename."""
        return uuid5(NAMESPACE_DNS, f"{self.write_key}.example.com")

    def find(self) -> Business | None:
        walk_in = Customer.objects.filter(uuid=self.walk_in).select_related("business").first()
        return walk_in.business if walk_in else Business.objects.filter(name=self.name).first()


BUSINESSES: Final = (
    DemoBusiness(
        name="Golden Gate Cleaners",
        place=SAN_FRANCISCO,
        time_zone="America/Los_Angeles",
        currency="USD",
        tax_rate=Decimal("8.625"),
        region=Region.US,
        enabled=True,
        write_key="GoldenGateCleanersDemoWriteKey01",
        text_number="+14155550100",
        language="en",
        brands=("Golden Gate Cleaners", "Bay Laundry Club", "Marin Wedding Care"),
        stores=("Mission Street Store", "Marina Store"),
        routes=("Route 1 North Beach", "Route 2 Sunset"),
        counter=("Dana Whitfield", "Luis Ortega"),
        drivers=("Sam Becker", "Tess Nguyễn"),
        departments=("Dry Cleaning", "Laundry", "Alteration", "Wedding"),
        groups=("Neighbors", "VIP"),
    ),
    DemoBusiness(
        name="Reinigung Möwe",
        place=BERLIN,
        time_zone="Europe/Berlin",
        currency="EUR",
        tax_rate=Decimal(19),
        region=Region.EU,
        enabled=True,
        write_key="ReinigungMoeweDemoEuroWriteKey02",
        text_number="+493023125000",
        language="de",
        brands=(),
        stores=("Laden Torstraße",),
        routes=("Tour Kreuzberg",),
        counter=("Käthe Schöne", "Aylin Öztürk"),
        drivers=("Björn Weiß",),
        departments=("Reinigung", "Wäsche", "Änderungen"),
        groups=("Stammkunden",),
    ),
    DemoBusiness(
        name="Harbour Dry Cleaning",
        place=SYDNEY,
        time_zone="Australia/Sydney",
        currency="AUD",
        tax_rate=Decimal(10),
        region=Region.US,
        enabled=False,
        write_key="HarbourDryCleaningDemoWriteKey03",
        text_number="+61491570006",
        language="en",
        brands=(),
        stores=("Circular Quay Store",),
        routes=("Route Manly",),
        counter=("Alby Thorne",),
        drivers=("Kiri Walker",),
        departments=("Dry Cleaning", "Laundry"),
        groups=("Sailors",),
    ),
)


@dataclass(frozen=True, slots=True)
class BusinessRecords:
    """A demo business and its current records."""

    demo: DemoBusiness
    business: Business
    brands: list[Brand]
    stores: list[Agent]
    routes: list[Agent]
    counter: list[Employee]
    drivers: list[Employee]
    departments: list[Department]
    groups: list[CustomerGroup]
    discounts: list[Discount]

    @classmethod
    def read(cls, demo: DemoBusiness, business: Business) -> "BusinessRecords":
        agents = list(Agent.objects.filter(business=business))
        employees = list(Employee.objects.filter(business=business))
        return cls(
            demo,
            business,
            brands=list(Brand.objects.filter(business=business)),
            stores=[agent for agent in agents if agent.kind == Agent.Kind.STORE],
            routes=[agent for agent in agents if agent.kind == Agent.Kind.ROUTE],
            counter=[employee for employee in employees if employee.role == Employee.Role.COUNTER],
            drivers=[employee for employee in employees if employee.role == Employee.Role.DRIVER],
            departments=list(Department.objects.filter(business=business)),
            groups=list(CustomerGroup.objects.filter(business=business)),
            discounts=list(Discount.objects.filter(business=business)),
        )
