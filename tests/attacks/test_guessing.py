"""Guessed tokens hit nothing, and are answered by the very page that a used or late one gets."""

import hashlib
from collections.abc import Iterator

import anyio
import httpx
import pytest

from starflow.service.clock import SLIP_LENGTH, SLIP_LETTERS, new_slip
from starflow.service.polls import digest
from storage import ballots
from storage.ballots import Vote
from tests.attacks.hall import Hall, hall_at
from tests.kept import app_at

MILLION, CHUNK, OVER_HTTP = 1_000_000, 10_000, 2_000


@pytest.fixture
def hall(database_url: str) -> Iterator[Hall]:
    with hall_at(database_url) as hall:
        yield hall


@pytest.mark.long
def test_a_million_guesses_hit_no_slip(hall: Hall) -> None:
    """By the very act with which a vote spends its slip."""
    run = hall.prepare("slips", 1)
    held = [Vote(slip=digest(token), payload=run.payload[name]) for name, token in run.token.items()]

    with hall.desk.transaction() as tx:
        hits = 0
        for start in range(0, MILLION, CHUNK):
            guesses = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(start, start + CHUNK)]
            hits += sum(ballots.cast(tx, [Vote(slip=guess, payload=held[0].payload) for guess in guesses]))
        accepted = ballots.cast(tx, held)

    assert (hits, accepted) == (0, [True] * len(held))  # whoever holds a slip is taken after a million who do not


@pytest.mark.long
def test_two_thousand_guesses_over_http_get_one_and_the_same_page(hall: Hall) -> None:
    hall.prepare("slips", 1)
    app = app_at(hall.desk)

    async def asked() -> set[tuple[int, bytes]]:
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            found = set()
            for number in range(OVER_HTTP):
                guess = hashlib.sha256(b"http %d" % number).hexdigest()[:26]
                answer = await client.get(f"/b/{guess}")
                found.add((answer.status_code, answer.content))
            return found

    ((status, page),) = anyio.run(asked)

    assert (status, "现在不能投票" in page.decode()) == (410, True)


def test_a_token_has_130_bits_and_every_letter_is_as_likely() -> None:
    assert (len(set(SLIP_LETTERS)), SLIP_LENGTH) == (32, 26)
    drawn = "".join(new_slip() for _ in range(4000))
    counts = [drawn.count(letter) for letter in SLIP_LETTERS]
    expected = len(drawn) / 32
    chi = sum((count - expected) ** 2 / expected for count in counts)
    assert chi < 31 + 6 * (2 * 31) ** 0.5  # six sigma of a chi-square with 31 degrees
