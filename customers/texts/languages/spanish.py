"""Spanish: what we text, and what customers reply."""

from types import MappingProxyType
from typing import Final

from customers.texts.languages.language import AutoReply, Language, ReplyPhrases, split_list

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
            AutoReply.ASKED: "No hemos cancelado su recogida del {day}. Responda NO para "
            "cancelarla. Hemos enviado su mensaje a nuestro equipo.",
            AutoReply.HELP: "{business} le escribe la noche antes de una recogida. "
            "Responda NO para cancelarla, STOP para no recibir más mensajes. "
            "Para otra cosa, llámenos.",
        }
    ),
    phrases=ReplyPhrases(
        no=split_list(
            "no, nop, nope, no gracias, no muchas gracias, gracias pero no, no hace falta, no "
            "hace falta {when}, no es necesario, no es necesario {when}, no necesito, no necesito "
            "nada, no necesito nada {when}, no necesito {pickup}, no necesito {pickup} {when}, no "
            "necesitamos, no necesitamos nada, no necesitamos {pickup}, no necesitamos {pickup} "
            "{when}, por ahora no, no por ahora, ahora no, no ahora, {when} no, no {when}, {when} "
            "no gracias, no vengan, no venga, no vengan {when}, no venga {when}, no pasen, no "
            "pase, no pasen {when}, no pase {when}, no recojan, no recojan {when}, no recoja "
            "{when}, sin {pickup}, sin {pickup} {when}, no {pickup}, no {pickup} {when}, no hay "
            "nada, no hay nada {when}, no hay ropa, no hay ropa {when}, no tengo nada, no tengo "
            "nada {when}, no tenemos nada, no tenemos nada {when}, no tengo ropa, no tengo ropa "
            "{when}, nada, nada {when}, nada por {when}"
        ),
        cancel=split_list(
            "cancelar, cancela, cancele, cancelen, cancelar {pickup}, cancele {pickup}, cancela "
            "{pickup}, cancelen {pickup}, cancelar {when}, cancele {when}, cancelar {pickup} "
            "{when}, cancele {pickup} {when}, quiero cancelar, quiero cancelar {pickup}, anular, "
            "anule {pickup}"
        ),
        pickup=split_list(
            "recogida, la recogida, mi recogida, recogidas, recolección, la recolección, "
            "recoleccion, la recoleccion, la visita, servicio, el servicio"
        ),
        when=split_list(
            "hoy, mañana, manana, esta semana, esta vez, para hoy, para mañana, por hoy, por "
            "mañana, de mañana, de hoy, por esta semana, para esta semana, por esta vez, en esta "
            "ocasión"
        ),
        opt_out=split_list(
            "stop, alto, parar, basta, no más mensajes, no mas mensajes, cancelar suscripción, "
            "cancelar suscripcion, baja, darme de baja, no me escriban, no me manden mensajes, no "
            "me envíen mensajes"
        ),
        opt_in=split_list("start, empezar, comenzar, alta"),
        opt_in_after_stop=split_list("sí"),
        help=split_list("ayuda, info, información"),
        thanks=split_list(
            "gracias, muchas gracias, mil gracias, gracias por avisar, gracias por preguntar, ok, "
            "okay, okey, oki, vale, bueno, bien, muy bien, está bien, esta bien, perfecto, "
            "genial, excelente, entendido, listo, de acuerdo, buenas noches, buen día, feliz día, "
            "saludos, un saludo, igualmente, jaja"
        ),
        agreement=split_list(
            "sí, si, sí por favor, si por favor, claro, claro que sí, claro que si, por supuesto, "
            "hasta mañana, nos vemos, nos vemos mañana, los espero, las espero, aquí los espero, "
            "aquí estaré, confirmado, confirmo, no hay problema, ningún problema, no pasa nada, "
            "no se preocupe, no se preocupen, no te preocupes, sin problema, vengan, pasen, no "
            "dude, no duden"
        ),
        fillers=split_list(
            "por favor, porfavor, porfa, porfis, hola, buenas, buenos días, buenos dias, buenas "
            "tardes, lo siento, disculpe, disculpen, perdón, perdon, señor, señora, estamos "
            "fuera, estoy fuera, estamos de viaje, estoy de viaje, de vacaciones, estamos de "
            "vacaciones"
        ),
    ),
)
