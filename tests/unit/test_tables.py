"""Tables for a terminal."""

from realtime.tables import table


def test_numbers_stand_to_the_right_and_texts_to_the_left() -> None:
    shown = table(["who", "n", "ratio"], [["sam", 12_345, 0.5], ["beatrice", None, 12.25]])
    assert shown.splitlines() == [
        "WHO           N RATIO",
        "-------- ------ -----",
        "sam      12,345   0.5",
        "beatrice      -  12.2",
    ]


def test_a_table_without_rows_has_its_heads() -> None:
    assert table(["a", "b"], []) == "A   B\n--- ---"


def test_a_column_of_nothing_is_no_column_of_numbers() -> None:
    assert table(["order", "n"], [[None, 1]]).splitlines()[2] == "-       1"


def test_what_others_wrote_moves_no_cursor() -> None:
    assert table(["said"], [["a\x1b[2Jb\n"]]).splitlines()[2] == "a?[2Jb?"
