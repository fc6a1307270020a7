"""The mail with a new link, for packages that have no letter of their own for it."""

from __future__ import annotations

from typing import Final

from amends.engine.services.wording import ENGLISH

WORDS: Final = {
    "en": (
        "Your new link to complaint {reference}",
        "Hello,\n\nyou have asked for a new link to your complaint {reference}. Here it is:\n\n{link}\n\n"
        "Once you send us something with it, earlier links end. "
        "If you asked more than once within an hour, you may use any of the mails. "
        "Whoever has the link can read the complaint, so keep it to yourself.\n\nYou did not ask for it? Then somebody else has typed your "
        "reference and your address. They have seen nothing; only this mail holds the link.",
        "Questions? Tell us: {contact}",
    ),
    "de": (
        "Ihr neuer Link zur Beschwerde {reference}",
        "Guten Tag,\n\nSie haben einen neuen Link zu Ihrer Beschwerde {reference} angefordert. "
        "Hier ist er:\n\n{link}\n\nSobald Sie uns damit etwas senden, gelten "
        "frühere Links nicht mehr. Haben Sie innerhalb einer Stunde mehrmals gefragt, können Sie jede "
        "der E-Mails verwenden. Wer den Link hat, kann die Beschwerde lesen; behalten Sie ihn also für sich.\n\n"
        "Sie haben ihn nicht angefordert? Dann hat jemand anderes Ihr Aktenzeichen und Ihre Adresse eingegeben. "
        "Gesehen hat er nichts; den Link enthält nur diese E-Mail.",
        "Fragen? Sagen Sie es uns: {contact}",
    ),
    "fr": (
        "Votre nouveau lien vers la réclamation {reference}",
        "Bonjour,\n\nvous avez demandé un nouveau lien vers votre réclamation {reference}. "
        "Le voici :\n\n{link}\n\nDès que vous nous envoyez quelque chose avec ce lien, les "
        "liens précédents ne sont plus valables. Si vous l’avez demandé plusieurs fois en une heure, vous pouvez utiliser n’importe lequel "
        "de ces messages. Toute personne qui a ce lien peut lire la réclamation : gardez-le pour vous.\n\nVous ne l’avez pas demandé ? "
        "Quelqu’un d’autre a donc saisi votre référence et votre adresse. Cette personne n’a rien vu ; seul ce message contient le lien.",
        "Des questions ? Dites-le-nous : {contact}",
    ),
    "es": (
        "Su nuevo enlace a la reclamación {reference}",
        "Hola:\n\nha pedido un nuevo enlace a su reclamación {reference}. Aquí lo tiene:\n\n{link}\n\nEn cuanto nos envíe algo con él, los "
        "enlaces anteriores dejan de servir. Si lo ha pedido varias veces en una hora, puede usar cualquiera de los mensajes. "
        "Quien tenga el enlace puede leer la reclamación; guárdelo para usted.\n\n¿No lo ha pedido? Entonces otra persona ha escrito su "
        "referencia y su dirección. No ha visto nada; solo este mensaje contiene el enlace.",
        "¿Preguntas? Díganoslo: {contact}",
    ),
    "ar": (
        "رابطك الجديد إلى الشكوى {reference}",
        "مرحبًا،\n\nلقد طلبت رابطًا جديدًا إلى شكواك {reference}. ها هو:\n\n{link}\n\n"
        "بمجرد أن ترسل إلينا شيئًا عبره تنتهي صلاحية الروابط السابقة. "
        "إذا طلبته أكثر من مرة خلال ساعة، فيمكنك استخدام أي من الرسائل. "
        "كل من لديه الرابط يمكنه قراءة الشكوى، فاحتفظ به لنفسك.\n\nلم تطلبه؟ إذن كتب شخص آخر رقمك المرجعي وعنوانك. "
        "لم يرَ شيئًا؛ فالرابط موجود في هذه الرسالة وحدها.",
        "هل لديك أسئلة؟ أخبرنا: {contact}",
    ),
}  # fmt: skip
"""By language: the subject, the text, and a last paragraph where it is known whom to ask."""


def words_for(language: str, reference: str, link: str, contact: str) -> tuple[str, str]:
    """Subject and text in a language, or in English where we do not have it."""
    subject, text, ask = WORDS.get(language) or WORDS.get(language.partition("_")[0]) or WORDS[ENGLISH]
    body = text.format(reference=reference, link=link) + (f"\n\n{ask.format(contact=contact)}" if contact else "")
    return subject.format(reference=reference), body
