"""The webhook for incoming texts: POST /texts/incoming, entered at Twilio for each number."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from customers.texts.receive_reply import ReceivedText, receive_reply


# Twilio signs its requests instead of sending a CSRF token.
@csrf_exempt
@require_POST
def incoming(request: HttpRequest) -> HttpResponse:
    if not is_signed_by_twilio(request):
        return HttpResponse("This is not from Twilio.", content_type="text/plain", status=403)
    text = ReceivedText.of(request.POST.dict())
    if not text.sid:
        return HttpResponse("A MessageSid is missing.", content_type="text/plain", status=400)
    sentence = receive_reply(text)
    twiml = MessagingResponse()
    if sentence:
        twiml.message(sentence)
    return HttpResponse(str(twiml), content_type="text/xml")


def is_signed_by_twilio(request: HttpRequest) -> bool:
    """Check the signature, made with our token over the public address and the whole form.

    The address is the configured one: a proxy may have changed the request's own.
    """
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    address = settings.PUBLIC_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(
        RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(address, request.POST, signature)
    )
