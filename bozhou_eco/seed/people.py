"""Districts, departments and accounts of the demo."""

import base64
import hashlib
import hmac

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.conf import settings

from bozhou_eco.accounts.models import FACT_ROLES, District, Organisation, Role, User

DISTRICTS = (
    ("652701", "博乐市"),
    ("652702", "阿拉山口市"),
    ("652722", "精河县"),
    ("652723", "温泉县"),
)
BUREAU = "DEPT-6527"
PASSWORD = "Bozhou-demo-2026"  # noqa: S105 - printed by bin/demo, refused in production

PEOPLE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("officer", "巴特尔", BUREAU, (Role.OFFICER,)),
    ("officer2", "王雪梅", BUREAU, (Role.OFFICER,)),
    ("reviewer", "古丽娜", BUREAU, (Role.REVIEWER,)),
    ("reviewer2", "李建疆", BUREAU, (Role.REVIEWER,)),
    ("legal", "赵文清", BUREAU, (Role.LEGAL,)),
    ("leader", "陈立新", BUREAU, (Role.LEADER,)),
    ("admin", "孙工", BUREAU, (Role.ADMIN,)),
    ("auditor", "周审", BUREAU, (Role.AUDITOR,)),
    ("jinghe", "马晓东", "DEPT-652722", (Role.OFFICER,)),
    ("wenquan", "欧云", "DEPT-652723", (Role.OFFICER,)),
    ("police", "何警官", "PARTNER-POLICE", (Role.PARTNER,)),
    ("transport", "丁科长", "PARTNER-TRANSPORT", (Role.PARTNER,)),
)
PARTNERS = (
    ("PARTNER-POLICE", "博乐市公安局交警大队"),
    ("PARTNER-TRANSPORT", "州交通运输局"),
)
PARTIES: tuple[tuple[str, str, Role], ...] = (
    ("firm", "努尔兰", Role.ENTERPRISE),
    ("station", "热娜", Role.STATION),
)
TWO_FACTOR_ROLES = FACT_ROLES | {Role.ADMIN, Role.AUDITOR, Role.PARTNER}


def demo_secret(username: str) -> str:
    """Return the TOTP secret of a demo account, derived from the site's secret key."""
    digest = hmac.new(
        settings.SECRET_KEY.encode(), f"demo-totp:{username}".encode(), hashlib.sha1
    )
    return base64.b32encode(digest.digest()).decode()


def seed_people() -> None:
    """Make districts, departments and accounts; nothing is made twice."""
    districts = {
        code: District.objects.get_or_create(code=code, defaults={"name": name})[0]
        for code, name in DISTRICTS
    }
    bureau, _ = Organisation.objects.get_or_create(
        code=BUREAU,
        defaults={"kind": "department", "name": "博尔塔拉蒙古自治州生态环境局"},
    )
    departments = {BUREAU: bureau}
    for code, name in DISTRICTS:
        departments[f"DEPT-{code}"], _ = Organisation.objects.get_or_create(
            code=f"DEPT-{code}",
            defaults={
                "kind": "department",
                "name": f"州生态环境局{name}分局",
                "district": districts[code],
                "parent": bureau,
            },
        )
    for code, name in PARTNERS:
        departments[code], _ = Organisation.objects.get_or_create(
            code=code, defaults={"kind": "partner", "name": name}
        )
    for number, (username, name, department, roles) in enumerate(PEOPLE, 1):
        add_user(username, name, departments[department], roles, number)


def add_user(
    username: str,
    name: str,
    organisation: Organisation,
    roles: tuple[str, ...],
    number: int = 0,
) -> User:
    """Make one demo account with its second factor."""
    user, created = User.objects.get_or_create(
        username=username,
        defaults={
            "name": name,
            "organisation": organisation,
            "roles": list(roles),
            "is_staff": Role.ADMIN in roles,
            "is_superuser": Role.ADMIN in roles,
            "card_number": f"31{number:08d}" if Role.OFFICER in roles else "",
        },
    )
    if created:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    has_factor = Authenticator.objects.filter(
        user=user, type=Authenticator.Type.TOTP
    ).exists()
    if not has_factor and TWO_FACTOR_ROLES & set(roles):
        TOTP.activate(user, demo_secret(username))
    return user


def totp_secret(user: User) -> str | None:
    """Return the TOTP secret of a user, None if no authenticator is set up."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return decrypt(row.data["secret"]) if row else None
