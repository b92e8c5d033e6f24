"""Where a letter or a code can reach somebody: an e-mail address or a telephone number, by their look alone."""

import re

MAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,120}\.[A-Za-z]{2,24}")
PHONE = re.compile(r"\+?[0-9][0-9 -]{5,19}")


def reaches(contact: str) -> bool:
    said = contact.strip()
    return bool(MAIL.fullmatch(said) or PHONE.fullmatch(said))
