"""Contact details are found as people write them, and nothing else is taken for one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contact_details import MASK, DetailKind, find, masked

OWN = ("market.example",)

# What is written, and what of it is a detail.
MAILS = [
    ("Write to sam@example.com", "sam@example.com"),
    ("SAM.SELLER+work@Mail.Example.CO.UK!", "SAM.SELLER+work@Mail.Example.CO.UK"),
    ("mailto:sam@example.com", "sam@example.com"),
    ("Mail: <sam@example.com>.", "sam@example.com"),
    ("sam @ example . com", "sam @ example . com"),
    ("sam(at)example.com", "sam(at)example.com"),
    ("sam [at] example [dot] com", "sam [at] example [dot] com"),
    ("sam {at} example {dot} com", "sam {at} example {dot} com"),
    ("sam (at) example (dot) co (dot) uk", "sam (at) example (dot) co (dot) uk"),
    ("sam at example dot com", "sam at example dot com"),
    ("sam at gmail.com", "sam at gmail.com"),
    ("sam at gmail dot com please", "sam at gmail dot com"),
    ("sam@example dot com", "sam@example dot com"),
    ("sam ät web punkt de", "sam ät web punkt de"),
    ("sam (ät) gmx (punkt) de", "sam (ät) gmx (punkt) de"),
    ("sam klammeraffe web punkt de", "sam klammeraffe web punkt de"),
    ("sam(a)posteo.de", "sam(a)posteo.de"),
    ("sam AT web PUNKT de", "sam AT web PUNKT de"),
    ("müller@bäcker.de", "müller@bäcker.de"),
    ("My mail is sam@example.com, yours?", "sam@example.com"),
    ("Meine Adresse: sam@beispiel.de", "sam@beispiel.de"),
    ("ｓａｍ@ｅｘａｍｐｌｅ.ｃｏｍ", "ｓａｍ@ｅｘａｍｐｌｅ.ｃｏｍ"),
    ("s\u200bam@exam\u200bple.com", "s\u200bam@exam\u200bple.com"),
    ("Ärger? 😀 sam@example.com", "sam@example.com"),
    ("Do not hesitate to write to sam@example.com", "sam@example.com"),
    ("Zögern Sie nicht, sam@example.com zu schreiben", "sam@example.com"),
    ("Don't write here but to sam@example.com", "sam@example.com"),
    ("sam_at_gmail_dot_com", "sam_at_gmail_dot_com"),
    ("sam-ät-web-punkt-de", "sam-ät-web-punkt-de"),
    ("Don't worry, write to sam@example.com", "sam@example.com"),
    ("Don't worry write to sam@example.com", "sam@example.com"),
    ("Don't be shy, sam@example.com", "sam@example.com"),
    ("I can't wait, write to sam@example.com", "sam@example.com"),
    ("You can't miss me at sam@example.com", "sam@example.com"),
    ("I don't mind you writing to sam@example.com", "sam@example.com"),
    ("Why don't you write to sam@example.com", "sam@example.com"),
    ("Do not call, mail sam@example.com", "sam@example.com"),
    ("Do not call me; sam@example.com", "sam@example.com"),
    ("Don't call, my mail is sam@example.com", "sam@example.com"),
    ("I don't use WhatsApp my mail is sam@example.com", "sam@example.com"),
    ("You can't reach me here write to sam@example.com", "sam@example.com"),
    ("I do not have WhatsApp but sam@example.com", "sam@example.com"),
    ("Warum schreibst du nicht an sam@example.com", "sam@example.com"),
    ("Wollen wir nicht per sam@example.com weiterreden?", "sam@example.com"),
    ("Zögern Sie nicht an sam@example.com zu schreiben", "sam@example.com"),
    ("Wenn nicht an sam@example.com", "sam@example.com"),
    ("Ich nutze kein WhatsApp aber sam@example.com", "sam@example.com"),
    ("Ich habe kein WhatsApp schreib an sam@example.com", "sam@example.com"),
    ("Keine Sorge, sam@example.com", "sam@example.com"),
    ("Nicht hier, sondern an sam@example.com", "sam@example.com"),
]
PHONES = [
    ("+49 170 1234567", "+49 170 1234567"),
    ("Call +4917012345678 now", "+4917012345678"),
    ("0049 170 1234567", "0049 170 1234567"),
    ("00491701234567", "00491701234567"),
    ("0170 1234567", "0170 1234567"),
    ("0170/1234567", "0170/1234567"),
    ("0170-123-45-67", "0170-123-45-67"),
    ("(0170) 1234567", "(0170) 1234567"),
    ("030/12345-678", "030/12345-678"),
    ("+49 (0) 30 1234567", "+49 (0) 30 1234567"),
    ("+1 (415) 555-2671", "+1 (415) 555-2671"),
    ("415-555-2671", "415-555-2671"),
    ("(415) 555-2671", "(415) 555-2671"),
    ("1-800-555-0199", "1-800-555-0199"),
    ("07700 900123", "07700 900123"),
    ("0 1 7 0 1 2 3 4 5 6 7", "0 1 7 0 1 2 3 4 5 6 7"),
    ("0.1.7.0.1.2.3.4.5.6.7", "0.1.7.0.1.2.3.4.5.6.7"),
    ("my number is 170 1234567", "170 1234567"),
    ("Tel. 1234567", "1234567"),
    ("Tel.: 12 34 56 78", "12 34 56 78"),
    ("Handy: 170 123 45 67", "170 123 45 67"),
    ("call me: 5551234567", "5551234567"),
    ("Ruf mich an 1701234567", "1701234567"),
    ("WhatsApp 1701234567", "1701234567"),
    ("📞 1701234567", "1701234567"),
    ("Meine Nummer: 170-1234567", "170-1234567"),
    (
        "zero one seven zero one two three four five",
        "zero one seven zero one two three four five",
    ),
    ("null eins sieben null zwei drei neun", "null eins sieben null zwei drei neun"),
    ("null-eins-sieben-null-zwei-drei-neun", "null-eins-sieben-null-zwei-drei-neun"),
    ("oh one seven oh 5 5 five one two", "oh one seven oh 5 5 five one two"),
    ("٠١٧٠ ١٢٣٤٥٦٧", "٠١٧٠ ١٢٣٤٥٦٧"),
    ("+49\u00a0170\u00a01234567", "+49\u00a0170\u00a01234567"),
    ("Order 4711 or call 0170 1234567", "0170 1234567"),
    ("No problem my number is 0170 1234567", "0170 1234567"),
    ("It is not a problem to call me on 0170 1234567", "0170 1234567"),
    ("Please don't call before ten: 0170 1234567", "0170 1234567"),
    ("Kein Problem, 0170 1234567", "0170 1234567"),
]
MESSENGERS = [
    ("t.me/samseller", "t.me/samseller"),
    ("https://wa.me/491701234567", "wa.me/491701234567"),
    ("https://discord.gg/abcDEF", "discord.gg/abcDEF"),
    ("skype:sam.seller?chat", "skype:sam.seller"),
    ("Skype: sam.seller", "Skype: sam.seller"),
    ("Telegram: @samseller", "Telegram: @samseller"),
    ("Telegram: samseller", "Telegram: samseller"),
    ("Discord: sam#1234", "Discord: sam#1234"),
    ("my skype id is samseller", "my skype id is samseller"),
    ("Mein Discord heißt samseller", "Mein Discord heißt samseller"),
    ("my Instagram is samdesigns", "my Instagram is samdesigns"),
    ("Instagram: sam_designs", "Instagram: sam_designs"),
    ("Insta @sam.designs", "Insta @sam.designs"),
    ("@samseller on Telegram", "@samseller on Telegram"),
    ("@samseller auf Instagram", "@samseller auf Instagram"),
    ("Signal: sam.42", "Signal: sam.42"),
    ("Threema-ID: ABCD1234", "Threema-ID: ABCD1234"),
    ("I am samseller on Telegram", "I am samseller on Telegram"),
    ("Ich bin sam_x auf Insta", "Ich bin sam_x auf Insta"),
    ("Add me on WhatsApp", "Add me on WhatsApp"),
    ("Text me on Signal please", "Text me on Signal"),
    ("Let's talk on WhatsApp", "talk on WhatsApp"),
    ("Schreib mir auf WhatsApp", "Schreib mir auf WhatsApp"),
    ("Melde dich bitte per Telegram", "Melde dich bitte per Telegram"),
    ("Können wir über WhatsApp schreiben?", "über WhatsApp schreiben"),
    ("Do you have WhatsApp?", "Do you have WhatsApp"),
    ("Hast du Telegram?", "Hast du Telegram"),
    ("What's your Skype?", "What's your Skype"),
    ("skype: live:sam", "skype: live:sam"),
    ("My Skype ID is live:sam.seller_1", "My Skype ID is live:sam.seller_1"),
    ("Discord sam#1234", "Discord sam#1234"),
    ("Threema ID ABCD1234", "Threema ID ABCD1234"),
    ("wechat id sam42", "wechat id sam42"),
    ("ig: sam", "ig: sam"),
    ("IG @sam.designs", "IG @sam.designs"),
    ("fb.com/sam", "fb.com/sam"),
    ("instagram.com/samdesigns", "instagram.com/samdesigns"),
    ("Hello!\nhttps://www.instagram.com/sam/", "https://www.instagram.com/sam/"),
    ("Don't worry add me on WhatsApp", "add me on WhatsApp"),
    ("Schreib mir auf WhatsApp wenn du nicht weiterweißt", "Schreib mir auf WhatsApp"),
]
NOTHING = [
    "Hello, I need a logo for my café.",
    "Please do not send me your e-mail",
    "Please don't send me your phone number",
    "Bitte schick mir nicht deine E-Mail-Adresse",
    "Do not write to me at sam@example.com",
    "Never call me on 0170 1234567",
    "Bitte ruf mich nicht an unter 0170 1234567",
    "Bitte keine Mails an sam@beispiel.de",
    "Schreib mir bitte nicht auf WhatsApp",
    "Auf WhatsApp schreibe ich nicht",
    "You must not add me on WhatsApp",
    "Please do not send me your e-mail address sam@example.com",
    "We are not allowed to share phone numbers such as 0170 1234567",
    "Never call 0170 1234567 or 0171 1234567",
    "No calls to 0170 1234567 please",
    "I don't want you to write to sam@example.com",
    "Please use this thread instead of sam@example.com",
    "I never use Telegram: @someone",
    "Bitte keine Telefonnummern wie 0170 1234567",
    "Bitte nicht an sam@example.com schreiben",
    "Ich bin nicht unter 0170 1234567 erreichbar",
    "Über WhatsApp schreiben wir bitte nicht",
    "> mail me at sam@example.com",
    "> Call 0170 1234567\n> or write to sam@example.com\nNo, let us stay here.",
    'You wrote "call me on 0170 1234567", which is not allowed',
    "Du schriebst: „sam@beispiel.de“ - das geht nicht",
    "That costs 12050 EUR",
    "That costs 1.200.000,00 EUR",
    "€ 12.050.000",
    "$1200000",
    "1 200 000 €",
    "My budget is 10000000 dollars",
    "Order OW-10023981 is late",
    "order number 10023981123",
    "sha 0123456789",
    "SHA256: 0123456789",
    "seed 012345678901",
    "binary 0101010101010",
    "Order #100239811",
    "Bestellung 0170123456789",
    "Auftragsnummer: 01701234567",
    "Rechnung Nr. 2026 001 2345",
    "Invoice no. 020261234567",
    "Tracking: 00340434161094042557",
    "By 2026-11-25, please",
    "25.11.2026 10:00 - 26.11.2026 18:30",
    "01.02.2026 bis 05.02.2026",
    "From 01/02/2026 to 05/02/2026",
    "2026-11-25T10:00:00Z",
    "DE89 3704 0044 0532 0130 00",
    "ISBN 978-3-16-148410-0",
    "The server is 192.168.100.200",
    "Version 1.22.333.4444",
    "1920x1080, 300 dpi, 4000000 px",
    "5000000 followers",
    "10.000.000 Einwohner",
    "#0170123 and #1a2b3c are the colours",
    "icon@2x.png and logo@3x.svg",
    "https://market.example/orders/0170123456789",
    "https://www.example.com/articles/01701234567",
    "support@market.example",
    "https://market.example/u?mail=sam@market.example",
    "one two three four five six seven eight nine ten",
    "eins zwei drei vier fünf sechs sieben acht",
    "zehn neun acht sieben sechs fünf vier drei zwei eins",
    "I need three logos, two banners and one flyer",
    "Let's meet at noon dot on time",
    "I work at google.com",
    "We are at example.com, have a look",
    "Look at the top, dot the i",
    "I design Instagram posts and Facebook banners",
    "Instagram: posts, stories and reels",
    "An Instagram template, please",
    "Instagram is where my customers are",
    "IG: posts, and FB: banners",
    "Instagram.com/nike is what I like",
    "Our Telegram bot is written in Python",
    "I integrate WhatsApp into shops",
    "Das Signal ist schwach",
    "Signal processing in Python",
    "Discord bots, 50 EUR each",
    "Telegram channel design",
    "Skype has been shut down",
    "Look at https://www.instagram.com/nike for the style",
    "Like facebook.com/somebrand",
    "@sam please look at this",
    "5 @ 20 EUR each",
    "2 logos @ 50 EUR. Fine?",
    "My phone has a small display: 1170x2532",
    "It is for a phone shop",
    "I will call you by your name",
    "E-Mail-Vorlage für unseren Newsletter",
    "We need an e-mail template, 600 px wide",
    "Kannst du eine Telefonnummer in das Logo setzen?",
    "12345",
    "1234 5678 9012 3456 7890 1234",
    "Zeile 1: 1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5",
    "",
    "\u200b\u200d",
]


def _texts(told: str) -> list[str]:
    return [told[each.start : each.end] for each in find(told, own_hosts=OWN)]


@pytest.mark.parametrize(("told", "detail"), MAILS)
def test_a_mail_address_is_found_however_it_is_spelled(told: str, detail: str) -> None:
    assert _texts(told) == [detail]
    assert find(told, own_hosts=OWN)[0].kind is DetailKind.EMAIL


@pytest.mark.parametrize(("told", "detail"), PHONES)
def test_a_telephone_number_is_found_however_it_is_spelled(told: str, detail: str) -> None:
    assert _texts(told) == [detail]
    assert find(told, own_hosts=OWN)[0].kind is DetailKind.PHONE


@pytest.mark.parametrize(("told", "detail"), MESSENGERS)
def test_a_way_out_to_a_messenger_is_found(told: str, detail: str) -> None:
    assert _texts(told) == [detail]
    assert find(told, own_hosts=OWN)[0].kind is DetailKind.MESSENGER


@pytest.mark.parametrize("told", NOTHING)
def test_what_is_no_detail_is_taken_for_none(told: str) -> None:
    assert _texts(told) == []


def test_details_of_several_kinds_are_told_apart_and_in_order() -> None:
    told = "sam@example.com or 0170 1234567, or Skype: sam.seller"

    kinds = [each.kind for each in find(told)]

    assert kinds == [DetailKind.EMAIL, DetailKind.PHONE, DetailKind.MESSENGER]


def test_a_mask_takes_the_place_of_each_detail_and_of_nothing_else() -> None:
    told = "Mail sam@example.com, or call 0170 1234567!"

    assert masked(told, find(told)) == f"Mail {MASK}, or call {MASK}!"


def test_without_own_hosts_every_address_is_somebodys() -> None:
    assert [each.kind for each in find("support@market.example")] == [DetailKind.EMAIL]


def test_a_link_that_is_none_is_nobodys_own() -> None:
    assert find("https://[::1 0170 1234567", own_hosts=OWN)


PIECES = st.sampled_from(
    [
        *(
            "a",
            "@",
            ".",
            " ",
            "at",
            " at ",
            " dot ",
            "(at)",
            "0",
            "+49",
            "1 ",
            "-",
            "/",
            "one ",
            "null ",
        ),
        *(
            "whatsapp ",
            "_at_",
            "ig: ",
            "never use ",
            "my skype id is ",
            "do not ",
            "nicht ",
            "> ",
            "\n",
            '"',
            "„",
            "wrote ",
            "€",
            ",",
        ),
        *(
            "https://market.example/",
            "www.",
            "de89 ",
            "order ",
            "#",
            "\0",
            "ä",
            "😀",
            "\u200b",
            "ﷺ",
            "İ",
        ),
    ]
)


@given(st.text(max_size=400) | st.lists(PIECES).map("".join))
def test_whatever_is_written_each_detail_is_a_part_of_it(told: str) -> None:
    details = find(told, own_hosts=OWN)

    bounds = [bound for each in details for bound in (each.start, each.end)]
    assert bounds == sorted(bounds)
    assert all(0 <= each.start < each.end <= len(told) for each in details)
    assert masked(told, details).count(MASK) >= len(details)


@settings(max_examples=25)
@given(st.lists(PIECES, min_size=1, max_size=4).map("".join))
def test_the_longest_message_of_any_pattern_is_read(piece: str) -> None:
    told = (piece * (20_000 // len(piece) + 1))[:20_000]

    assert all(each.end <= len(told) for each in find(told, own_hosts=OWN))
