"""What waits to be sent, what became of every message, and sending again what Segment did not take."""

from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Brand, Customer
from events.jobs import resend
from events.models import Outcome, Outgoing, SendLog
from events.outbox import pages as outbox_pages
from events.send_log import pages as log_pages
from events.send_log import search
from events.send_log.filter import MessageFilter, SearchResult
from events.send_log.pages import LogPosition
from events.send_log.resendable import OFF, SENDABLE, why_not_resendable
from smrt_integration.api.errors import Conflict
from smrt_integration.api.fields import BusinessReferenceField, StrictSerializer
from smrt_integration.api.pagination import KeysetPagination
from smrt_integration.api.viewsets import BusinessViewSet

NOTHING_MATCHES: Final = (
    "Nothing that matches can be sent again: Segment has it, or it was sent again before."
)
MESSAGE_NOT_FOUND: Final = "There is no message with this id here."
MESSAGE_ID_PARAMETER: Final = OpenApiParameter(
    "message_id", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, OpenApiParameter.PATH
)


class MessageSerializer(serializers.Serializer[Any]):
    message_id = serializers.CharField(
        help_text="As Segment knows it: the same on every attempt, and when it is sent again."
    )
    event = serializers.CharField(help_text="An event of the catalogue, or identify.")
    customer = serializers.UUIDField(
        source="user_id", help_text="Also of a customer who was deleted since."
    )
    occurred_at = serializers.DateTimeField()
    attempts = serializers.IntegerField()


class WaitingMessageSerializer(MessageSerializer):
    recorded_at = serializers.DateTimeField()
    last_error = serializers.CharField(
        help_text="What went wrong at the last attempt; empty when nothing did."
    )


class SendLogEntrySerializer(MessageSerializer):
    sent_at = serializers.DateTimeField(
        allow_null=True, help_text="When it left; null when it never did."
    )
    settled_at = serializers.DateTimeField(help_text="When its outcome was known.")
    outcome = serializers.ChoiceField(Outcome.choices)
    reason = serializers.CharField(help_text="Why it was not accepted, in words.")


class SendLogEntryDetailSerializer(SendLogEntrySerializer):
    message = serializers.DictField(
        allow_null=True, help_text="Exactly as it was sent, but with the customer's link masked."
    )
    not_again = serializers.SerializerMethodField(
        help_text="Why it cannot be sent again; empty when it can."
    )

    def get_not_again(self, entry: SendLog) -> str:
        return why_not_resendable(
            resend.resend_case(entry, entry.business.time_zone, timezone.now())
        )


class MessageFilterSerializer(serializers.Serializer[Any]):
    """What of the messages is meant. Each narrows further. Days are the business's."""

    event = serializers.ChoiceField(SENDABLE, required=False)
    first_day = serializers.DateField(required=False)
    last_day = serializers.DateField(required=False)
    customer = BusinessReferenceField(queryset=Customer.objects, required=False)


class SendLogFilterSerializer(MessageFilterSerializer):
    outcome = serializers.ChoiceField(Outcome.choices, required=False)
    brand = BusinessReferenceField(
        queryset=Brand.objects, required=False, help_text="Which the customer had at that time."
    )


class MessageSearchSerializer(MessageFilterSerializer):
    search = serializers.CharField(
        required=False,
        max_length=200,
        help_text="A message id, an order number, or the beginning of a customer's name, email or phone.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "customer" in given and "search" in given:
            raise serializers.ValidationError(
                {"search": ["Give either a customer or something to search for, not both."]}
            )
        return given


class SendLogSearchSerializer(SendLogFilterSerializer, MessageSearchSerializer):
    pass


class ResendFilterSerializer(StrictSerializer, SendLogFilterSerializer):
    """At least one has to be given: nobody means all that was ever refused who has not said so."""

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given:
            raise serializers.ValidationError(
                {"detail": ["Say which messages: give an outcome, an event, a day or a customer."]}
            )
        return given


class JobSerializer(serializers.Serializer[Any]):
    messages = serializers.IntegerField(
        help_text="How many wait now, or will as soon as a worker comes to them."
    )


def _outbox_position(place: Any) -> int | None:
    return place[0] if place else None


def _log_position(place: Any) -> LogPosition | None:
    return LogPosition(datetime.fromisoformat(place[0]), place[1]) if place else None


class MessageViewSet(BusinessViewSet):
    meant: ClassVar[type[MessageFilterSerializer]]
    area = "messages"
    lookup_field = "message_id"
    lookup_value_converter = "str"
    filter_backends = ()

    def filter_names(self) -> list[str]:
        return [*self.meant().fields]

    def matching(self, shape: type[MessageFilterSerializer], said: Any) -> MessageFilter:
        """Raises ValidationError, which names the field."""
        given = self.validated(shape, said)
        customer, text, brand = (
            given.pop("customer", None),
            given.pop("search", ""),
            given.pop("brand", None),
        )
        found = (
            search.find(text, [self.business.pk])
            if text
            else SearchResult((customer.pk,))
            if customer
            else None
        )
        return MessageFilter(
            (self.business.pk,), found=found, brand_id=brand.pk if brand else None, **given
        )

    def newest(self) -> Any:
        """The newest row about the message in the address."""
        rows: QuerySet[Any] = self.get_queryset().select_related("business")
        known = search.MESSAGE_ID.fullmatch(self.kwargs["message_id"])
        row = rows.filter(message_id=known[0].lower()).order_by("-pk").first() if known else None
        if row is None:
            raise NotFound(MESSAGE_NOT_FOUND)
        return row


class WaitingMessageViewSet(MessageViewSet):
    """The outbox: what is still to be sent, oldest first. A message that is gone from here is in the send log."""

    meant = MessageSearchSerializer
    queryset = Outgoing.objects.all()
    serializer_class = WaitingMessageSerializer

    @extend_schema(
        parameters=[MessageSearchSerializer], responses=WaitingMessageSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """What waits. With filters a page may hold fewer than it could, and yet lead to a next one."""
        matching = self.matching(self.meant, request.query_params)
        asked = KeysetPagination().asked(request)
        page, before, after = outbox_pages.around(
            matching,
            asked.most,
            after=_outbox_position(asked.onward),
            before=_outbox_position(asked.back),
        )
        onward = page.entries[-1].id if after and page.entries else page.looked_to
        links = asked.links(
            [onward] if onward else None, [page.entries[0].id] if before and page.entries else None
        )
        return Response(
            {**links, "results": WaitingMessageSerializer(page.entries, many=True).data}
        )

    @extend_schema(parameters=[MESSAGE_ID_PARAMETER], responses=WaitingMessageSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """One message that waits."""
        return self.respond(self.newest())


class SendLogEntryViewSet(MessageViewSet):
    """What became of every message that left the outbox, newest first. A message that was sent again has several entries."""

    meant = SendLogSearchSerializer
    queryset = SendLog.objects.all()
    serializer_class = SendLogEntryDetailSerializer

    @extend_schema(
        parameters=[SendLogSearchSerializer], responses=SendLogEntrySerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """What became of messages."""
        matching = self.matching(self.meant, request.query_params)
        asked = KeysetPagination().asked(request)
        page, newer, older = log_pages.around(
            matching,
            asked.most,
            before=_log_position(asked.onward),
            after=_log_position(asked.back),
        )
        ends = [list(entry.place) for entry in page.entries]
        links = asked.links(
            ends[-1] if ends and older else None, ends[0] if ends and newer else None
        )
        return Response({**links, "results": SendLogEntrySerializer(page.entries, many=True).data})

    @extend_schema(parameters=[MESSAGE_ID_PARAMETER], responses=SendLogEntryDetailSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """The newest entry about a message, with what was sent."""
        return self.respond(self.newest())

    @extend_schema(parameters=[MESSAGE_ID_PARAMETER], request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, **kwargs: Any) -> Response:
        """Send this message again, under its id. What becomes of that is an entry of its own."""
        entry, now = self.newest(), timezone.now()
        sent = resend.resend(
            self.business.pk, log_pages.entries_of([entry.pk], [self.business.pk]), None, now
        )
        if not sent:
            raise Conflict(
                why_not_resendable(resend.resend_case(entry, self.business.time_zone, now))
                or NOTHING_MATCHES,
                "not_again",
            )
        return Response({"messages": sent}, 202)

    @extend_schema(
        request=ResendFilterSerializer,
        responses={202: JobSerializer},
        operation_id="send_log_entries_send_all_again",
    )
    @action(detail=False, methods=["post"], url_path="send-again", url_name="send-again-all")
    def send_all_again(self, request: Request) -> Response:
        """Send everything again that matches and can be. A worker does it."""
        asked = resend.request_resend(
            replace(self.matching(ResendFilterSerializer, request.data), sendable=True),
            None,
            timezone.now(),
        )
        if asked is None:
            raise Conflict(
                *(
                    (NOTHING_MATCHES, "nothing_matches")
                    if self._enabled()
                    else (OFF, "switched_off")
                )
            )
        return Response({"messages": asked.expected}, 202)

    def _enabled(self) -> bool:
        integration = getattr(self.business, "integration", None)
        return bool(integration and integration.enabled)
