"""A seller's questions and a client's answers to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from domain.errors import FieldError
from domain.identity import is_id
from domain.texts import is_blank

MAX_ANSWER = 10_000
MAX_FILES = 50

Answer = str | Sequence[str]


class QuestionKind(StrEnum):
    """What is asked for."""

    TEXT = "text"
    CHOICE = "choice"
    FILE = "file"


class RequirementsStatus(StrEnum):
    """How far the answers are."""

    NONE = "none"
    PENDING = "pending"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; ``options`` and ``multiple`` belong to a choice."""

    id: str
    kind: QuestionKind
    prompt: str
    required: bool = False
    options: tuple[str, ...] = ()
    multiple: bool = False


def check_questions(questions: Sequence[Question], path: str) -> list[FieldError]:
    """Name what is wrong with a list of questions."""
    errors = []
    seen: set[str] = set()
    for index, question in enumerate(questions):
        if question.id in seen:
            errors.append(FieldError(f"{path}[{index}].id", "is used twice"))
        seen.add(question.id)
        if question.kind is QuestionKind.CHOICE and len(set(question.options)) < 2:
            errors.append(FieldError(f"{path}[{index}].options", "needs two different options"))
        elif len(set(question.options)) < len(question.options):
            errors.append(FieldError(f"{path}[{index}].options", "names an option twice"))
        if question.kind is not QuestionKind.CHOICE and question.options:
            errors.append(FieldError(f"{path}[{index}].options", "belongs to a choice"))
        if question.kind is not QuestionKind.CHOICE and question.multiple:
            errors.append(FieldError(f"{path}[{index}].multiple", "belongs to a choice"))
    return errors


def check_answers(
    questions: Sequence[Question], answers: Mapping[str, Any], path: str
) -> list[FieldError]:
    """Name what is wrong with a full set of answers."""
    known = {question.id for question in questions}
    errors = [
        FieldError(f"{path}.{answered}", "answers no question of this service")
        for answered in answers
        if answered not in known
    ]
    for question in questions:
        message = _wrong_answer(question, answers.get(question.id))
        if message:
            errors.append(FieldError(f"{path}.{question.id}", message))
    return errors


def check_draft(
    questions: Sequence[Question], answers: Mapping[str, Any], path: str
) -> list[FieldError]:
    """Name what is wrong with answers that may still have gaps."""
    return check_answers([replace(each, required=False) for each in questions], answers, path)


def files_in(
    questions: Sequence[Question], answers: Mapping[str, Any], path: str
) -> dict[str, str]:
    """Say of each file among answers that were checked where it was named first."""
    named: dict[str, str] = {}
    for question in questions:
        answer = answers.get(question.id)
        if question.kind is QuestionKind.FILE and isinstance(answer, list):
            for index, file in enumerate(answer):
                named.setdefault(file, f"{path}.{question.id}[{index}]")
    return named


def _wrong_answer(question: Question, answer: Any) -> str | None:
    if _is_empty(answer):
        return "is required" if question.required else None
    return _CHECKS[question.kind](question, answer)


def _is_empty(answer: Any) -> bool:
    return answer is None or answer == [] or (isinstance(answer, str) and is_blank(answer))


def _wrong_text(_question: Question, answer: Any) -> str | None:
    if not isinstance(answer, str):
        return "is a text"
    return f"has at most {MAX_ANSWER} characters" if len(answer) > MAX_ANSWER else None


def _wrong_choice(question: Question, answer: Any) -> str | None:
    if not question.multiple:
        return None if answer in question.options else "is not one of the options"
    if not _is_texts(answer):
        return "is a list of options"
    if len(set(answer)) < len(answer):
        return "names an option twice"
    return None if set(answer) <= set(question.options) else "is not one of the options"


def _wrong_file(_question: Question, answer: Any) -> str | None:
    if not _is_texts(answer) or not all(map(is_id, answer)):
        return "is a list of attachments"
    if len(answer) > MAX_FILES:
        return f"has at most {MAX_FILES} attachments"
    return "names an attachment twice" if len(set(answer)) < len(answer) else None


def _is_texts(answer: Any) -> bool:
    return isinstance(answer, list) and all(isinstance(item, str) for item in answer)


_CHECKS: Mapping[QuestionKind, Callable[[Question, Any], str | None]] = {
    QuestionKind.TEXT: _wrong_text,
    QuestionKind.CHOICE: _wrong_choice,
    QuestionKind.FILE: _wrong_file,
}
