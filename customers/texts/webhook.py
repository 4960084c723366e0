"""Where Twilio tells of incoming texts: POST /texts/incoming, to be entered at Twilio for every number."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from customers.texts.receive_reply import ReceivedText, receive_reply


# Twilio holds no form of ours; its signature says more than a token would.
@csrf_exempt
@require_POST
def incoming(request: HttpRequest) -> HttpResponse:
    if not signed_by_twilio(request):
        return HttpResponse("This is not from Twilio.", content_type="text/plain", status=403)
    said = ReceivedText.of(request.POST.dict())
    if not said.sid:
        return HttpResponse("A MessageSid is missing.", content_type="text/plain", status=400)
    sentence = receive_reply(said)
    answer = MessagingResponse()
    if sentence:
        answer.message(sentence)
    return HttpResponse(str(answer), content_type="text/xml")


def signed_by_twilio(request: HttpRequest) -> bool:
    """With our token, over the address at which Twilio knows us (whatever a proxy made of it) and all that was said."""
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    address = settings.PUBLIC_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(
        RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(address, request.POST, signature)
    )
