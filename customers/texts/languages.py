"""The languages that texts are written and answers are understood in. One entry per language; nothing else has to know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Final


class ReplyMeaning(Enum):
    """What an answer says."""

    NO = "no"
    STOP = "stop"
    START = "start"
    OTHER = "other"


class AutoReply(Enum):
    """What is said by return."""

    CANCELED = "canceled"
    CANCELED_ALREADY = "canceled_already"
    DONE_ALREADY = "done_already"
    PASSED = "passed"
    VAN_LEFT = "van_left"
    MADE_ANEW = "made_anew"
    WHICH = "which"
    NOT_ASKED = "not_asked"
    STOPPED = "stopped"
    STARTED = "started"
    KEPT = "kept"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Language:
    name: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    wording: str
    nameless: str
    """Stands for `{name}` when no name is known."""
    opt_out: str
    """Ends every nightly text, whatever the business wrote."""
    joined: str
    replies: Mapping[AutoReply, str]
    words: Mapping[ReplyMeaning, tuple[str, ...]]
    """In small letters and without punctuation, as `answers.plain` makes them."""

    def in_words(self, day: date) -> str:
        return self.day.format(
            weekday=self.weekdays[day.weekday()], day=day.day, month=self.months[day.month - 1]
        )


def split_list(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


ENGLISH: Final = Language(
    name="English",
    weekdays=split_list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    months=split_list(
        "January, February, March, April, May, June, July, August, September, October, November, December"
    ),
    day="{weekday}, {day} {month}",
    wording="{business}: {name}, our van comes by for your pickup tomorrow, {day}. Answer NO to cancel it.",
    nameless="dear customer",
    opt_out="Answer STOP to get no more texts.",
    joined=" and ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Your pickup on {day} is canceled. Thank you for letting us know.",
            AutoReply.CANCELED_ALREADY: "Your pickup on {day} was canceled already.",
            AutoReply.DONE_ALREADY: "Our driver was here for your pickup on {day} already, so there is nothing to cancel.",
            AutoReply.PASSED: "Your pickup on {day} has passed, so nothing was canceled. We passed your answer on to our team.",
            AutoReply.VAN_LEFT: "Our van is on its way already, so your pickup on {day} was not canceled. Please call us.",
            AutoReply.MADE_ANEW: "Your pickup changed after our text, so nothing was canceled. We passed your answer on to our team.",
            AutoReply.WHICH: 'We texted you about pickups for {names}. Answer with the name as well, such as "NO {first}".',
            AutoReply.NOT_ASKED: "We have not texted you about a pickup, so nothing was canceled. We passed your answer on to our team.",
            AutoReply.STOPPED: "You get no more texts from {business}. Answer START to get them again.",
            AutoReply.STARTED: "You get texts from {business} again. Answer STOP to end them.",
            AutoReply.KEPT: "Thank you. We passed your message on to our team.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "no, n, nope, nah, no thanks, no thank you, no ty, no pickup, no pick up, no pickup tomorrow, "
                "no pickup please, no cancel, cancel, cancel it, cancel please, please cancel, cancel pickup, "
                "cancel my pickup, cancel my pickup please, please cancel my pickup, not tomorrow, no not tomorrow, "
                "dont come, please dont come, do not come"
            ),
            ReplyMeaning.STOP: split_list(
                "stop, stop all, stopall, stop texting, stop texting me, stop texts, stop please, please stop, unsubscribe, "
                "end, quit, opt out, optout"
            ),
            ReplyMeaning.START: split_list("start, unstop, start texts, subscribe, opt in, optin"),
        }
    ),
)

SPANISH: Final = Language(
    name="Español",
    weekdays=split_list("lunes, martes, miércoles, jueves, viernes, sábado, domingo"),
    months=split_list(
        "enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre"
    ),
    day="{weekday} {day} de {month}",
    wording="{business}: {name}, mañana, {day}, pasaremos a recoger su ropa. Responda NO para cancelar.",
    nameless="estimado cliente",
    opt_out="Responda STOP para no recibir más mensajes.",
    joined=" y ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Su recogida del {day} queda cancelada. Gracias por avisarnos.",
            AutoReply.CANCELED_ALREADY: "Su recogida del {day} ya estaba cancelada.",
            AutoReply.DONE_ALREADY: "Nuestro conductor ya pasó por su recogida del {day}; no hay nada que cancelar.",
            AutoReply.PASSED: "Su recogida del {day} ya pasó, así que no se canceló nada. Hemos pasado su respuesta a nuestro equipo.",
            AutoReply.VAN_LEFT: "Nuestra furgoneta ya está en camino, así que su recogida del {day} no se canceló. Por favor, llámenos.",
            AutoReply.MADE_ANEW: "Su recogida cambió después de nuestro mensaje, así que no se canceló nada. "
            "Hemos pasado su respuesta a nuestro equipo.",
            AutoReply.WHICH: 'Le escribimos sobre recogidas para {names}. Responda también con el nombre, por ejemplo "NO {first}".',
            AutoReply.NOT_ASKED: "No le hemos escrito sobre ninguna recogida, así que no se canceló nada. "
            "Hemos pasado su respuesta a nuestro equipo.",
            AutoReply.STOPPED: "Ya no recibirá mensajes de {business}. Responda START para recibirlos de nuevo.",
            AutoReply.STARTED: "Recibirá de nuevo los mensajes de {business}. Responda STOP para no recibirlos.",
            AutoReply.KEPT: "Gracias. Hemos pasado su mensaje a nuestro equipo.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "no, no gracias, no por favor, cancelar, cancele, cancelar por favor, cancelar recogida, mañana no, no vengan, no mañana"
            ),
            ReplyMeaning.STOP: split_list(
                "stop, alto, parar, basta, no más mensajes, cancelar suscripción"
            ),
            ReplyMeaning.START: split_list("start, empezar, comenzar"),
        }
    ),
)

GERMAN: Final = Language(
    name="Deutsch",
    weekdays=split_list("Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag"),
    months=split_list(
        "Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember"
    ),
    day="{weekday}, {day}. {month}",
    wording="{business}: {name}, morgen, {day}, holen wir Ihre Wäsche ab. Antworten Sie NEIN, um abzusagen.",
    nameless="guten Tag",
    opt_out="Antworten Sie STOPP, um keine SMS mehr zu bekommen.",
    joined=" und ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Ihre Abholung am {day} ist abgesagt. Danke für Ihre Nachricht.",
            AutoReply.CANCELED_ALREADY: "Ihre Abholung am {day} war schon abgesagt.",
            AutoReply.DONE_ALREADY: "Unser Fahrer war für Ihre Abholung am {day} schon da, es gibt nichts abzusagen.",
            AutoReply.PASSED: "Ihre Abholung am {day} ist vorbei, es wurde nichts abgesagt. Wir haben Ihre Antwort weitergegeben.",
            AutoReply.VAN_LEFT: "Unser Wagen ist schon unterwegs, Ihre Abholung am {day} wurde nicht abgesagt. Bitte rufen Sie uns an.",
            AutoReply.MADE_ANEW: "Ihre Abholung wurde nach unserer SMS geändert, nichts wurde abgesagt. Wir haben Ihre Antwort weitergegeben.",
            AutoReply.WHICH: 'Wir haben Ihnen wegen Abholungen für {names} geschrieben. Nennen Sie bitte auch den Namen, etwa "NEIN {first}".',
            AutoReply.NOT_ASKED: "Wir haben Ihnen nicht wegen einer Abholung geschrieben, es wurde nichts abgesagt. "
            "Wir haben Ihre Antwort weitergegeben.",
            AutoReply.STOPPED: "Sie bekommen keine SMS mehr von {business}. Mit der Antwort START bekommen Sie wieder welche.",
            AutoReply.STARTED: "Sie bekommen wieder SMS von {business}. Mit der Antwort STOPP bekommen Sie keine mehr.",
            AutoReply.KEPT: "Danke. Wir haben Ihre Nachricht weitergegeben.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "nein, nee, ne, nö, nein danke, nein bitte nicht, absagen, bitte absagen, morgen nicht, nein morgen nicht, "
                "nicht kommen, bitte nicht kommen"
            ),
            ReplyMeaning.STOP: split_list("stop, stopp, abmelden, keine sms, keine sms mehr"),
            ReplyMeaning.START: split_list("start, anmelden, wieder anmelden"),
        }
    ),
)

FRENCH: Final = Language(
    name="Français",
    weekdays=split_list("lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche"),
    months=split_list(
        "janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre"
    ),
    day="{weekday} {day} {month}",
    wording="{business} : {name}, nous passons demain, {day}, prendre votre linge. Répondez NON pour annuler.",
    nameless="bonjour",
    opt_out="Répondez STOP pour ne plus recevoir de SMS.",
    joined=" et ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Notre passage du {day} est annulé. Merci de nous avoir prévenus.",
            AutoReply.CANCELED_ALREADY: "Notre passage du {day} était déjà annulé.",
            AutoReply.DONE_ALREADY: "Notre chauffeur est déjà passé le {day}, il n'y a rien à annuler.",
            AutoReply.PASSED: "Notre passage du {day} est déjà derrière nous, rien n'a été annulé. Votre réponse est transmise à notre équipe.",
            AutoReply.VAN_LEFT: "Notre camionnette est déjà en route, notre passage du {day} n'a pas été annulé. Merci de nous appeler.",
            AutoReply.MADE_ANEW: "Notre passage a changé depuis notre SMS, rien n'a été annulé. Votre réponse est transmise à notre équipe.",
            AutoReply.WHICH: 'Nous vous avons écrit pour {names}. Répondez aussi avec le nom, par exemple "NON {first}".',
            AutoReply.NOT_ASKED: "Nous ne vous avons pas écrit au sujet d'un passage, rien n'a été annulé. "
            "Votre réponse est transmise à notre équipe.",
            AutoReply.STOPPED: "Vous ne recevrez plus de SMS de {business}. Répondez START pour en recevoir à nouveau.",
            AutoReply.STARTED: "Vous recevrez à nouveau les SMS de {business}. Répondez STOP pour ne plus en recevoir.",
            AutoReply.KEPT: "Merci. Votre message est transmis à notre équipe.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "non, non merci, annuler, annulez, annulez svp, pas demain, non pas demain, ne venez pas"
            ),
            ReplyMeaning.STOP: split_list("stop, arrêt, arrêtez, arrêter, désabonner, plus de sms"),
            ReplyMeaning.START: split_list("start, reprendre, commencer"),
        }
    ),
)

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH}
)
