"""The outbox, the send log, and resending."""

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

from events.jobs import resend
from events.models import HeldTrack, Outcome, Outgoing, SendLog
from events.outbox import pages as outbox_pages
from events.send_log import lookup, search
from events.send_log import pages as log_pages
from events.send_log.entries import LogPosition
from events.send_log.filter import MessageFilter, SearchResult
from events.send_log.resendable import OFF_REASON, why_not_resendable
from smrt_integration.api.errors import Conflict
from smrt_integration.api.pagination import KeysetPagination
from smrt_integration.api.resources.message_filters import (
    MessageFilterSerializer,
    MessageSearchSerializer,
    ResendFilterSerializer,
    SendLogSearchSerializer,
)
from smrt_integration.api.viewsets import BusinessViewSet

OUTCOME_HELP: Final = (
    "accepted: Segment accepted it. rejected: refused by Segment, or it could not be built. "
    "skipped: not sent, see the reason. expired: it waited for 30 days. unconfirmed: Segment may "
    "have it, no response came."
)
NOTHING_MATCHES: Final = (
    "No message that matches can be sent again: Segment has them, or they were sent again already."
)
MESSAGE_NOT_FOUND: Final = "There is no message with this id."
MESSAGE_ID_PARAMETER: Final = OpenApiParameter(
    "message_id", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, OpenApiParameter.PATH
)


class MessageSerializer(serializers.Serializer[Any]):
    """What the outbox and the send log both say about a message."""

    message_id = serializers.CharField(
        help_text="The messageId in Segment. It is the same for every attempt and resend."
    )
    event = serializers.CharField(help_text="The name of the event, or identify.")
    customer = serializers.UUIDField(
        source="user_id", help_text="The id of the customer, who may have been deleted since."
    )
    occurred_at = serializers.DateTimeField(help_text="When the event happened.")
    attempts = serializers.IntegerField(help_text="How often it was posted to Segment.")


class WaitingMessageSerializer(MessageSerializer):
    """A message in the outbox."""

    recorded_at = serializers.DateTimeField(help_text="When the message was put in the outbox.")
    last_error = serializers.CharField(help_text="Why the last attempt failed, or empty.")
    held_at = serializers.DateTimeField(
        allow_null=True,
        default=None,
        help_text="Since when it waits because Segment refused the customer's details, or null.",
    )


class SendLogEntrySerializer(MessageSerializer):
    """The outcome of a message."""

    sent_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was posted to Segment. Null if never."
    )
    settled_at = serializers.DateTimeField(help_text="When the outcome was recorded.")
    outcome = serializers.ChoiceField(Outcome.choices, help_text=OUTCOME_HELP)
    reason = serializers.CharField(
        help_text="Why it was not accepted, or what was left out so that it was. Else empty."
    )


class SendLogEntryDetailSerializer(SendLogEntrySerializer):
    """The outcome of a message, with the message as it was sent."""

    message = serializers.DictField(
        allow_null=True, help_text="The message as it was sent, with the customer's link masked."
    )
    not_again = serializers.SerializerMethodField(
        help_text="Why it cannot be sent again. Empty if it can."
    )

    def get_not_again(self, entry: SendLog) -> str:
        return why_not_resendable(resend.resend_case(entry, entry.business.clock, timezone.now()))


class JobSerializer(serializers.Serializer[Any]):
    """How much is sent again."""

    messages = serializers.IntegerField(
        help_text="How many messages are sent again. A worker may still have to queue them."
    )


def _outbox_position(position: Any) -> int | None:
    return position[0] if position else None


def _log_position(position: Any) -> LogPosition | None:
    return LogPosition(datetime.fromisoformat(position[0]), position[1]) if position else None


class MessageViewSet(BusinessViewSet):
    """The base of the outbox's and the send log's viewsets."""

    filter_serializer_class: ClassVar[type[MessageFilterSerializer]]
    area = "messages"
    lookup_field = "message_id"
    lookup_value_converter = "str"
    filter_backends = ()

    def filter_names(self) -> list[str]:
        return [*self.filter_serializer_class().fields]

    def message_filter(
        self, serializer_class: type[MessageFilterSerializer], data: Any
    ) -> MessageFilter:
        """Return the filter that the query or the body describes. Raises ValidationError."""
        filters = self.validated(serializer_class, data)
        customer = filters.pop("customer", None)
        text = filters.pop("search", "")
        brand = filters.pop("brand", None)
        search_result = (
            search.search(text, [self.business.pk])
            if text
            else SearchResult((customer.pk,))
            if customer
            else None
        )
        return MessageFilter(
            (self.business.pk,),
            search_result=search_result,
            brand_id=brand.pk if brand else None,
            **filters,
        )

    def newest_row(self) -> Any:
        """Return the newest row of the message in the path. Raises NotFound."""
        match = search.MESSAGE_ID.fullmatch(self.kwargs["message_id"])
        row = self.find_row(match[0].lower()) if match else None
        if row is None:
            raise NotFound(MESSAGE_NOT_FOUND)
        return row

    def find_row(self, message_id: str) -> Any:
        """Return the business's newest row with this message id, or None."""
        rows: QuerySet[Any] = self.get_queryset().select_related("business")
        return rows.filter(message_id=message_id).order_by("-pk").first()


class WaitingMessageViewSet(MessageViewSet):
    """The outbox: messages that wait to be sent. A sent message moves to the send log."""

    filter_serializer_class = MessageSearchSerializer
    queryset = Outgoing.objects.all()
    serializer_class = WaitingMessageSerializer

    @extend_schema(
        parameters=[MessageSearchSerializer], responses=WaitingMessageSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """List the waiting messages, oldest first.

        With filters, a page may have fewer results than `limit`, or none, and still have a `next`.
        """
        message_filter = self.message_filter(self.filter_serializer_class, request.query_params)
        page_request = KeysetPagination().page_request(request)
        page, before, after = outbox_pages.adjacent_page(
            message_filter,
            page_request.limit,
            after=_outbox_position(page_request.forward_from),
            before=_outbox_position(page_request.backward_from),
        )
        last = page.entries[-1].id if after and page.entries else page.scanned_to
        links = page_request.links(
            [last] if last else None, [page.entries[0].id] if before and page.entries else None
        )
        return Response(
            {**links, "results": WaitingMessageSerializer(page.entries, many=True).data}
        )

    def find_row(self, message_id: str) -> Any:
        held = HeldTrack.objects.filter(business=self.business, message_id=message_id)
        return super().find_row(message_id) or held.first()

    @extend_schema(parameters=[MESSAGE_ID_PARAMETER], responses=WaitingMessageSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Read one waiting message."""
        return self.respond(self.newest_row())


class SendLogEntryViewSet(MessageViewSet):
    """The send log: the outcome of each message. A message sent again has several entries."""

    filter_serializer_class = SendLogSearchSerializer
    queryset = SendLog.objects.all()
    serializer_class = SendLogEntryDetailSerializer

    @extend_schema(
        parameters=[SendLogSearchSerializer], responses=SendLogEntrySerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """List the entries of the send log, newest first."""
        message_filter = self.message_filter(self.filter_serializer_class, request.query_params)
        page_request = KeysetPagination().page_request(request)
        page, newer, older = log_pages.adjacent_page(
            message_filter,
            page_request.limit,
            before=_log_position(page_request.forward_from),
            after=_log_position(page_request.backward_from),
        )
        positions = [list(entry.position) for entry in page.entries]
        links = page_request.links(
            positions[-1] if positions and older else None,
            positions[0] if positions and newer else None,
        )
        return Response({**links, "results": SendLogEntrySerializer(page.entries, many=True).data})

    def find_row(self, message_id: str) -> Any:
        return next(iter(lookup.entries_of(message_id, [self.business.pk])), None)

    @extend_schema(parameters=[MESSAGE_ID_PARAMETER], responses=SendLogEntryDetailSerializer)
    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Read the newest entry of a message, with the message as it was sent."""
        return self.respond(self.newest_row())

    @extend_schema(parameters=[MESSAGE_ID_PARAMETER], request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, **kwargs: Any) -> Response:
        """Send one message again, with the same message id.

        The outcome appears in the send log as a new entry.
        """
        self.expect_no_body()
        entry, now = self.newest_row(), timezone.now()
        sent = resend.resend(
            self.business.pk, log_pages.entries_by_id([entry.pk], [self.business.pk]), None, now
        )
        if not sent:
            raise Conflict(
                why_not_resendable(resend.resend_case(entry, self.business.clock, now))
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
        """Send all messages again that match the filters and can be sent again.

        A worker does this in the background. The outcomes appear in the send log as new entries.
        """
        message_filter = self.message_filter(ResendFilterSerializer, request.data)
        job = resend.request_resend(replace(message_filter, resendable=True), None, timezone.now())
        if job is None and self._is_enabled():
            raise Conflict(NOTHING_MATCHES, "nothing_matches")
        if job is None:
            raise Conflict(OFF_REASON, "switched_off")
        return Response({"messages": job.expected}, 202)

    def _is_enabled(self) -> bool:
        integration = getattr(self.business, "integration", None)
        return bool(integration and integration.enabled)
