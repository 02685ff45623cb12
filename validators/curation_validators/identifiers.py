"""Numbers that name one person or account, and carry check digits that tell them from any other number.

Rules that always hold (pure; nothing need be installed, so that whoever verifies a release can look again):
- the check digits must be right: chance gives one in ten for a card, fewer for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from string import digits

_CN = re.compile(r"(?<![\dXx])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])")
_FR = re.compile(r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\d)")
# The ranges of the large card networks, in groups of four, or of American Express's four, six and five.
_CARD = re.compile(
    r"(?<![\d.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|2\d\d|5\d\d))(?:[ -]?\d{4}){3}"
    r"|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?![\d-])"
)
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])")
# Each of them has six digits in a row, spaces and dashes apart: most texts have none, and are done.
_ANY = re.compile(r"\d(?:[ -]?\d){5}")


def may_hold_digits(text: str) -> bool:
    """Whether a text holds a digit, as far as can be said at once; looking for each is quicker than for any."""
    return not text.isascii() or any(map(text.__contains__, digits))


def is_chinese_id(number: str) -> bool:
    """Whether an 18-character resident identity number has a real date and the right check character.

    Source: GB 11643-1999, with the check character of ISO 7064 MOD 11-2.
    """
    if not _CN.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def is_french_nir(number: str) -> bool:
    """Whether a French social security number has the right key: 97 minus the number modulo 97 (INSEE)."""
    plain = number.replace(" ", "")
    if not _FR.fullmatch(plain):
        return False
    # Corsica's departments: 2A counts as 19, 2B as 18.
    digits = plain[:13].replace("A", "0").replace("B", "0")
    value = int(digits) - (1_000_000 if "A" in plain[:13] else 2_000_000 if "B" in plain[:13] else 0)
    return 97 - value % 97 == int(plain[13:])


def is_card(number: str) -> bool:
    """Whether a card number has the right check digit.

    Source: ISO/IEC 7812-1, annex B (Luhn).
    """
    digits = [int(item) for item in number if item.isdigit()]
    doubled = [sum(divmod(2 * item, 10)) for item in digits[-2::-2]]
    return bool(_CARD.fullmatch(number)) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(number: str) -> bool:
    """Whether an account number has the right check digits.

    Source: ISO 13616-1, with the check of ISO 7064 MOD 97-10.
    """
    plain = number.replace(" ", "")
    if not _IBAN.fullmatch(number) or not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(item, 36)) for item in plain[4:] + plain[:4])) % 97 == 1


_KINDS = (
    ("CN_ID", _CN, is_chinese_id),
    ("FR_NIR", _FR, is_french_nir),
    ("CREDIT_CARD", _CARD, is_card),
    ("IBAN_CODE", _IBAN, is_iban),
)


def identifiers_in(text: str) -> Iterator[tuple[str, int, int]]:
    """What a text holds: (kind, start, end)."""
    if may_hold_digits(text) and _ANY.search(text):
        for kind, pattern, is_one in _KINDS:
            for match in pattern.finditer(text):
                if is_one(match.group()):
                    yield kind, match.start(), match.end()
