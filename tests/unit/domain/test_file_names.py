"""Names that people, and those who mean harm, give to files."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attachments import MAX_ATTACHMENT_NAME
from domain.file_names import NAMELESS, clean_name, extension_of


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("brief.txt", "brief.txt"),
        ("Rechnung für Zoë (2).pdf", "Rechnung für Zoë (2).pdf"),
        ("../../etc/passwd", "passwd"),
        ("/etc/", NAMELESS),
        (r"C:\Users\me\brief.doc", "brief.doc"),
        ("..", NAMELESS),
        ("", NAMELESS),
        (" .htaccess", "htaccess"),
        ("report.pdf. . .", "report.pdf"),
        ("a\r\nSet-Cookie: b", "aSet-Cookie_ b"),
        ("nul\0l.txt", "null.txt"),
        ("annex\u202egpj.exe", "annexgpj.exe"),
        ("in\u200bvisible\ufeff.txt", "invisible.txt"),
        ("line\u2028line.txt", "lineline.txt"),
        ('what?<is>:"this"|*.txt', "what__is___this___.txt"),
        ("a   b\t.txt", "a b.txt"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("console.txt", "console.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("\ud800.txt", "txt"),
        ("x" * 300 + ".jpeg", "x" * 115 + ".jpeg"),
        ("x" * 300, "x" * 120),
        ("x" * 110 + "." + "y" * 30, "x" * 110 + "." + "y" * 9),
    ],
)
def test_a_name_is_cleaned(given_name: str, cleaned: str) -> None:
    assert clean_name(given_name) == cleaned


@given(st.text())
def test_a_clean_name_is_one_line_of_one_folder_and_clean(text: str) -> None:
    cleaned = clean_name(text)

    assert 0 < len(cleaned) <= MAX_ATTACHMENT_NAME
    assert not set(cleaned) & set('/\\\r\n\0"')
    assert not cleaned.startswith((".", " "))
    assert not any(unicodedata.category(c).startswith("C") for c in cleaned)
    assert clean_name(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.TXT", "txt"), ("a.tar.gz", "gz"), ("a", ""), (".bashrc", ""), ("a.", "")],
)
def test_an_extension_follows_the_last_dot(name: str, extension: str) -> None:
    assert extension_of(name) == extension
