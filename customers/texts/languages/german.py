"""German: what we text, and what customers reply."""

from types import MappingProxyType
from typing import Final

from customers.texts.languages.language import AutoReply, Language, ReplyPhrases, split_list

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
            AutoReply.ASKED: "Ihre Abholung am {day} ist nicht abgesagt. Antworten Sie NEIN, "
            "um sie abzusagen. Wir haben Ihre Nachricht an unser Team weitergeleitet.",
            AutoReply.HELP: "{business} schreibt Ihnen am Abend vor einer Abholung. "
            "Antworten Sie NEIN, um sie abzusagen, STOPP, um keine SMS mehr zu bekommen. "
            "Für alles andere rufen Sie uns bitte an.",
        }
    ),
    phrases=ReplyPhrases(
        no=split_list(
            "nein, nee, ne, nö, noe, nope, nein danke, nein vielen dank, nee danke, nö danke, "
            "danke nein, nicht nötig, ist nicht nötig, {pickup} nicht nötig, {pickup} ist nicht "
            "nötig, {when} nicht nötig, nein bitte nicht, bitte nicht, bitte nicht {when}, nicht "
            "{when}, {when} nicht, nein {when} nicht, nein nicht {when}, kein bedarf, kein bedarf "
            "{when}, {when} kein bedarf, brauche nichts, brauchen nichts, ich brauche nichts, wir "
            "brauchen nichts, ich brauche {when} nichts, wir brauchen {when} nichts, brauche "
            "{when} nichts, brauchen {when} nichts, keine {pickup}, keine {pickup} {when}, {when} "
            "keine {pickup}, {pickup} nicht {when}, nicht kommen, bitte nicht kommen, {when} "
            "nicht kommen, bitte {when} nicht kommen, {when} bitte nicht kommen, {when} bitte "
            "nicht, kommen sie nicht, kommen sie {when} nicht, kommen sie bitte nicht, kommen sie "
            "bitte {when} nicht, nichts, nix, nichts {when}, {when} nichts, {when} nix, nichts "
            "abzuholen, {when} nichts abzuholen, nichts da, {when} nichts da, nichts dabei, habe "
            "nichts, haben nichts, ich habe nichts, wir haben nichts, ich habe {when} nichts, wir "
            "haben {when} nichts, keine wäsche, keine wäsche {when}, {when} keine wäsche, nein "
            "absagen, nein bitte absagen, nein {pickup} absagen, nein bitte {pickup} absagen"
        ),
        cancel=split_list(
            "absagen, absage, bitte absagen, {pickup} absagen, {pickup} bitte absagen, {pickup} "
            "{when} absagen, {pickup} {when} bitte absagen, ich sage ab, wir sagen ab, sage ab, "
            "storno, stornieren, bitte stornieren, {pickup} stornieren, {pickup} bitte "
            "stornieren, ausfallen lassen, {when} ausfallen lassen, {when} aussetzen, aussetzen, "
            "cancel, cancel bitte"
        ),
        pickup=split_list(
            "abholung, die abholung, meine abholung, unsere abholung, abholungen, abholen, "
            "termin, den termin, der termin"
        ),
        when=split_list(
            "heute, morgen, morgen früh, diese woche, in dieser woche, die woche, diesmal, dieses "
            "mal, für morgen, für heute, für diese woche, am morgen, jetzt, momentan, zurzeit, "
            "zur zeit, im moment"
        ),
        opt_out=split_list(
            "stop, stopp, abmelden, abbestellen, austragen, keine sms, keine sms mehr, keine "
            "nachrichten mehr, bitte keine sms mehr, widerruf"
        ),
        opt_in=split_list("start, anmelden, wieder anmelden"),
        opt_in_after_stop=split_list("ja"),
        help=split_list("hilfe, info"),
        thanks=split_list(
            "danke, vielen dank, besten dank, herzlichen dank, dankeschön, danke schön, danke "
            "sehr, danke ihnen, merci, ok, okay, oki, alles klar, klar, gut, sehr gut, prima, "
            "super, perfekt, passt, wunderbar, verstanden, in ordnung, gute nacht, guten abend, "
            "schönen abend, einen schönen abend, schönen tag, schönen tag noch, viele grüße, "
            "liebe grüße, lg, vg, mfg, mit freundlichen grüßen, gruß, grüße, danke für die info, "
            "danke für die erinnerung, danke der nachfrage"
        ),
        agreement=split_list(
            "ja, jo, jep, jap, jawohl, ja bitte, ja gerne, gerne, sehr gerne, passt gut, geht "
            "klar, bis morgen, bis dann, bis später, kein problem, kein thema, kein ding, keine "
            "sorge, keine eile, bestätigt, bestätige, ich bin da, wir sind da, freue mich, bitte "
            "kommen, kommen sie gerne"
        ),
        fillers=split_list(
            "bitte, hallo, hi, moin, servus, guten tag, guten morgen, sorry, leider, tut mir "
            "leid, es tut mir leid, entschuldigung, sind im urlaub, bin im urlaub, wir sind im "
            "urlaub, ich bin im urlaub, wir sind verreist, ich bin verreist"
        ),
    ),
)
