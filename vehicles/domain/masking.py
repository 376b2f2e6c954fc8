"""Personal data as people without need see it."""

HIDDEN = "＊"
COMPANY_WORDS = ("公司", "合作社", "学校", "医院", "中心", "委员会")
COMPANY_ENDS = ("厂", "局", "站", "队", "所")


def mask_name(name: str) -> str:
    """Return a person's name with all but the first character hidden.

    Names of organisations are no personal data and stay.
    """
    plain = name.strip()
    named = any(word in plain for word in COMPANY_WORDS)
    if len(plain) > 4 and (named or plain.endswith(COMPANY_ENDS)):
        return plain
    return plain[:1] + HIDDEN * max(len(plain) - 1, 0)


def mask_phone(phone: str) -> str:
    """Return a telephone number with its middle hidden."""
    plain = phone.strip()
    if len(plain) < 7:
        return HIDDEN * len(plain)
    return f"{plain[:3]}{HIDDEN * (len(plain) - 7)}{plain[-4:]}"
