"""Passwords: hashes by argon2, and rules that keep out what is guessed first."""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from geodata.messages import Message
from gridmap.errors import GridmapError

SHORTEST, LONGEST = 10, 200

# The library's defaults are the memory-saving choice of RFC 9106.
_hasher = PasswordHasher()

# What leaked lists show most often among passwords that are long enough, worldwide and in China,
# and what a governance centre would think of. Case and a tail of digits and signs do not matter.
_COMMON = frozenset(
    """
    password passw0rd p@ssw0rd p@ssword mypassword yourpassword thepassword passwordpassword
    newpassword oldpassword passwort contraseña motdepasse qwertyuiop qwertyuiopasdfgh qwerty
    qwertyui qwer asdfghjkl asdfghjk zxcvbnm zxcvbnmasdfghjkl qazwsxedc qazwsx 1qaz2wsx3edc
    1qaz2wsx 1q2w3e4r5t 1q2w3e4r5t6y 1q2w3e4r q1w2e3r4t5y6 q1w2e3r4t5 zaq12wsx !qaz@wsx abc abcd
    abcdef abcdefg abcdefgh abcdefghij aa a a1b2c3d4e5 aaaaaa asdf asdfasdf qweasd qweasdzxc
    qwe qweqwe administrator admin adminadmin root rootroot user guest test testtest letmein
    welcome welcometo changeme changeit secret superman batman football baseball basketball
    princess sunshine iloveyou iloveyouforever dragon monkey starwars liverpool computer internet
    woaini woainima woaiwojia woaizhongguo nihao nihaoma mima wodemima zhongguo zhonghua beijing
    shanghai shenzhen guangzhou wang zhang woshishui woshiwo zhimakaimen xiaoming baobao
    wangge wanggeyuan wanggehua zongzhi zongzhizhongxin shequ shequwangge zhihui gridmap
    社区 网格 网格员 网格化管理 密码 我的密码
    """.split()  # noqa: SIM905
)  # fmt: skip
_NUMBERS = (
            "01234567890123456789", "98765432109876543210", "5201314", "1314520", "147258369",
            "147852369",
            "159357", "112233445566", "123123123123", "321321321321", "789456123",
)  # fmt: skip


def check_password(password: str, login: str) -> None:
    """Refuse a password that would be guessed soon.

    Parameters
    ----------
    password : str
    login : str
        The name it belongs to.

    Raises
    ------
    GridmapError
        Saying which rule it breaks.
    """
    if len(password) < SHORTEST:
        raise GridmapError(
            Message("The password is too short: use {count} characters or more.", count=SHORTEST)
        )
    if len(password) > LONGEST:
        raise GridmapError(
            Message("The password is too long: use {count} characters at most.", count=LONGEST)
        )
    plain = unicodedata.normalize("NFKC", password).casefold()
    name = login.casefold()
    if plain == name or (len(name) >= 4 and name in plain):
        raise GridmapError(Message("The password must not contain the sign-in name."))
    if _is_common(plain):
        raise GridmapError(
            Message(
                "This password is among the first that are tried: choose another, for example "
                "several words that have nothing to do with each other."
            )
        )


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return _hasher.hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Return whether a password is right, taking as long when there is nobody to compare with.

    Parameters
    ----------
    stored : str or None
        The stored hash; None for a name that nobody has.
    password : str
    """
    if len(password) > LONGEST:
        password = ""
    try:
        right = _hasher.verify(stored or _nobody(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def one_time_password() -> str:
    """Make a password to be read out: four groups of four, without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _normal(password: str) -> str:
    # One character may be typed in several ways, which differ between keyboards.
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))


def _is_common(plain: str) -> bool:
    if len(set(plain)) < 4:
        return True
    # One short piece again and again.
    if re.fullmatch(r"(.{1,5}?)\1+", plain):
        return True
    digits = re.sub(r"\D", "", plain)
    words = re.sub(r"[\d\W_]+$", "", re.sub(r"^[\d\W_]+", "", plain))
    if plain in _COMMON or re.sub(r"[\d\W_]+$", "", plain) in _COMMON or words in _COMMON:
        return True
    if not words and (any(digits in run or run in digits for run in _NUMBERS) or len(digits) < 8):
        return True
    # A date or a mobile number alone is known to too many.
    return bool(re.fullmatch(r"(19|20)\d{6,8}|1[3-9]\d{9}", plain))
