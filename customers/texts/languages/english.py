"""English: what we text, and what customers reply."""

from types import MappingProxyType
from typing import Final

from customers.texts.languages.language import AutoReply, Language, ReplyPhrases, split_list

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
            AutoReply.ASKED: "We did not cancel your pickup on {day}. Reply NO to cancel it. "
            "We forwarded your message to our team.",
            AutoReply.HELP: "{business} texts you on the evening before a pickup. "
            "Reply NO to cancel the pickup, STOP to opt out. For anything else, please call us.",
        }
    ),
    phrases=ReplyPhrases(
        no=split_list(
            "no, n, thanks but no thanks, nope, nah, naw, negative, no thanks, no thank you, no "
            "thank u, no thankyou, no thx, no thnx, no tx, no ty, no tks, no thanx, no thnaks, no "
            "need, no need for {pickup}, no need to come, no need {when}, no need for {pickup} "
            "{when}, not needed, {pickup} not needed, {pickup} is not needed, {pickup} not needed "
            "{when}, no {pickup}, no {pickup} {when}, no {pickup} needed, no {pickup} needed "
            "{when}, no {pickup} necessary, not necessary, not required, not {when}, not at this "
            "time, not for now, no not {when}, no thanks not {when}, none, none {when}, none "
            "needed, nothing, nothing {when}, nothing to pick up, nothing to pickup, nothing to "
            "pick up {when}, nothing to pickup {when}, nothing for pickup, nothing for pickup "
            "{when}, nothing for you, nothing for you {when}, nothing here {when}, nothing from "
            "us {when}, nothing from me {when}, we have nothing, we have nothing {when}, i have "
            "nothing, i have nothing {when}, i dont have anything, i dont have anything {when}, "
            "we dont have anything, we dont have anything {when}, dont have anything {when}, have "
            "nothing {when}, dont need it, dont need it {when}, dont need {pickup}, dont need "
            "{pickup} {when}, we dont need it, we dont need {pickup}, we dont need {pickup} "
            "{when}, i dont need it, i dont need {pickup}, i dont need {pickup} {when}, i do not "
            "need {pickup}, i do not need {pickup} {when}, we do not need {pickup}, we do not "
            "need {pickup} {when}, wont need {pickup}, wont need {pickup} {when}, i wont need "
            "{pickup}, i wont need {pickup} {when}, we wont need {pickup}, we wont need {pickup} "
            "{when}, skip, skip me, skip us, skip it, skip this one, skip {when}, skip me {when}, "
            "skip us {when}, skip {pickup}, skip {pickup} {when}, pass, ill pass, i will pass, we "
            "will pass, pass {when}, ill pass {when}, well pass {when}, we will pass {when}, i "
            "will pass {when}, dont come, dont come {when}, do not come, do not come {when}, dont "
            "pick up, dont pick up {when}, do not pick up, do not pick up {when}, dont stop by, "
            "dont stop by {when}, no laundry, no laundry {when}, no clothes, no clothes {when}, "
            "no dry cleaning, no dry cleaning {when}, no cleaning {when}, no service {when}, no "
            "cancel, no cancel it, no cancel {pickup}, no please cancel, no please cancel it, no "
            "please cancel {pickup}, noo, nooo, noooo, no gracias, no need to stop, no need to "
            "stop by, no need to stop by {when}, no clothes to pick up, no items, no items "
            "{when}, no bags, no bags {when}, no bag {when}, dont need you {when}, we dont need "
            "you {when}, skip tomorrows {pickup}, skip todays {pickup}, skip this weeks {pickup}, "
            "lets skip, lets skip {when}, well skip, well skip {when}, we will skip, we will skip "
            "{when}, ill skip, ill skip {when}, i will skip {when}"
        ),
        cancel=split_list(
            "cancel, cancel it, cancel this, cancel that, cancel this one, cancel {when}, cancel "
            "{pickup}, cancel {pickup} {when}, cancel it {when}, can you cancel, can you cancel "
            "{pickup}, could you cancel {pickup}, i want to cancel, i want to cancel {pickup}, i "
            "need to cancel, i need to cancel {pickup}, we need to cancel, we need to cancel "
            "{when}, i need to cancel {when}, we need to cancel {pickup}, id like to cancel, id "
            "like to cancel {pickup}, i would like to cancel {pickup}, need to cancel, need to "
            "cancel {pickup}, cxl, cancel tomorrows {pickup}, cancel todays {pickup}, cancel this "
            "weeks {pickup}"
        ),
        pickup=split_list(
            "pickup, pick up, pickups, pick ups, a pickup, a pick up, any pickup, the pickup, the "
            "pick up, my pickup, my pick up, our pickup, our pick up, this pickup, collection, "
            "the collection, laundry pickup, laundry pick up, dry cleaning pickup, dry cleaning "
            "pick up"
        ),
        when=split_list(
            "today, tomorrow, tomorrows, tomorow, tommorow, tomorrow morning, tonight, tmrw, "
            "tmrow, tmw, 2moro, this week, this wk, this time, this round, this time around, "
            "right now, now, for today, for tomorrow, for this week, for now, just this once, at "
            "this time, at the moment, for the time being, 2morrow"
        ),
        opt_out=split_list(
            "stop, stop all, stopall, stop texting, stop texting me, stop texts, stop texting us, "
            "stop messaging me, stop sending texts, stop sending me texts, stop these texts, stop "
            "messages, no more texts, no more messages, unsubscribe, unsubscribe me, end, quit, "
            "opt out, optout, opt me out, revoke, remove me, take me off your list, dont text me, "
            "do not text me, dont text me anymore, stop message, stop text, stop sms, stop "
            "alerts, stop contacting me"
        ),
        opt_in=split_list("start, start texts, subscribe, opt in, optin, resume"),
        opt_in_after_stop=split_list("yes, unstop"),
        help=split_list("help, info"),
        thanks=split_list(
            "thanks, thank you, thank u, thankyou, thx, thnx, thanx, tx, tks, ty, tysm, tyvm, "
            "thnaks, thanks so much, thank you so much, thanks a lot, thank you very much, thanks "
            "anyway, thank you anyway, many thanks, much appreciated, appreciate it, i appreciate "
            "it, thanks for asking, thanks for letting me know, thanks for the reminder, thank "
            "you for the reminder, thanks again, thank you again, cheers, ok, okay, okey, okie, "
            "k, kk, okey dokey, alright, all right, got it, great, perfect, cool, awesome, "
            "wonderful, excellent, good, fine, all good, good to know, noted, understood, good "
            "night, goodnight, good evening, have a good night, have a great night, have a good "
            "day, have a great day, have a nice day, have a good one, happy thanksgiving, happy "
            "holidays, lol, haha, thanks for checking, thank you for checking, thanks for "
            "checking in, thank you for checking in, thanks for the heads up, thanks for reaching "
            "out, thank you for reaching out"
        ),
        agreement=split_list(
            "y, yes, yes please, yep, yeah, yea, yup, ya, sure, sure thing, of course, "
            "absolutely, definitely, please come, please do come, come, sounds good, sounds "
            "great, that works, works for me, will do, see you, see you then, see you tomorrow, "
            "see ya, see u, see u tomorrow, see you soon, see you in the morning, c u tomorrow, "
            "no problem, no problems, no prob, np, no worries, no rush, not a problem, its fine, "
            "thats fine, that is fine, im ready, were ready, we are ready, i am ready, ready, bag "
            "is ready, bags are ready, bag is out, bags are out, confirmed, confirm, i confirm, "
            "deal, you bet, ok see you tomorrow, looking forward"
        ),
        fillers=split_list(
            "please, pls, plz, plse, pleas, hi, hello, hey, hi there, hello there, good morning, "
            "good afternoon, sorry, so sorry, im sorry, we are sorry, my apologies, apologies, "
            "sir, maam, guys, team, all, for us, for me, we are good, were good, im good, i am "
            "good, just, actually, oh, we are away, were away, im away, i am away, out of town, "
            "were out of town, we are out of town, im out of town, i am out of town, on vacation, "
            "were on vacation, im on vacation, we are on vacation, i wont be home, we wont be "
            "home, wont be home, not home, im not home, were not home, we are not home"
        ),
    ),
)
