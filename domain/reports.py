"""Why somebody is reported to the operators."""

from enum import StrEnum

MAX_COMMENT = 2_000


class ReportReason(StrEnum):
    """What is wrong with what somebody does."""

    SPAM = "spam"
    ABUSE = "abuse"
    FRAUD = "fraud"
    OFF_PLATFORM = "off_platform"
    OTHER = "other"
