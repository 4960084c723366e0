"""The languages that texts are written in and replies are understood in. Pure.

A new language is one more entry here. No other module names one, except that English is always
understood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Final

from customers.business_clock import BusinessClock


class ReplyMeaning(Enum):
    """What a customer's reply means."""

    NO = "no"
    OPT_OUT = "stop"
    OPT_IN = "start"
    OTHER = "other"


class AutoReply(Enum):
    """The automatic reply to a customer's text. The values are stored."""

    CANCELED = "canceled"
    CANCELED_BEFORE = "canceled_already"
    COMPLETED_BEFORE = "done_already"
    DAY_PASSED = "passed"
    VAN_LEFT = "van_left"
    CHANGED = "made_anew"
    WHICH_CUSTOMER = "which"
    NOT_TEXTED = "not_asked"
    OPTED_OUT = "stopped"
    OPTED_IN = "started"
    FORWARDED = "kept"
    NONE = "nothing"


@dataclass(frozen=True)
class Language:
    name: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    wording: str
    nameless: str
    """Replaces `{name}` when no name is known."""
    opt_out: str
    """Ends every nightly text, in any wording of the business."""
    name_separator: str
    replies: Mapping[AutoReply, str]
    words: Mapping[ReplyMeaning, tuple[str, ...]]
    """Compared after `reply_words.simplify`."""

    def day_text(self, day: date, country: str = "US") -> str:
        """Return the weekday and the day. English is written differently in other countries."""
        if not self.day:
            return BusinessClock("UTC", country).weekday_and_day(day)
        return self.day.format(
            weekday=self.weekdays[day.weekday()], day=day.day, month=self.months[day.month - 1]
        )


def split_list(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(","))


ENGLISH: Final = Language(
    name="English",
    weekdays=split_list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    months=split_list(
        "January, February, March, April, May, June, "
        "July, August, September, October, November, December"
    ),
    day="",
    wording="{business}: {name}, our van will come for your pickup tomorrow, {day}. "
    "Reply NO to cancel it.",
    nameless="dear customer",
    opt_out="Reply STOP to opt out.",
    name_separator=" and ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Your pickup on {day} is canceled. Thank you for telling us.",
            AutoReply.CANCELED_BEFORE: "Your pickup on {day} was already canceled.",
            AutoReply.COMPLETED_BEFORE: "Our driver already came for your pickup on {day}, "
            "so there is nothing to cancel.",
            AutoReply.DAY_PASSED: "Your pickup was on {day}, so there is nothing to cancel. "
            "We forwarded your reply to our team.",
            AutoReply.VAN_LEFT: "Our van is already on its way, "
            "so your pickup on {day} was not canceled. Please call us.",
            AutoReply.CHANGED: "Your pickup changed after we texted you, "
            "so nothing was canceled. We forwarded your reply to our team.",
            AutoReply.WHICH_CUSTOMER: "We texted you about pickups for {names}. "
            'Please reply with the name too, such as "NO {first}".',
            AutoReply.NOT_TEXTED: "We have not texted you about a pickup, "
            "so nothing was canceled. We forwarded your reply to our team.",
            AutoReply.OPTED_OUT: "You will get no more texts from {business}. "
            "Reply START to get them again.",
            AutoReply.OPTED_IN: "You will get texts from {business} again. Reply STOP to opt out.",
            AutoReply.FORWARDED: "Thank you. We forwarded your message to our team.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "no, n, nope, nah, no thanks, no thank you, no ty, no pickup, no pick up, "
                "no pickup tomorrow, no pickup please, no cancel, cancel, cancel it, "
                "cancel please, please cancel, cancel pickup, cancel my pickup, "
                "cancel my pickup please, please cancel my pickup, not tomorrow, "
                "no not tomorrow, dont come, please dont come, do not come"
            ),
            ReplyMeaning.OPT_OUT: split_list(
                "stop, stop all, stopall, stop texting, stop texting me, stop texts, stop please, "
                "please stop, unsubscribe, end, quit, opt out, optout"
            ),
            ReplyMeaning.OPT_IN: split_list("start, unstop, start texts, subscribe, opt in, optin"),
        }
    ),
)

SPANISH: Final = Language(
    name="Español",
    weekdays=split_list("lunes, martes, miércoles, jueves, viernes, sábado, domingo"),
    months=split_list(
        "enero, febrero, marzo, abril, mayo, junio, "
        "julio, agosto, septiembre, octubre, noviembre, diciembre"
    ),
    day="{weekday} {day} de {month}",
    wording="{business}: {name}, mañana, {day}, pasaremos a recoger su ropa. "
    "Responda NO para cancelar.",
    nameless="estimado cliente",
    opt_out="Responda STOP para no recibir más mensajes.",
    name_separator=" y ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Su recogida del {day} queda cancelada. Gracias por avisarnos.",
            AutoReply.CANCELED_BEFORE: "Su recogida del {day} ya estaba cancelada.",
            AutoReply.COMPLETED_BEFORE: "Nuestro conductor ya pasó por su recogida del {day}; "
            "no hay nada que cancelar.",
            AutoReply.DAY_PASSED: "Su recogida era el {day}, así que no hay nada que cancelar. "
            "Hemos enviado su respuesta a nuestro equipo.",
            AutoReply.VAN_LEFT: "Nuestra camioneta ya está en camino, "
            "así que su recogida del {day} no se canceló. Por favor, llámenos.",
            AutoReply.CHANGED: "Su recogida cambió después de nuestro mensaje, así que no se "
            "canceló nada. Hemos enviado su respuesta a nuestro equipo.",
            AutoReply.WHICH_CUSTOMER: "Le escribimos sobre recogidas para {names}. "
            'Responda también con el nombre, por ejemplo "NO {first}".',
            AutoReply.NOT_TEXTED: "No le hemos escrito sobre ninguna recogida, así que no se "
            "canceló nada. Hemos enviado su respuesta a nuestro equipo.",
            AutoReply.OPTED_OUT: "Ya no recibirá mensajes de {business}. "
            "Responda START para recibirlos de nuevo.",
            AutoReply.OPTED_IN: "Recibirá de nuevo los mensajes de {business}. "
            "Responda STOP para no recibirlos.",
            AutoReply.FORWARDED: "Gracias. Hemos enviado su mensaje a nuestro equipo.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "no, no gracias, no por favor, cancelar, cancele, cancelar por favor, "
                "cancelar recogida, mañana no, no vengan, no mañana"
            ),
            ReplyMeaning.OPT_OUT: split_list(
                "stop, alto, parar, basta, no más mensajes, cancelar suscripción"
            ),
            ReplyMeaning.OPT_IN: split_list("start, empezar, comenzar"),
        }
    ),
)

GERMAN: Final = Language(
    name="Deutsch",
    weekdays=split_list("Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag"),
    months=split_list(
        "Januar, Februar, März, April, Mai, Juni, "
        "Juli, August, September, Oktober, November, Dezember"
    ),
    day="{weekday}, {day}. {month}",
    wording="{business}: {name}, morgen, {day}, holen wir Ihre Wäsche ab. "
    "Antworten Sie NEIN, um abzusagen.",
    nameless="guten Tag",
    opt_out="Antworten Sie STOPP, um keine SMS mehr zu bekommen.",
    name_separator=" und ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Ihre Abholung am {day} ist abgesagt. Danke für Ihre Nachricht.",
            AutoReply.CANCELED_BEFORE: "Ihre Abholung am {day} war bereits abgesagt.",
            AutoReply.COMPLETED_BEFORE: "Unser Fahrer war am {day} bereits bei Ihnen. "
            "Es gibt nichts mehr abzusagen.",
            AutoReply.DAY_PASSED: "Ihre Abholung war am {day}, es gibt nichts mehr abzusagen. "
            "Wir haben Ihre Antwort an unser Team weitergeleitet.",
            AutoReply.VAN_LEFT: "Unser Wagen ist schon unterwegs, deshalb wurde Ihre Abholung "
            "am {day} nicht abgesagt. Bitte rufen Sie uns an.",
            AutoReply.CHANGED: "Ihre Abholung wurde nach unserer SMS geändert, deshalb wurde "
            "nichts abgesagt. Wir haben Ihre Antwort an unser Team weitergeleitet.",
            AutoReply.WHICH_CUSTOMER: "Wir haben Ihnen wegen Abholungen für {names} geschrieben. "
            'Bitte antworten Sie auch mit dem Namen, zum Beispiel "NEIN {first}".',
            AutoReply.NOT_TEXTED: "Wir haben Ihnen nicht wegen einer Abholung geschrieben, deshalb "
            "wurde nichts abgesagt. Wir haben Ihre Antwort an unser Team weitergeleitet.",
            AutoReply.OPTED_OUT: "Sie bekommen keine SMS mehr von {business}. "
            "Antworten Sie START, um wieder welche zu bekommen.",
            AutoReply.OPTED_IN: "Sie bekommen wieder SMS von {business}. "
            "Antworten Sie STOPP, um keine mehr zu bekommen.",
            AutoReply.FORWARDED: "Danke. Wir haben Ihre Nachricht an unser Team weitergeleitet.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "nein, nee, ne, nö, nein danke, nein bitte nicht, absagen, bitte absagen, "
                "morgen nicht, nein morgen nicht, nicht kommen, bitte nicht kommen"
            ),
            ReplyMeaning.OPT_OUT: split_list("stop, stopp, abmelden, keine sms, keine sms mehr"),
            ReplyMeaning.OPT_IN: split_list("start, anmelden, wieder anmelden"),
        }
    ),
)

FRENCH: Final = Language(
    name="Français",
    weekdays=split_list("lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche"),
    months=split_list(
        "janvier, février, mars, avril, mai, juin, "
        "juillet, août, septembre, octobre, novembre, décembre"
    ),
    day="{weekday} {day} {month}",
    wording="{business} : {name}, nous passons demain, {day}, prendre votre linge. "
    "Répondez NON pour annuler.",
    nameless="bonjour",
    opt_out="Répondez STOP pour ne plus recevoir de SMS.",
    name_separator=" et ",
    replies=MappingProxyType(
        {
            AutoReply.CANCELED: "Notre passage du {day} est annulé. Merci de nous avoir prévenus.",
            AutoReply.CANCELED_BEFORE: "Notre passage du {day} était déjà annulé.",
            AutoReply.COMPLETED_BEFORE: "Notre chauffeur est déjà passé le {day} : "
            "il n'y a plus rien à annuler.",
            AutoReply.DAY_PASSED: "Notre passage était prévu le {day} : il n'y a plus rien à "
            "annuler. Nous avons transmis votre réponse à notre équipe.",
            AutoReply.VAN_LEFT: "Notre camionnette est déjà en route : notre passage du {day} "
            "n'a pas été annulé. Merci de nous appeler.",
            AutoReply.CHANGED: "Notre passage a été modifié après notre SMS : rien n'a été "
            "annulé. Nous avons transmis votre réponse à notre équipe.",
            AutoReply.WHICH_CUSTOMER: "Nous vous avons écrit pour {names}. "
            'Répondez aussi avec le nom, par exemple "NON {first}".',
            AutoReply.NOT_TEXTED: "Nous ne vous avons pas écrit au sujet d'un passage : rien n'a "
            "été annulé. Nous avons transmis votre réponse à notre équipe.",
            AutoReply.OPTED_OUT: "Vous ne recevrez plus de SMS de {business}. "
            "Répondez START pour en recevoir à nouveau.",
            AutoReply.OPTED_IN: "Vous recevrez à nouveau les SMS de {business}. "
            "Répondez STOP pour ne plus en recevoir.",
            AutoReply.FORWARDED: "Merci. Nous avons transmis votre message à notre équipe.",
        }
    ),
    words=MappingProxyType(
        {
            ReplyMeaning.NO: split_list(
                "non, non merci, annuler, annulez, annulez svp, pas demain, non pas demain, "
                "ne venez pas"
            ),
            ReplyMeaning.OPT_OUT: split_list(
                "stop, arrêt, arrêtez, arrêter, désabonner, plus de sms"
            ),
            ReplyMeaning.OPT_IN: split_list("start, reprendre, commencer"),
        }
    ),
)

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH}
)
