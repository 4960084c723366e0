"""French: what we text, and what customers reply."""

from types import MappingProxyType
from typing import Final

from customers.texts.languages.language import AutoReply, Language, ReplyPhrases, split_list

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
            AutoReply.ASKED: "Notre passage du {day} n'est pas annulé. Répondez NON pour "
            "l'annuler. Nous avons transmis votre message à notre équipe.",
            AutoReply.HELP: "{business} vous écrit la veille d'un passage. Répondez NON pour "
            "l'annuler, STOP pour ne plus recevoir de SMS. Pour le reste, appelez-nous.",
        }
    ),
    phrases=ReplyPhrases(
        no=split_list(
            "non, nan, nope, non merci, non merci beaucoup, merci mais non, merci non, pas "
            "besoin, pas besoin {when}, non pas besoin, pas besoin de {pickup}, pas besoin de "
            "{pickup} {when}, pas la peine, ce nest pas la peine, cest pas la peine, pas "
            "nécessaire, ce nest pas nécessaire, pas {when}, non pas {when}, pas de {pickup}, pas "
            "de {pickup} {when}, rien, rien {when}, rien à prendre, rien à prendre {when}, rien à "
            "récupérer, rien à récupérer {when}, rien pour vous, je nai rien, je nai rien {when}, "
            "nous navons rien, nous navons rien {when}, on na rien, on na rien {when}, je nai "
            "besoin de rien, nous navons besoin de rien, ne venez pas, ne venez pas {when}, ne "
            "passez pas, ne passez pas {when}, non annuler, non annulez, non annulez svp, non "
            "annulez {pickup}"
        ),
        cancel=split_list(
            "annuler, annulez, annule, annulez svp, à annuler, annuler {pickup}, annulez "
            "{pickup}, annuler {when}, annulez {when}, annulez {pickup} {when}, je veux annuler, "
            "je souhaite annuler, je voudrais annuler, jannule, jannule {pickup}"
        ),
        pickup=split_list(
            "passage, le passage, votre passage, mon passage, collecte, la collecte, ramassage, "
            "le ramassage, linge, rendez-vous, le rendez-vous"
        ),
        when=split_list(
            "aujourdhui, demain, demain matin, ce soir, cette semaine, cette fois, cette fois ci, "
            "pour demain, pour aujourdhui, pour cette semaine, pour cette fois, de demain, pour "
            "linstant, pour le moment, maintenant"
        ),
        opt_out=split_list(
            "stop, arrêt, arret, arrêtez, arretez, arrêter, arreter, désabonner, desabonner, "
            "désinscrire, me désinscrire, plus de sms, plus de messages, ne plus recevoir, "
            "résilier"
        ),
        opt_in=split_list("start, reprendre, commencer"),
        opt_in_after_stop=split_list("oui"),
        help=split_list("aide, info, infos"),
        thanks=split_list(
            "merci, merci beaucoup, merci bien, mille mercis, merci à vous, merci de demander, "
            "merci du rappel, merci pour le rappel, ok, okay, oki, daccord, dac, très bien, tres "
            "bien, bien, parfait, super, génial, entendu, compris, bien reçu, cest noté, noté, "
            "bonne soirée, bonne nuit, bonne journée, cordialement, bien cordialement, bien à "
            "vous, cdt, cdlt"
        ),
        agreement=split_list(
            "oui, ouais, oui merci, oui svp, oui sil vous plaît, bien sûr, ça marche, ca marche, "
            "à demain, a demain, à bientôt, pas de problème, pas de probleme, pas de souci, pas "
            "de soucis, aucun problème, aucun souci, pas de quoi, ne vous inquiétez pas, "
            "confirmé, je confirme, je serai là, nous serons là, venez, passez"
        ),
        fillers=split_list(
            "svp, stp, sil vous plaît, sil vous plait, sil te plaît, bonjour, bonsoir, salut, "
            "désolé, désolée, désolés, pardon, excusez moi, malheureusement, madame, monsieur, "
            "nous sommes absents, je suis absent, je suis absente, en vacances, nous sommes en "
            "vacances, je suis en vacances, finalement"
        ),
    ),
)
