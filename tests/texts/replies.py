# ruff: noqa: RUF001 - phones write these apostrophes and quotes
"""Replies as customers write them, by what they mean. All are made up."""

from typing import Final

from customers.texts.languages import ReplyMeaning

OUR_TEXT: Final = (
    "Golden Gate Cleaners: Ann, our van will come for your pickup tomorrow, Tuesday, November 24. "
    "Reply NO to cancel it. Reply STOP to opt out."
)


def lines(text: str) -> tuple[str, ...]:
    r"""Return the lines. `\n` in one stands for a line break."""
    return tuple(line.replace("\\n", "\n") for line in text.strip().splitlines())


ENGLISH: Final[dict[ReplyMeaning, tuple[str, ...]]] = {
    ReplyMeaning.NO: lines(r"""
No
NO
no.
No!
nope
Nope.
Nah
nah thanks
N
No thx
No thanks
No thanks!
No, thanks.
no thank you
No thank you 🙏
No thank u
No ty
No tks
no thnaks
No thanx
No thank you so much
No 🙏
No 👎🏽
“No”
No pickup
No pickup please
No pick up tomorrow
No pickup this week
no pickup this week please
No pickup this week, thank you!
No pickup needed
No pickup needed this week
No pickup necessary
Pickup not needed
Pickup not needed tomorrow, thanks
No need
No need, thanks
No need to come
no need this week
No need for a pickup
No need for a pickup tomorrow
not needed
Not needed, thank you
Not today
Not today thanks
Not tomorrow
Not tomorrow please
Not this week
Not this week, thank you
not this time
Not this time around
No, not this week
No thanks, not this week
Sorry, not this week
Hi, not this week please
Hello, no pickup tomorrow please. Thank you!
None
None this week
Nothing this week
Nothing tomorrow
Nothing to pick up
Nothing to pick up this week
Nothing for pickup tomorrow
Nothing for you today
nothing here this week
We have nothing this week
We have nothing tomorrow, thanks
I have nothing this week
I don't have anything
I dont have anything this week
We don’t have anything tomorrow
I don't need a pickup
I don't need a pickup tomorrow
We don't need a pickup this week
We do not need a pickup this week
We won't need a pickup tomorrow
Wont need a pickup this week thanks
Skip
Skip this week
skip us this week
Skip me tomorrow please
Please skip
Please skip this week
Please skip tomorrow. Thank you
Skip it
Skip this one
Pass
I'll pass
I'll pass this week
We'll pass this week, thanks
We will pass this time
Cancel pls
Cancel please
Please cancel
please cancel tomorrow
Please cancel my pickup
Please cancel my pickup for tomorrow
Cancel my pickup
Cancel my pickup please
cancel the pickup
Cancel pickup tomorrow
Cancel it
Cancel this one
Cancel tomorrow please
I want to cancel
I need to cancel
I need to cancel my pickup
I'd like to cancel my pickup
We need to cancel tomorrow's
Hi, I need to cancel. Thanks!
Ok cancel
No, please cancel it
No cancel
Don't come
Dont come tomorrow
Don’t come please
Do not come tomorrow
Please don't come
Please do not come this week
Don't pick up tomorrow
No laundry this week
no laundry today
No clothes this week, sorry
No dry cleaning this week
No service this week
Sorry no
Sorry, no pickup tomorrow. Thank you
Hi no thanks
Thanks but no thanks
No, we're good
No we are good, thanks
No, I'm out of town
No thanks, we are on vacation
No, we're away
Ok no pickup tomorrow
No\nSent from my iPhone
No thanks\n\nSent from my iPhone
No.\n\nGet Outlook for Android
No thanks\n\nGet Outlook for iOS
no\n\nSent from my Galaxy
No, thank you.\n\nSent via the Samsung Galaxy S24, an AT&T 5G smartphone
Not this week\n--\nAnn Example\nExample & Sons\n415-555-0100
No\n> Golden Gate Cleaners: Ann, our van will come
No thanks\n\nOn Mon, Nov 23, 2026 at 6:00 PM Golden Gate Cleaners wrote:\n> Reply NO to cancel it.
No thanks\n-----Original Message-----\nFrom: Golden Gate Cleaners
No Ann
No thanks, Ann
No thanks\nAnn
No pickup this week.\n\nThanks,\nAnn Example
Not this week - Ann
Not this week. Cheers, Ann
Nooo
No gracias
No need to stop by tomorrow
Cancel tomorrow's pickup please
Please skip this week's pickup
Let's skip this week
We'll skip this week, thanks
No laundry pickup this week
No, nothing at this time. Thank you for checking in!
No. We won't be home
"""),
    ReplyMeaning.CANCEL: lines(r"""
Cancel
CANCEL
cancel.
 Cancel!
"Cancel"
Cancel\n\nSent from my iPhone
Stop. No pickup.
No. Stop texting me
No more texts. Please cancel my pickup.
"""),
    ReplyMeaning.OPT_OUT: lines(r"""
STOP
Stop
stop.
"stop"
 Stop!
Stop 🛑
STOPALL
STOP ALL
Stop all please
UNSUBSCRIBE
Unsubscribe me please
END
QUIT
REVOKE
Revoke.
OPTOUT
OPT OUT
OPT-OUT
opt me out
Stop texting me
Please stop texting me
STOP\n\nSent from my iPhone
Stop, thanks
Stop sending me texts
No more texts please
Do not text me
Don't text me anymore
Remove me
Take me off your list
Stop?
"""),
    ReplyMeaning.OPT_IN: lines("""
START
start
Start.
Start please
Opt in
OPTIN
Subscribe
"""),
    ReplyMeaning.OPT_IN_AFTER_STOP: lines(r"""
YES
Yes
yes!
UNSTOP
Unstop.
Yes\n\nSent from my iPhone
"""),
    ReplyMeaning.HELP: lines("""
HELP
Help
INFO
help!
help please
"""),
    ReplyMeaning.ACKNOWLEDGMENT: lines(r"""
Ok
OK!
ok thanks
Okay
k
Kk
Ok, thank you
Thanks
Thanks!
Thank you
Thank you so much!
Thx
ty
Thank you 😊
Thanks Ann
Thanks for the reminder
Thank you for the reminder!
Thanks, see you tomorrow
Great
Great, thanks!
Perfect
Perfect thank you
Sounds good
Sounds great, thanks
Got it
Got it, thanks
Yes please
Yes, thank you
Yep
Yeah
yup thanks
Sure
Sure thing!
Y
See you tomorrow
See you then!
see ya
C u tomorrow
No problem
No problem!
No problem, see you tomorrow
No worries
No worries, thanks
No rush
np
Will do
Noted
All good
That works
That's fine
Bag is out
Bags are ready
I'm ready
Good night
Have a great day!
👍
👍🏽👍🏽
🙏
❤️
😊😊
👌
✅
Ok 👍
Liked “Golden Gate Cleaners: Ann, our van will come tomorrow. Reply NO to cancel it.”
Loved “Your pickup on Tuesday, November 24 is canceled.”
Disliked “Golden Gate Cleaners: Ann, our van will come for your pickup. Reply NO to cancel it.”
Laughed at “No”
Emphasized “Reply NO to cancel it.”
Emphasised “Reply NO to cancel it.”
Questioned “Golden Gate Cleaners: Ann, our van will come”
Liked "No"
Liked an image
Removed a like from “Golden Gate Cleaners: Ann, our van will come”
Removed a heart from “Reply NO to cancel it”
Reacted 👍 to “Golden Gate Cleaners: Ann, our van”
Reacted 😂 to "Reply NO to cancel it. Reply STOP to opt out."
👍 to “Golden Gate Cleaners: Ann, our van will come. Reply NO to cancel it.”
❤️ to " Golden Gate Cleaners: Ann, our van will come "
👎 to “Reply NO to cancel it.”
Thanks\n\nSent from my iPhone
"""),
    ReplyMeaning.OTHER: lines(r"""
No?
Cancel?
Can you come at 5 instead?
Can you cancel?
Can you cancel my pickup?
Could you come Wednesday instead?
What time?
What time will you be here?
Who is this?
No pickup before 9, right?
Is it too late to say no?
Should I cancel?
Do I have to cancel?
Not tomorrow, can you come Thursday?
No starch please
No starch in the shirts
no crease please
No plastic bags please
No one will be home, bag is at the door
Not home but the bag is on the porch
I'm not home, the bag is at the door
Nobody is home
No hangers
I have no more hangers
I have no idea
No please do come
No come
No, come tomorrow
No, I do want the pickup
No I mean yes
Yes no
Yes cancel
Sure, cancel
Not today, tomorrow
Not tomorrow, this week
not today but tomorrow
Not this week but next week please
No pickup Thursday
Don't forget the blue shirt
Don't cancel
Do not cancel
Please don't cancel my pickup
No don't cancel
No need to cancel
Not cancel
Never cancel my pickup
Don't skip us
Don't skip me this week
No skipping this week please
Please stop ringing the bell
Please stop by tomorrow
Stop by tomorrow
Please start with the shirts
The end of the driveway
Know
Now
Nope the dog won't bite, come on in
No gate code needed
No gate code anymore
No bell, please knock
No later than 9 please
Not before 9
Not until 10
Not sure yet
Maybe
Maybe not
I'll let you know
Call me
I am driving
I'm driving. I'll see your message later.
I am out of the office until Monday
We're good
We won't be home
Not home
Can we skip this week?
Never mind
Please
Hi
Hello
Ann
Ann no
No Carl
No Ann Bob
Wait
Wrong number
My new address is 12 Example Street
The blue shirt has a stain on the collar
I said "no pickup this week please" and you came anyway
No thanks to you my shirt is ruined
no no no this is not my shirt
Cancel the starch
Cancel my subscription to the newspaper and come at nine please
Skip the starch
Nothing fancy, just wash and fold
Nothing has arrived
None of the shirts came back
n/a
N.O.
?
!
...
👎
Ok 👎
❌
🚫
🤷
Nein
Nein danke
Non merci
"""),
}

OTHER_LANGUAGES: Final[dict[str, dict[ReplyMeaning, tuple[str, ...]]]] = {
    "es": {
        ReplyMeaning.NO: lines(r"""
No, gracias
No gracias 🙏
no hace falta
No hace falta, gracias
No es necesario
No es necesario esta semana
Esta semana no
Esta semana no, gracias
No esta semana
Hoy no
Mañana no
mañana no, por favor
No vengan mañana
No pasen esta semana
Por ahora no
No necesito recogida
No tenemos nada esta semana
No tengo ropa
No hay nada mañana
Nada esta semana
Cancelar
Cancelar por favor
Por favor cancelar
Cancele la recogida
Cancele la recogida por favor
Quiero cancelar
Hola, esta semana no, gracias
Lo siento, mañana no
No\nEnviado desde mi iPhone
No, gracias Ann
"""),
        ReplyMeaning.OPT_OUT: lines("Alto\nParar\nbasta\nBaja\nCancelar suscripción\nSTOP"),
        ReplyMeaning.OPT_IN: lines("Empezar\nStart"),
        ReplyMeaning.OPT_IN_AFTER_STOP: lines("Sí"),
        ReplyMeaning.HELP: lines("Ayuda"),
        ReplyMeaning.ACKNOWLEDGMENT: lines(r"""
Gracias
Muchas gracias
Ok, gracias
Vale
Perfecto
Hasta mañana
Sí, por favor
No hay problema
No se preocupe
No pasa nada
Le gustó “Golden Gate: mañana pasaremos. Responda NO para cancelar.”
Le encantó “Responda NO para cancelar.”
No le gustó “Responda NO para cancelar.”
👍 a “Responda NO para cancelar.”
"""),
        ReplyMeaning.OTHER: lines("""
¿Pueden venir a las 5?
¿No?
No cancelar
No cancele
No quiero cancelar
No cancelen la recogida
No almidón
No estoy, la bolsa está en la puerta
Cancelar el almidón
No, sí vengan
"""),
    },
    "de": {
        ReplyMeaning.NO: lines(r"""
Nein
Nein danke
Nein, danke!
Nee
NÖ
Nein, diese Woche nicht
Diese Woche nicht
Diese Woche nicht, danke
Heute nicht
Morgen nicht
Morgen bitte nicht kommen
Nicht nötig
Nicht nötig, danke
Keine Abholung
Keine Abholung diese Woche
Diese Woche keine Abholung bitte
Wir brauchen nichts
Wir haben nichts
Diese Woche nichts
Nichts abzuholen
Bitte nicht kommen
Bitte absagen
Abholung absagen
Abholung bitte absagen
Nein, bitte absagen
Bitte stornieren
Leider nein
Hallo, diese Woche nicht. Danke!
Nein danke\n\nVon meinem iPhone gesendet
Nein, viele Grüße Ann
No
"""),
        ReplyMeaning.CANCEL: lines("Cancel"),
        ReplyMeaning.OPT_OUT: lines("Stopp\nStop\nAbmelden\nKeine SMS mehr"),
        ReplyMeaning.OPT_IN: lines("Anmelden\nStart"),
        ReplyMeaning.OPT_IN_AFTER_STOP: lines("Ja"),
        ReplyMeaning.HELP: lines("Hilfe"),
        ReplyMeaning.ACKNOWLEDGMENT: lines(r"""
Danke
Vielen Dank!
Ok danke
Alles klar
Passt
Ja bitte
Ja, gerne
Bis morgen
Kein Problem
Kein Thema, bis morgen
Gefällt „Golden Gate: morgen holen wir Ihre Wäsche ab. Antworten Sie NEIN, um abzusagen.“
„Antworten Sie NEIN, um abzusagen.“ gefällt mir
Hat „Antworten Sie NEIN, um abzusagen.“ mit „Gefällt mir“ markiert
👍 zu „Antworten Sie NEIN, um abzusagen.“
"""),
        ReplyMeaning.OTHER: lines("""
Kommt der Wagen nach 17 Uhr?
Nein?
Bitte nicht absagen
Nicht absagen
Nein, nicht absagen
Bitte nicht stornieren
Nein, kommen Sie gerne
Nicht klingeln
Bitte nicht klingeln
Keine Stärke bitte
Nicht heute, morgen
Nein doch
Nicht
"""),
    },
    "fr": {
        ReplyMeaning.NO: lines(r"""
Non
Non merci
Non, merci !
Non merci beaucoup
Pas besoin
Pas besoin, merci
Non pas besoin
Pas la peine
Pas cette semaine
Pas cette semaine, merci
Pas demain
Pas demain svp
Pas aujourd’hui
Pas aujourd'hui merci
Rien cette semaine
Rien à prendre
Rien pour demain
Annuler
Annulez svp
Annuler le passage
Ne venez pas
Ne venez pas demain
Pas de passage cette semaine
Bonjour, pas cette semaine, merci
Désolé, pas demain
Non merci\n\nEnvoyé de mon iPhone
Non, annulez
Non merci, bonne soirée. Ann
"""),
        ReplyMeaning.OPT_OUT: lines("STOP\nArrêt\nARRET\nDésabonner\nPlus de SMS"),
        ReplyMeaning.OPT_IN: lines("Reprendre\nStart"),
        ReplyMeaning.OPT_IN_AFTER_STOP: lines("Oui"),
        ReplyMeaning.HELP: lines("Aide"),
        ReplyMeaning.ACKNOWLEDGMENT: lines(r"""
Merci
Merci beaucoup
Ok merci
D'accord
Parfait
Oui merci
À demain
Pas de problème
Pas de souci
Aucun souci, à demain
A aimé « Répondez NON pour annuler. »
A adoré « Répondez NON pour annuler. »
N’a pas aimé « Répondez NON pour annuler. »
👍 à « Répondez NON pour annuler. »
"""),
        ReplyMeaning.OTHER: lines("""
Pouvez-vous venir à 17 h ?
Non ?
N'annulez pas
Ne pas annuler
Pas d'amidon
Non, venez
Pas avant 9 h
Je ne suis pas là, le sac est devant la porte
Pas demain, cette semaine
"""),
    },
}
