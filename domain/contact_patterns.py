"""How people write down where else they can be reached: the patterns, German and English.

Each of them is bounded in all that it repeats, so a search takes time in proportion to the text.
They are matched against texts in lower case.
"""

import re
from collections.abc import Sequence


def _any(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(words.split(), key=len, reverse=True))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)


# A text that has none of these says nothing of the kind, and most texts have none: to look for
# letters is a hundred times cheaper than to look for patterns.
SIGNS_OF_MAIL = (
    *("@", "(at", "( at", "[at", "[ at", "{at", "{ at", "<at", "(ät", "( ät", "[ät", "(a)", "[a]"),
    *("(aet", "klammeraffe", "affenschwanz"),
)
SIGNS_OF_AT = (" at ", " ät ", " aet ", "_at_", "-at-", "_ät_", "-ät-")
SIGNS_OF_DOT = (
    *(" dot ", " punkt ", " point ", "(dot", "[dot", "{dot", "(punkt", "[punkt", "(.)"),
    *("_dot_", "-dot-", "_punkt_", "-punkt-"),
)
SIGNS_OF_MESSENGERS = (
    *("whats", "telegr", "signal", "skype", "discord", "insta", "viber", "threema", "wechat"),
    *("we chat", "snapchat", "facebook", "messenger", "linkedin", "tiktok", ".me/"),
    *("ig:", "ig @", "fb.com/"),
)
SEVEN_DIGITS = re.compile(r"\d(?:[^\d\n]{0,3}\d){6}")

# --- e-mail -----------------------------------------------------------------------------------

_NAME = r"[a-z0-9äöüß][a-z0-9äöüß._%+-]{0,63}"
_LABEL = r"[a-z0-9äöüß](?:[a-z0-9äöüß-]{0,61}[a-z0-9äöüß])?"
# icon@2x.png is a file
_FILES = _any(
    "png jpg jpeg gif svg webp pdf psd ai eps zip mp4 mov mp3 css js ts html webm tif tiff"
)
_ENDING = rf"(?!(?:{_FILES})\b)[a-z]{{2,18}}"
PROVIDERS = (
    *("gmail", "googlemail", "gmx", "web", "hotmail", "outlook", "yahoo", "icloud", "proton"),
    *("protonmail", "posteo", "aol", "live", "me", "mail", "yandex", "freenet", "t-online"),
    *("mailbox", "tutanota", "hey", "fastmail", "msn"),
)
_PROVIDER = _any(" ".join(PROVIDERS))
_USUAL_ENDINGS = _any(
    "com net org de at ch eu info io co uk fr it es nl be pl cz dk se no us biz me app dev email"
)
_SPELLED_DOT = r"(?:\s?[(\[{]\s?(?:dot|punkt|\.)\s?[)\]}]\s?|\s(?:dot|punkt|point)\s)"
_BRACKETED_AT = r"\s?[(\[{<]\s?(?:at|ät|aet|a|@)\s?[)\]}>]\s?"
_SPELLED_AT = r"\s(?:at|ät|aet|klammeraffe|affenschwanz)\s"

MAILS: Sequence[re.Pattern[str]] = (
    # sam@example.com, sam @ example . com
    _compiled(rf"""(?<![a-z0-9äöüß._%+-]) {_NAME} (?:@\s?|\s@\s) {_LABEL}
        (?:\s?\.\s?{_LABEL}){{0,4}} (?:\.|\s\.\s?) {_ENDING} (?![a-z0-9])"""),
    # sam@example dot com
    _compiled(rf"(?<![a-z0-9äöüß._%+-]) {_NAME} \s?@\s? {_LABEL} {_SPELLED_DOT} {_ENDING} \b"),
    # sam (at) example.com, sam [at] example [dot] com
    _compiled(rf"""(?<![a-z0-9äöüß._%+-]) {_NAME} {_BRACKETED_AT} {_LABEL}
        (?: (?:{_SPELLED_DOT}|\s?\.\s?) {_LABEL} ){{0,3}}
        (?: {_SPELLED_DOT}|\s?\. ) {_ENDING} \b"""),
    # sam at example dot com, sam ät web punkt de
    _compiled(rf"""(?<![a-z0-9äöüß._%+-]) {_NAME} {_SPELLED_AT}
        {_LABEL} {_SPELLED_DOT} (?:{_USUAL_ENDINGS}) \b"""),
    # sam at gmail.com: as bare a word needs a provider behind it
    _compiled(rf"""(?<![a-z0-9äöüß._%+-]) {_NAME} {_SPELLED_AT}
        (?:{_PROVIDER}) (?:\.|\s\.\s?) {_ENDING} \b"""),
    # sam_at_example_dot_com, sam-ät-web-punkt-de
    _compiled(rf"""(?<![a-z0-9äöüß._%+-]) {_NAME} ([_-])(?:at|ät)\1
        {_LABEL} \1(?:dot|punkt)\1 (?:{_USUAL_ENDINGS}) \b"""),
)

# --- numbers that are no telephone's ----------------------------------------------------------

URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]{1,2048}")
_UNIT = (
    r"(?:€|\$|£|eur\b|euro?s?\b|usd\b|chf\b|gbp\b|dollars?\b|%|px\b|pixels?\b|dpi\b|kb\b|mb\b|gb\b"
    r"|bytes?\b|words?\b|wörter|worte?\b|zeichen|characters?\b|followers?\b|views?\b|users?\b"
    r"|stück|pieces?\b|hours?\b|stunden|days?\b|tage\b|seconds?\b|sekunden|ms\b|mm\b|cm\b|km\b|kg\b"
    r"|visitors?\b|besucher|einwohner|subscribers?\b|abonnenten|people\b|records?\b|rows?\b|zeilen)"
)
NO_NUMBERS: Sequence[re.Pattern[str]] = (
    # 2026-11-25, 2026-11-25T10:00, 25.11.2026, 11/25/26, 10:00
    re.compile(r"(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)(?:[t\s]\d{1,2}:\d{2}(?::\d{2})?)?"),
    re.compile(r"(?<!\d)\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?(?:19|20)?\d{2}(?![\d/.-]|\s?\d{3})"),
    re.compile(r"(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)"),
    # 12.050,00, 1,200.50, € 12 000 000, 1 200 000 EUR
    re.compile(r"(?<![\d.,])\d{1,3}(?:[.,' ]\d{3}){1,5}[.,]\d{1,2}(?!\d)"),
    re.compile(r"(?:€|\$|£|\beur|\busd|\bchf|\bgbp)\s?\d(?:[.,' ]{0,1}\d){0,18}"),
    # Behind a part of a number stands no unit: digits are not given back to look for one.
    re.compile(rf"(?<![\d+])\d(?:[.,' ]{{0,1}}\d){{0,18}}+\s?{_UNIT}"),
    # DE89 3704 0044 0532 0130 00
    re.compile(r"\b[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){3,7}(?:\s?[a-z0-9]{1,3})?\b"),
    # 192.168.100.200, v1.22.333.4444, 978-3-16-148410-0
    re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"),
    re.compile(r"\bv\s?\d{1,9}(?:\.\d{1,9}){1,5}"),
    re.compile(r"(?<!\d)97[89][- ]?\d{1,5}[- ]?\d{1,7}[- ]?\d{1,6}[- ]?\d(?!\d)"),
    # OW-10023981, #12345678, order number 12345678, Rechnung Nr. 2026 001 234
    re.compile(r"\b[a-z]{1,6}[-_/]\d[\d-]{0,30}"),
    re.compile(r"#\s?\d[\d -]{0,30}"),
    re.compile(
        r"\b(?:order|orders|bestellung|auftrag|auftrags|bestell|invoice|rechnung|rechnungs|ticket"
        r"|case|tracking|sendungs|sendung|paket|kunden|customer|article|artikel|product|produkt"
        r"|serial|serien|transaction|transaktion|reference|referenz|ref|isbn|ean|vat|ust|steuer"
        r"|job|project|projekt|version|build|id|bug|issue|vorgang|akten|matrikel|commit|sku"
        r"|sha\d{0,3}|md5|hash|checksum|prüfsumme|seed|binary|binär)"
        r"(?:[ -]?(?:id|idnr|nummer|number|nr|no|code|zeichen))?[.:]{0,2}\s{0,2}"
        r"(?:is|ist|lautet|nr\.?|no\.?|number|nummer)?[.:]{0,2}\s{0,2}"
        r"\d(?:[ ./-]{0,1}\d){0,30}"
    ),
)

# --- telephones -------------------------------------------------------------------------------

# Digits with little in between; whether it is one is told by how it begins, or by what stands
# before it.
NUMBER = re.compile(r"(?<![\w#.,/:+-])(?:\+\s?|\(\+?|00)?\d(?:[\s().\-/–_]{0,3}\d){6,40}(?!\w)")
FEWEST_DIGITS, MOST_DIGITS = 7, 15
# 415-555-2671, (415) 555 2671, 1-800-555-0199
AMERICAN = re.compile(r"(?:\+?1[\s.-])?\(?[2-9]\d{2}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4}")
CALLED = re.compile(
    r"(?:\b(?:tel|telefon|phone|telephone|call|ring|text|sms|mobile|mobil|mobilnummer|cell|handy"
    r"|handynummer|rufnummer|telefonnummer|ruf|anrufen|ruft|rufe|dial|fon|whatsapp|signal|telegram"
    r"|viber|threema|fax|festnetz|durchwahl|reach|erreichst|erreichbar|erreichen|nummer|number)\b"
    r"|☎|📞|📱|☏)[^\d\n]{0,30}$"
)
_DIGIT = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|null|eins?|zwei|zwo|drei|vier|fünf"
    r"|fuenf|sechs|sieben|acht|neun|\d)"
)
# zero one seven zero, one two ...: at least seven of them, most in words
SPELLED = re.compile(
    rf"(?<!\w)(?:(?:plus|double|doppel|triple)[\s-])?{_DIGIT}"
    rf"(?:[\s,.\-/]{{1,3}}(?:(?:double|doppel|triple)[\s-])?{_DIGIT}){{6,20}}(?!\w)"
)
VALUES = {
    **{word: value for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )},
    **{word: value for value, word in enumerate(
        ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
    )},
    **{"oh": 0, "ein": 1, "zwo": 2, "fuenf": 5},
    **{str(value): value for value in range(10)},
}  # fmt: skip
NUMBER_WORDS = tuple(word for word in VALUES if not word.isdigit() and len(word) > 2)
SAID_DIGIT = re.compile(r"[a-zäöüß]+|\d")
FEWEST_SAID = 7

# --- messengers -------------------------------------------------------------------------------

_PLATFORM = (
    r"(?:whats\s?app|telegram|signal|skype|discord|viber|threema|we\s?chat|snapchat|instagram"
    r"|insta|facebook|messenger|linkedin|tiktok)"
)
_CHAT = r"(?:whats\s?app|telegram|signal|skype|discord|viber|threema|we\s?chat|snapchat)"
_HANDLE = r"@?[a-z0-9_](?:[\w.-]{1,40}\w)(?:\#\d{4})?"
# What stands in a handle's place without being one is found by having no mark of a handle.
_MARKED = r"(?:@[\w.-]{2,40}|(?=[a-z_.-]{0,40}[\d_.])[a-z0-9_][\w.-]{1,40}\w(?:\#\d{4})?)"
_NAMED = (
    r"(?:\s?-?(?:id|name|username|user|nutzername|benutzername|handle|nick|account|kontakt|tag))"
)
_END = r"(?=\s*(?:$|[\n,;.!?)]))"
_IS = r"(?:\s?[:=]\s?|\s(?:is|ist|lautet|heißt|heisst|unter)\s)"
_PROFILES = r"(?:instagram|facebook|fb|linkedin|tiktok)\.com"
_NO_POST = r"(?!(?:posts?|stor(?:y|ies)|reels?|ads?|feeds?|banners?|beitrag|beiträge)\b)"

HANDLES: Sequence[re.Pattern[str]] = (
    # t.me/sam, wa.me/491701234567, discord.gg/abc
    re.compile(
        r"\b(?:t\.me|telegram\.me|wa\.me|api\.whatsapp\.com|chat\.whatsapp\.com|m\.me|signal\.me"
        r"|signal\.group|discord\.gg|discord\.com/(?:invite|users)|join\.skype\.com|line\.me"
        r"|threema\.id|viber\.me|snapchat\.com/add|facebook\.com/messages)/[\w#+./?=&%-]{2,100}"
    ),
    re.compile(r"\bskype:[\w.:-]{3,40}"),
    # Skype: sam.seller, Telegram: @sam, Discord: sam#1234 - a chat's name alone, at the end of what
    # is said
    re.compile(rf"\b{_CHAT}\s?:\s?{_HANDLE}{_END}"),
    # Skype: live:sam, Discord sam#1234, Threema ID ABCD1234
    re.compile(rf"\bskype{_NAMED}{{0,2}}(?:{_IS}|\s)live:[\w.-]{{1,60}}"),
    re.compile(rf"\bdiscord{_NAMED}{{0,2}}\s[\w.-]{{2,32}}\#\d{{4}}\b"),
    re.compile(rf"\b{_CHAT}{_NAMED}\s{_MARKED}{_END}"),
    # ig: samdesigns, IG @sam
    re.compile(rf"\big\s?(?::\s?{_NO_POST}{_HANDLE}{_END}|@[\w.-]{{2,40}})"),
    # instagram.com/samdesigns, where that is all that a line says; a brand's stands among words
    re.compile(rf"^\s?(?:https?://)?(?:www\.)?{_PROFILES}/[\w.-]{{2,60}}/?{_END}", re.MULTILINE),
    re.compile(rf"\b{_PLATFORM}{_NAMED}{{0,2}}{_IS}{_MARKED}"),
    re.compile(rf"\b{_PLATFORM}{_NAMED}{_IS}{_HANDLE}"),
    # my Instagram is samdesigns, mein Discord heißt sam
    re.compile(rf"\b(?:my|mein|meine|our|unser)\s{_PLATFORM}{_NAMED}{{0,2}}{_IS}{_HANDLE}"),
    # insta @sam.designs, @sam on Telegram
    re.compile(rf"\b{_PLATFORM}[\s:,-]{{1,3}}@[\w.-]{{2,40}}"),
    re.compile(rf"(?<!\w)@[\w.-]{{2,40}}\s(?:on|at|via|auf|bei|in)\s{_PLATFORM}\b"),
    # I am samdesigns on Telegram, ich bin sam_x auf Insta, find me as sam on Discord
    re.compile(
        rf"\b(?:i\sam|i'm|ich\sbin|as|als|under|unter)\s{_HANDLE}\s(?:on|auf|bei)\s{_PLATFORM}\b"
    ),
    re.compile(rf"\bmy\s{_PROFILES}/[\w./-]{{2,60}}"),
)
# Add me on WhatsApp, schreib mir auf Telegram: nothing but the way out
INVITATIONS: Sequence[re.Pattern[str]] = (
    re.compile(
        r"\b(?:add|write(?:\sto)?|text|message|msg|dm|contact|reach|call|ping|find|hit)\s(?:me|us)"
        rf"(?:\sup)?(?:\s\w{{1,12}}){{0,2}}\s(?:on|via|at|over|through|by|in|with)\s(?:my\s)?{_PLATFORM}\b"
    ),
    re.compile(
        rf"\b(?:talk|chat|continue|speak|switch|move|go)\s(?:\w{{1,12}}\s){{0,3}}(?:on|via|over|to)\s{_CHAT}\b"
    ),
    re.compile(
        r"\b(?:schreib|schreibe|schreibt|schick|meld|melde|kontaktier|kontaktiere|erreich|erreichst"
        r"|erreichen|adde|add|ruf|rufe|füge|finde|findest)\s(?:sie\s|du\s)?(?:mir|mich|dich|uns)"
        rf"(?:\s\w{{1,12}}){{0,3}}\s(?:auf|über|per|bei|via|in|unter)\s{_PLATFORM}\b"
    ),
    re.compile(
        rf"\b(?:auf|über|per|via)\s{_CHAT}\s(?:weiter\s?)?(?:schreiben|reden|sprechen|chatten|weitermachen|klären)\b"
    ),
    re.compile(
        r"\b(?:what\sis|what's|whats|do\syou\shave|send\sme|give\sme|hast\sdu|haben\ssie|gib\smir)"
        rf"\s(?:your\s|dein\w{{0,2}}\s|ihr\w{{0,2}}\s)?{_CHAT}(?=\s*(?:$|[\n,;.!?)]|number|nummer|id|name))"
    ),
)

# --- what takes the meaning away --------------------------------------------------------------

QUOTE_LINE = re.compile(r"^[ \t]{0,3}>[^\n]{0,20000}", re.MULTILINE)
# You wrote: "call me on 0170 1234567"
QUOTED = re.compile(
    r"\b(?:wrote|said|says|asked|mentioned|quote|schrieb|schriebst|schrieben|schreibst|sagte"
    r"|sagtest|sagten|meinte|fragte|geschrieben|gesagt|zitat)\b[^\n\"„“”«»]{0,40}"
    r"(?:\"[^\"\n]{0,1000}\"|„[^“”\"\n]{0,1000}[“”\"]|“[^”\n]{0,1000}”|«[^»\n]{0,1000}»|»[^«\n]{0,1000}«)"
)
