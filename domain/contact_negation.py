"""Whether a contact detail is named to say that it is not to be given or used. Pure.

A negation counts in its own clause alone, and where it negates that somebody gives, asks for or
uses a detail: "do not call me on ..." does, "don't worry, call me on ..." does not. German and
English, in lower case; all that is repeated is bounded.
"""

import re


def is_negated(before: str, phrase: str, behind: str) -> bool:
    """Tell it by what stands before a detail, and around and in one that is a phrase."""
    clause = _CLAUSE_END.split(before)[-1] + phrase
    if _NEGATED.search(clause) and not _ENCOURAGED.search(clause):
        return True
    return bool(phrase and _NEGATED_BEHIND.search(behind))


_CLAUSE_END = re.compile(
    r"[.!?](?=\s)|[,;:\n]|\s[-–—]\s|\b(?:but|however|instead(?!\sof)|only|except|unless|before|until"
    r"|aber|sondern|stattdessen|nur|außer|vor|bis)\b"
)
_NOT = (
    r"(?:(?:do|does|did|is|are|can|could|wo|would|must|should)n['’]?t|can['’]t|cannot|won['’]t|dont|not|never"
    r"|no\slonger|without|nicht|nie|niemals|keinesfalls|ohne)"
)
_INSTEAD = r"(?:instead\sof|rather\sthan|statt|anstatt|anstelle\svon)"
# What may stand between a negation and what it negates.
_LITTLE = (
    r"(?:an?|any|the|this|your|my|our|me|us|to|at|on|by|via|over|through|in|with|for|be|ever|again"
    r"|please|even|also|just|have|want(?:\syou)?|need|like|try|allowed|supposed"
    r"|bitte|mehr|auch|mir|mich|dir|dich|uns|euch|(?:d|m|s)?ein\w{0,2}|ihr\w{0,2}|unser\w{0,2}"
    r"|d(?:ie|er|as|en|em)|diese\w?|auf|unter|per|über|bei|mit|zu|einfach)"
)
_TO_CONTACT = (
    r"(?:send|giv|shar|writ|mail|e-?mail|text|messag|dm|call|phon|ring|contact|reach|add|post"
    r"|exchang|ask|publish|pass|includ|leav|provid|reply|answer|mention|accept|talk|chat|speak"
    r"|switch|mov|continu)(?:e|ing|ed)?|us(?:e|ing|ed)"
    r"|an(?:zu)?(?:rufen|schreiben|geben)|schreiben|kontaktieren|schicken|senden|geben|weitergeben"
    r"|teilen|nennen|nutzen|benutzen|verwenden|mailen|melden|tauschen|austauschen|fragen|reden"
)
_WAYS = (
    r"(?:private\s|privaten?\s)?(?:(?:e-?mails?|mails?|phone|telephone|mobile|contact)"
    r"(?:[\s-](?:address(?:es)?|numbers?|details?|data|adressen?))?"
    r"|calls|texts|messages|numbers?|address(?:es)?|(?:telefon|handy|mobil|ruf)?nummern?"
    r"|(?:mail|kontakt)?adressen?|kontaktdaten|nachrichten|anrufe?|sms"
    r"|whats\s?app|telegram|signal|skype|discord|viber|threema|we\s?chat|snapchat|instagram|insta"
    r"|facebook|messenger|linkedin|tiktok)"
)
# Who says how they can be reached after all.
_AFTER_ALL = (
    r"\b(?<!\bto\s)(?<!\bor\s)(?<!\bzu\s)(?:write\s(?:to|me|us)"
    r"|(?:call|text|message|e?-?mail|contact|reach|ring|ping|dm|add|send)\s(?:me|us)|use|take|try"
    r"|schreibe?|schreibt|rufe?|ruft|melde?|nimm|nehmt|nutze?|füge?"
    r"|(?:my|mine|our|mein\w{0,2}|unser\w{0,2})\b[^,]{0,30}\s(?:is|ist|lautet))\b"
)
_NEGATED = re.compile(
    rf"\b(?:{_INSTEAD}(?:\s{_LITTLE}){{0,3}}\s*$"
    rf"|{_NOT}(?:\s{_LITTLE}){{1,4}}\s*$"
    rf"|(?:(?:{_NOT}|{_INSTEAD})(?:\s{_LITTLE}){{0,4}}\s(?:{_TO_CONTACT}|{_WAYS})"
    rf"|(?:no|kein\w{{0,2}})(?:\s{_LITTLE}){{0,2}}\s{_WAYS})\b(?:(?!{_AFTER_ALL}).){{0,100}}$)"
)
# Why don't you write to ..., zögern Sie nicht ..., können wir nicht ...
_ENCOURAGED = re.compile(
    r"\b(?:why|warum|wieso|weshalb|zöger\w{0,2}|scheu\w{0,2}|(?:if|wenn|falls)(?=\s(?:nicht|not)))\b"
    r"|^\W{0,5}(?:können|könnten|kannst|könntest|wollen|willst|magst|möchten|möchtest)\s(?:wir|du|sie)\b"
)
# In German the word may stand behind: über WhatsApp schreiben wir nicht.
_NEGATED_BEHIND = re.compile(
    r"^(?:\s(?:ich|wir|du|man|es|das|bitte|hier|leider|will|wollen|möchten?|darf|dürfen|kann|können"
    r"|soll|sollen|sollten|geht|mag|tue?|lieber)){0,5}\s(?:nicht|nie|niemals)\b(?!\snur)"
)
