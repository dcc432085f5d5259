"""Words of registration: where a subject stands, what else it was called, and who can hold an account."""

from __future__ import annotations

from rongxin.vocabulary.labelled import Labelled


class RegistrationStatus(Labelled):
    """Whether the registration record of a subject has been seen."""

    UNREGISTERED = "unregistered", "未核实登记", "known from rows only"
    REGISTERED = "registered", "存续", "registered"
    DEREGISTERED = "deregistered", "已注销", "deregistered"


class AliasKind(Labelled):
    """Another code or name under which older records know a subject."""

    ORGANISATION_CODE = "organisation_code", "组织机构代码", "organisation code"
    REGISTRATION_NUMBER = "registration_number", "工商注册号", "business registration number"
    FORMER_NAME = "former_name", "曾用名", "former name"


class AccountKind(Labelled):
    """Who logs in with an account."""

    PERSON = "person", "自然人", "person"
    MACHINE = "machine", "系统", "machine"
