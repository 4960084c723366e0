"""A state machine of the lane protocol: workers, saves and an owner act in any order.

A worker's steps are the product's own: claim, load, build and hold, post, settle. Between two of
them anything may happen: the lease may end, another worker may take over, a save may replace an
identify, the worker may die. A request may arrive at Segment long after it was sent. Segment is a
list of what was accepted; whether an answer arrives is drawn for each request. In the end all is
delivered, and the account is made.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, count, repeat
from random import Random
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from customers.models import Customer
from events.clock import database_now
from events.identify import IDENTIFY
from events.jobs import discard
from events.jobs.run import run_jobs
from events.lanes import lane_control
from events.models import (
    HeldTrack,
    Lane,
    Outgoing,
    RefusedTraits,
    Request,
    SendLog,
    UnansweredIdentify,
)
from events.occurrences import Occurrence
from events.outbox import unanswered
from events.outbox.fan_out import identify_known_customers
from events.outbox.record import record
from events.outbox.rows import Settlement
from events.outbox.settle import settle
from smrt_integration.delivery import responses
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import ClaimedLane, claim_lanes
from smrt_integration.delivery.leases import Leases
from smrt_integration.delivery.load import load
from smrt_integration.delivery.messages import LaneMessages
from smrt_integration.delivery.post import LaneResult, post_into
from smrt_integration.delivery.responses import Response
from smrt_integration.delivery.settle import add_lane_result
from tests.delivery.sending_businesses import (
    record_bulk_visit,
    sending_business,
    sign_up,
    write_key,
)

KEYS = count(1)
# What a rule does, as often as it is named here.
ACTIONS = (
    *["save"] * 6,
    *["round", "end_leases"] * 4,
    *["send", "die_after_posting"] * 3,
    *["step", "visit", "bulk_visit"] * 2,
    "fan_out",
    *["kill", "resume", "discard", "run_jobs"],
    *["refuse_a_waiting_event", "refuse_a_name", "refuse_no_name"],
)
STEPS = 5
"""From the claim to the settling."""
ANSWERS = ("accept", "accept", "accept", "accept unanswered", "lose", "unavailable", "unauthorized")


@dataclass
class Segment:
    """What one source accepted, in the order of arrival, each message id once."""

    accepted: list[dict[str, Any]] = field(default_factory=list)
    refused_ids: set[str] = field(default_factory=set)
    refused_names: set[str] = field(default_factory=set)

    def answer(self, answer: str, batch: list[bytes]) -> Response:
        messages = [json.loads(message) for message in batch]
        if answer == "lose":
            return responses.timed_out()
        if answer == "unavailable":
            return responses.interpret(503, None)
        if answer == "unauthorized":
            return responses.interpret(401, None)
        if any(map(self._refuses, messages)):
            return responses.interpret(400, None)
        known = {message["messageId"] for message in self.accepted}
        self.accepted += [message for message in messages if message["messageId"] not in known]
        is_unanswered = answer == "accept unanswered"
        return responses.timed_out() if is_unanswered else responses.interpret(200, None)

    def _refuses(self, message: dict[str, Any]) -> bool:
        name = message.get("traits", {}).get("firstName")
        return message["messageId"] in self.refused_ids or name in self.refused_names


@dataclass
class Worker:
    """A worker between two of its steps."""

    lanes: list[ClaimedLane] = field(default_factory=list)
    built: list[LaneMessages] = field(default_factory=list)
    sent: list[LaneMessages] = field(default_factory=list)
    results: list[LaneResult] = field(default_factory=list)

    def step(self, answer: Callable[[], str], segment: Segment) -> None:
        """Take the next step: claim, load and build, send, arrive at Segment, or settle."""
        if self.results:
            self.settle()
        elif self.sent:
            self.arrive(answer, segment)
        elif self.built:
            self.send()
        elif self.lanes:
            self.load()
        else:
            now = database_now()
            self.lanes = claim_lanes(now, 1) or claim_lanes(now, 1, failing=True)

    def load(self) -> None:
        lanes, self.lanes = self.lanes, []
        self.built = Leases().hold_in_flight(build(load(lanes, database_now())))

    def send(self) -> None:
        """Send what is built for lanes whose lease is still ours."""
        built, self.built = self.built, []
        tokens = set(Lane.objects.values_list("business_id", "lease_token"))
        self.sent = [m for m in built if (m.lane.business_id, m.lane.token) in tokens]

    def arrive(self, answer: Callable[[], str], segment: Segment) -> None:
        """Let the requests arrive, however long they were under way."""
        sent, self.sent = self.sent, []
        for messages in sent:
            result = LaneResult(messages)
            post_into(
                result, lambda: True, lambda _key, _host, batch, _: segment.answer(answer(), batch)
            )
            self.results.append(result)

    def settle(self) -> None:
        results, self.results = self.results, []
        now, settlement = database_now(), Settlement()
        for result in results:
            add_lane_result(settlement, result, now, lambda: 0.0)
        settle(settlement, now)


class LaneProtocol(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 2**32), is_known=st.booleans())
    def start(self, seed: int, is_known: bool) -> None:
        self.random = Random(seed)
        self.segment = Segment()
        self.business = sending_business(write_key(next(KEYS)))
        self.customers = [sign_up(self.business, first_name="Ann") for _ in range(2)]
        self.numbers = count(1_000_000)
        self.recorded: dict[int, list[int]] = defaultdict(list)
        self.workers = [Worker(), Worker()]
        if is_known:
            self.run_round(self.workers[0], lambda: "accept")

    @rule(action=st.sampled_from(ACTIONS), which=st.sampled_from([0, 0, 1]))
    def act(self, action: str, which: int) -> None:
        """Do one of the actions. The answers follow from the seed."""
        match action:
            case "step":
                self.workers[which].step(self.any_answer, self.segment)
            case "round":
                self.run_round(self.workers[which], self.any_answer)
            case "send":
                self.send(self.workers[which])
            case "kill":
                self.workers[which] = Worker()
            case "die_after_posting":
                self.run_round(self.workers[which], self.any_answer, STEPS - 1)
                self.workers[which] = Worker()
            case "save":
                self.save(which)
            case "visit" | "bulk_visit":
                self.visit(which, is_bulk=action == "bulk_visit")
            case _:
                getattr(self, action)()

    def any_answer(self) -> str:
        return self.random.choice(ANSWERS)

    def run_round(self, worker: Worker, answer: Callable[[], str], steps: int = STEPS) -> None:
        """Take all steps with nothing between, as in most rounds."""
        for _ in range(steps):
            worker.step(answer, self.segment)

    def send(self, worker: Worker) -> None:
        """Take the steps until a request is under way."""
        for _ in range(STEPS):
            if not worker.sent:
                worker.step(self.any_answer, self.segment)

    def end_leases(self) -> None:
        """Time passes: the leases of workers that are dead or held up end, and every pause."""
        now = database_now()
        ended = now - timedelta(seconds=1)
        lanes = Lane.objects.filter(business=self.business)
        lanes.filter(lease_until__gt=ended).update(lease_until=ended)
        lanes.filter(resume_at__gt=now).update(resume_at=now)

    def save(self, which: int) -> None:
        """Change a trait, every second time to what it was before."""
        customer = self.customers[which]
        customer.first_name = "Ben" if customer.first_name == "Ann" else "Ann"
        customer.save()

    def visit(self, which: int, *, is_bulk: bool) -> None:
        number, customer = next(self.numbers), self.customers[which]
        if is_bulk:
            record_bulk_visit(customer, number)
        else:
            facts = {"visit_type": "Store"}
            record(customer.pk, [Occurrence("Customer Visit", number, timezone.now(), facts)])
        self.recorded[customer.pk].append(number)

    def fan_out(self) -> None:
        """Identify all customers, as after a change of their brand."""
        identify_known_customers(
            self.business.pk, [customer.pk for customer in self.customers], timezone.now()
        )

    def refuse_a_waiting_event(self) -> None:
        row = (
            Outgoing.objects.filter(business=self.business)
            .exclude(event=IDENTIFY)
            .order_by("id")
            .first()
        )
        at_segment = {message["messageId"] for message in self.segment.accepted}
        if row and row.message_id not in at_segment:
            self.segment.refused_ids.add(row.message_id)

    def refuse_a_name(self) -> None:
        self.segment.refused_names = {"Ben"}

    def refuse_no_name(self) -> None:
        self.segment.refused_names = set()

    def resume(self) -> None:
        lane_control.resume(self.business.pk)

    def discard(self) -> None:
        backlog = discard.read_backlog(self.business.pk, None)
        discard.request_discard(
            backlog, self.business.pk, self.business.time_zone, None, database_now(), None, None
        )

    def run_jobs(self) -> None:
        run_jobs(database_now())

    def teardown(self) -> None:
        if hasattr(self, "business"):
            try:
                self.drain()
                self.check()
            finally:
                self.forget()

    def drain(self) -> None:
        """Let everything be delivered: no faults, no refusals, and details that Segment takes."""
        self.segment.refused_names = set()
        for customer in self.customers:
            if RefusedTraits.objects.filter(customer=customer).exists():
                customer.last_name = "Accepted"
                customer.save()
        worker = Worker()
        for _ in range(40):
            self.end_leases()
            run_jobs(database_now())
            lane_control.resume_halted(self.business.pk)
            for _ in range(STEPS):
                worker.step(lambda: "accept", self.segment)
            if not self.rows(Outgoing) and not self.rows(HeldTrack):
                break
        unanswered.resolve_all(database_now())
        assert self.rows(Outgoing) == self.rows(HeldTrack) == self.rows(UnansweredIdentify) == []
        leased = Lane.objects.filter(business=self.business, lease_until__gt=database_now())
        assert not leased.exists(), "the lane is leased although nothing waits"

    def rows(self, model: Any) -> list[Any]:
        return list(model.objects.filter(business=self.business))

    def check(self) -> None:
        """Make the account of what was recorded, what Segment has, and what the log says."""
        log = list(SendLog.objects.filter(business=self.business).order_by("id"))
        outcomes = {entry.message_id: entry.outcome for entry in log}
        assert len(outcomes) == len(log), "a message has two entries in the log"
        at_segment = {message["messageId"] for message in self.segment.accepted}
        assert at_segment <= outcomes.keys(), "Segment has a message that is in no log entry"
        for message_id, outcome in outcomes.items():
            if outcome != "unconfirmed":
                assert (outcome == "accepted") == (message_id in at_segment), (
                    f"the log says {outcome}, Segment says otherwise"
                )
        numbers = {entry.message_id: entry.subject_id for entry in log}
        for customer in self.customers:
            self._check_customer(customer, numbers, log)

    def _check_customer(
        self, customer: Customer, numbers: dict[str, int], log: list[SendLog]
    ) -> None:
        recorded = self.recorded[customer.pk]
        logged = [e for e in log if e.customer_id == customer.pk and e.event == "Customer Visit"]
        visits = {entry.subject_id for entry in logged} & set(recorded)
        assert visits == set(recorded), "an event is in no log entry"
        messages = [m for m in self.segment.accepted if m["userId"] == str(customer.uuid)]
        tracks = [numbers[m["messageId"]] for m in messages if m["type"] == "track"]
        sent = [number for number in tracks if number in recorded]
        assert sent == sorted(sent), "a customer's events are out of order"
        identifies = [m for m in messages if m["type"] == "identify"]
        if messages:
            assert messages[0]["type"] == "identify", "an event came before the first identify"
            assert identifies[-1]["traits"]["firstName"] == customer.first_name, "older traits last"

    def forget(self) -> None:
        for model in (Outgoing, HeldTrack, UnansweredIdentify, Request):
            model.objects.filter(business=self.business).delete()
        Lane.objects.filter(business=self.business).update(stopped="Forgotten.")


class Replay(LaneProtocol):
    """One history: what was done, by or to which worker or customer, and Segment's answers."""

    def __init__(self, actions: str, answers: str = "", is_known: bool = True) -> None:
        """`actions` as in "save 0, send 1". Requests beyond `answers` are accepted."""
        super().__init__()
        self.answers = chain(filter(None, answers.split(", ")), repeat("accept"))
        self.start(0, is_known)
        for action in actions.split(", "):
            name, _, which = action.partition(" ")
            self.act(name, int(which or 0))

    def any_answer(self) -> str:
        return next(self.answers)
