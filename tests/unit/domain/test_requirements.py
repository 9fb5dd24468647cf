"""A seller's questions and a client's answers: what is wrong is named by its field."""

from dataclasses import replace
from typing import Any

import pytest

from domain.requirements import (
    MAX_ANSWER,
    MAX_FILES,
    Question,
    QuestionKind,
    check_answers,
    check_questions,
    files_in,
)

TEXT = Question(id="text", kind=QuestionKind.TEXT, prompt="What?", required=True)
ONE = Question(id="one", kind=QuestionKind.CHOICE, prompt="Which?", options=("a", "b"))
MANY = Question(
    id="many", kind=QuestionKind.CHOICE, prompt="Which?", options=("a", "b"), multiple=True
)
FILE = Question(id="file", kind=QuestionKind.FILE, prompt="Show me!")


def wrong_questions(*questions: Question) -> list[str]:
    """Name the fields of questions that are wrong."""
    return [error.path for error in check_questions(questions, "requirements")]


def test_good_questions_have_nothing_wrong() -> None:
    assert wrong_questions(TEXT, ONE, MANY, FILE) == []


def test_an_id_is_used_once() -> None:
    assert wrong_questions(TEXT, ONE, TEXT) == ["requirements[2].id"]


@pytest.mark.parametrize("options", [(), ("a",), ("a", "a")])
def test_a_choice_has_two_different_options(options: tuple[str, ...]) -> None:
    choice = Question(id="c", kind=QuestionKind.CHOICE, prompt="Which?", options=options)

    assert wrong_questions(choice) == ["requirements[0].options"]


@pytest.mark.parametrize("kind", [QuestionKind.TEXT, QuestionKind.FILE])
def test_only_a_choice_has_options(kind: QuestionKind) -> None:
    chosen = Question(id="q", kind=kind, prompt="?", options=("a", "b"), multiple=True)

    assert wrong_questions(chosen) == ["requirements[0].options", "requirements[0].multiple"]


def wrong_answers(question: Question, answer: Any) -> list[str]:
    """Say what is wrong with one answer."""
    errors = check_answers([question], {question.id: answer}, "requirements")
    assert all(error.path == f"requirements.{question.id}" for error in errors)
    return [error.message for error in errors]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (TEXT, "Hello"),
        (TEXT, "x" * MAX_ANSWER),
        (ONE, "a"),
        (ONE, None),
        (ONE, ""),
        (MANY, ["b", "a"]),
        (MANY, []),
        (FILE, ["f1"]),
        (FILE, []),
    ],
)
def test_these_answers_are_right(question: Question, answer: Any) -> None:
    assert wrong_answers(question, answer) == []


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (TEXT, None, "is required"),
        (TEXT, " \n", "is required"),
        (TEXT, "\u200b\u3164", "is required"),
        (TEXT, [], "is required"),
        (TEXT, ["Hello"], "is a text"),
        (TEXT, 7, "is a text"),
        (TEXT, 0, "is a text"),
        (TEXT, "x" * (MAX_ANSWER + 1), f"has at most {MAX_ANSWER} characters"),
        (ONE, "c", "is not one of the options"),
        (ONE, ["a"], "is not one of the options"),
        (ONE, {"a": 1}, "is not one of the options"),
        (MANY, "a", "is a list of options"),
        (MANY, [1], "is a list of options"),
        (MANY, ["a", "a"], "names an option twice"),
        (MANY, ["a", "c"], "is not one of the options"),
        (FILE, "f1", "is a list of attachments"),
        (FILE, [["f1"]], "is a list of attachments"),
        (FILE, ["f 1"], "is a list of attachments"),
        (FILE, ["f1", "f1"], "names an attachment twice"),
        (FILE, ["f"] * (MAX_FILES + 1), f"has at most {MAX_FILES} attachments"),
    ],
)
def test_these_are_wrong(question: Question, answer: Any, message: str) -> None:
    assert wrong_answers(question, answer) == [message]


def test_each_file_is_named_where_it_stands_first() -> None:
    other = replace(FILE, id="more")
    answers = {"text": "Hello", FILE.id: ["f1", "f2"], "more": ["f2", "f3"]}

    assert files_in([TEXT, FILE, other], answers, "answers") == {
        "f1": f"answers.{FILE.id}[0]",
        "f2": f"answers.{FILE.id}[1]",
        "f3": "answers.more[1]",
    }


@pytest.mark.parametrize("nothing", [None, "", " ", []])
def test_where_no_file_is_given_there_is_none(nothing: Any) -> None:
    assert files_in([FILE], {FILE.id: nothing}, "answers") == {}


def test_a_required_question_cannot_be_left_out() -> None:
    assert [e.path for e in check_answers([TEXT, ONE], {}, "requirements")] == ["requirements.text"]


def test_an_answer_belongs_to_a_question() -> None:
    errors = check_answers([ONE], {"two": "a"}, "requirements")

    assert [(e.path, e.message) for e in errors] == [
        ("requirements.two", "answers no question of this service")
    ]


def test_an_option_is_named_once() -> None:
    asked = Question(id="a", kind=QuestionKind.CHOICE, prompt="?", options=("x", "y", "x"))
    (error,) = check_questions([asked], "requirements")
    assert (error.path, error.message) == ("requirements[0].options", "names an option twice")
