"""Checks that tell a number of some kind from any other: each is linear in a few bytes and takes ASCII only."""

from typing import Final

# ISO/IEC 7812-1 issuer ranges as the networks publish them: (first, last, digits compared, lengths)
_BRANDS: Final = (
    (2200, 2204, 4, (16, 17, 18, 19)),  # Mir
    (2221, 2720, 4, (16,)),  # Mastercard, second series
    (300, 305, 3, (14,)),  # Diners Club
    (3095, 3095, 4, (14,)),
    (34, 34, 2, (15,)),  # American Express
    (37, 37, 2, (15,)),
    (36, 36, 2, (14, 16, 19)),  # Diners Club
    (38, 39, 2, (14, 16, 19)),
    (3528, 3589, 4, (16, 17, 18, 19)),  # JCB
    (4, 4, 1, (13, 16, 19)),  # Visa
    (50, 50, 2, (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro, RuPay, Verve
    (51, 55, 2, (16,)),  # Mastercard
    (56, 58, 2, (13, 14, 15, 16, 17, 18, 19)),  # Maestro
    (60, 60, 2, (16, 17, 18, 19)),  # Discover, RuPay, Elo
    (62, 62, 2, (16, 17, 18, 19)),  # UnionPay
    (63, 63, 2, (13, 14, 15, 16, 17, 18, 19)),  # Maestro, Elo, Hipercard
    (644, 649, 3, (16, 17, 18, 19)),  # Discover
    (65, 65, 2, (16, 17, 18, 19)),  # Discover, RuPay, Troy, Elo
    (67, 67, 2, (13, 14, 15, 16, 17, 18, 19)),  # Maestro
    (81, 82, 2, (16,)),  # UnionPay, RuPay
    (9792, 9792, 4, (16,)),  # Troy
)
_BY_FIRST: Final = {byte: tuple(row for row in _BRANDS if str(row[0])[0] == chr(byte)) for byte in b"0123456789"}
_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")  # twice each digit, the digits of that added up

# Lengths by country: the SWIFT IBAN registry, https://www.swift.com/standards/data-standards/iban, and after the bars
# countries that use the format without being in it
IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST | AO CV GW MZ", 26: "IS TR | DZ IR", 27: "BI DJ FR GR IT MC MR SM | CF CG CM GA GQ KM MG TD",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV | BF BJ CI MA ML NE SN TG", 29: "BR EG PS QA UA", 30: "JO KW MU YE",
        31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
    if country != "|"
}  # fmt: skip

# Country codes that are assigned: ITU-T E.164, list of assigned country codes
_COUNTRY_CODES: Final = frozenset(
    str(code)
    for code in (
        1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56,
        57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98, 211, 212, 213, 216,
        218, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238,
        239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258,
        260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 290, 291, 297, 298, 299, 350, 351, 352, 353, 354,
        355, 356, 357, 358, 359, 370, 371, 372, 373, 374, 375, 376, 377, 378, 380, 381, 382, 383, 385, 386,
        387, 389, 420, 421, 423, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 590, 591, 592, 593, 594,
        595, 596, 597, 598, 599, 670, 672, 673, 674, 675, 676, 677, 678, 679, 680, 681, 682, 683, 685, 686,
        687, 688, 689, 690, 691, 692, 800, 808, 850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886,
        888, 960, 961, 962, 963, 964, 965, 966, 967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992,
        993, 994, 995, 996, 998
    )
)  # fmt: skip
_NATIONAL: Final = (7, 11)  # digits after the code, where the plan of the country is not told apart
_NATIONAL_OF: Final = {
    "1": (10, 10), "7": (10, 10), "27": (9, 9), "33": (9, 9), "34": (9, 9), "44": (9, 10), "45": (8, 8), "47": (8, 8),
    "48": (9, 9), "61": (9, 9), "81": (9, 10), "90": (10, 10), "91": (10, 10), "351": (9, 9), "380": (9, 9),
    "420": (9, 9), "421": (9, 9), "852": (8, 8),
}  # fmt: skip


def luhn(digits: bytes) -> bool:
    """Whether ASCII digits end in their ISO/IEC 7812-1 check digit."""
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)
    return total % 10 == 0


def card(digits: bytes) -> bool:
    """Whether ASCII digits are a card number: a known issuer's range, its length, the check digit."""
    count = len(digits)
    if not 12 <= count <= 19:
        return False
    for first, last, compared, lengths in _BY_FIRST[digits[0]] if luhn(digits) else ():
        if count in lengths and first <= int(digits[:compared]) <= last:
            return True
    return False


def mod97(iban: bytes) -> int:
    """ISO 7064 remainder of an IBAN without spaces, upper case; 1 where it is valid."""
    return int("".join(str(int(chr(byte), 36)) for byte in iban[4:] + iban[:4])) % 97


def ssn(digits: bytes) -> bool:
    """Whether nine ASCII digits may be a US social security number (https://www.ssa.gov/employer/randomization.html)."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {b"000", b"666"} and area < b"900" and group != b"00" and serial != b"0000"


def nanp(digits: bytes) -> bool:
    """Whether ten ASCII digits may be a North American number: area and exchange codes (https://nationalnanpa.com)."""
    area, exchange = digits[:3], digits[3:6]
    plain = b"2" <= area[:1] <= b"9" and b"2" <= exchange[:1] <= b"9"
    return plain and area[1:2] != b"9" and area[1:] != b"11" and exchange[1:] != b"11" and len(set(digits)) > 2


def e164(digits: bytes) -> bool:
    """Whether ASCII digits after a plus may be an international telephone number."""
    for size in (1, 2, 3):
        code, national = digits[:size].decode("ascii"), digits[size:]
        if code in _COUNTRY_CODES:
            shortest, longest = _NATIONAL_OF.get(code, _NATIONAL)
            fits = shortest <= len(national) <= longest and len(set(national)) > 2
            return fits and (code != "1" or nanp(national))
    return False
