"""Whose a field is: nobody can consent for another （九）."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class Whose(Labelled):
    SUBJECT = "subject", "信息主体", "the subject"
    THIRD_ORGANISATION = "third_organisation", "其他组织", "another organisation"
    THIRD_PERSON = "third_person", "其他自然人", "another natural person"
