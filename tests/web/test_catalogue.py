"""Every sentence of the pages stands in the English catalogue, once, with the same values in it."""

import re
from collections import Counter

from starflow.web.catalogue import kept, said

PLACE = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def test_no_sentence_of_a_page_is_missing_from_the_english_catalogue() -> None:
    known = {message.id for message in kept("en") if message.string and not message.fuzzy}

    assert {text: where for text, where in said().items() if text not in known} == {}


def test_the_catalogue_keeps_nothing_that_nobody_says_any_more() -> None:
    spoken = said()

    assert [message.id for message in kept("en") if message.id not in spoken] == []


def test_nothing_is_translated_twice() -> None:
    assert [text for text, times in Counter(message.id for message in kept("en")).items() if times > 1] == []


def test_a_translation_has_the_places_of_its_sentence() -> None:
    differs = [m.id for m in kept("en") if sorted(PLACE.findall(str(m.id))) != sorted(PLACE.findall(str(m.string)))]

    assert differs == []


def test_no_chinese_is_left_in_the_english() -> None:
    chinese = [
        str(m.string) for m in kept("en") if any("\u3400" <= character <= "\u9fff" for character in str(m.string))
    ]

    assert chinese == []
