"""Mails over real connections, to a mail server that fails in every way a mail server can."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from realtime.delivery.domains import IN_A_ROW
from realtime.delivery.email.circuit import PUT_OFF_REST, TRIAL
from realtime.delivery.email.mail import Mail
from realtime.delivery.email.relay import MailTimeouts, PoolLimits, parse_relays
from realtime.delivery.email.sender import MailSender
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from tests.support.certificates import Authority, make_authority
from tests.support.clock import StillClock
from tests.support.mail_server import Fault, MailServer

BRIEF = MailTimeouts(connect=2.0, command=0.3, answer=0.3)
# What is waited for here ends before, or the test fails.
PATIENCE = 30.0
# What would be waited for instead, if it were.
NEVER = 600.0


def a_mail(recipient: str = "sabine@example.com", body: str = "Hallo") -> Mail:
    message = f"Message-ID: <d1@example.com>\r\nSubject: Hallo\r\n\r\n{body}\r\n"
    return Mail(
        message_id="<d1@example.com>",
        sender="no-reply@example.com",
        recipient=recipient,
        message=message.encode(),
    )


@asynccontextmanager
async def a_sender(
    *servers: MailServer,
    tls: ssl.SSLContext | None = None,
    limits: PoolLimits | None = None,
    urls: str | None = None,
    timeouts: MailTimeouts = BRIEF,
    clock: StillClock | None = None,
) -> AsyncIterator[MailSender]:
    """Start the servers, and a sender that prefers the first one."""
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server.running())
        relays = parse_relays(urls or ",".join(server.url for server in servers))
        sender = MailSender(
            relays,
            helo="example.com",
            tls=tls,
            timeouts=timeouts,
            limits=limits,
            clock=clock or StillClock(),
        )
        stack.push_async_callback(sender.close)
        yield sender


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(Path(tmp_path_factory.mktemp("ca")))


def told(outcome: Outcome) -> tuple[Result, str]:
    return outcome.result, outcome.reason


async def test_a_mail_arrives_as_it_was_written() -> None:
    server = MailServer()
    async with a_sender(server) as sender:
        outcome = await sender.send(a_mail(body=".\r\n..dots\r\nGrüße"))
        assert (told(outcome), outcome.code) == ((Result.ACCEPTED, Reason.SENT), "250 2.0.0")
        [mail] = server.received
        assert mail.content.endswith(".\r\n..dots\r\nGrüße\r\n".encode())
        assert (mail.sender, mail.recipient) == ("no-reply@example.com", "sabine@example.com")


async def test_a_server_that_knows_no_ehlo_is_greeted_as_servers_once_were() -> None:
    server = MailServer()
    server.tell("ehlo", "502 5.5.1 what?")
    async with a_sender(server) as sender:
        assert (await sender.send(a_mail())).result is Result.ACCEPTED


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
async def test_a_login_goes_over_a_verified_connection(
    authority: Authority, *, implicit: bool
) -> None:
    server = MailServer(tls=authority.server_context(), implicit=implicit, login=not implicit)
    async with a_sender(server, tls=authority.client_context()) as sender:
        assert (await sender.send(a_mail())).result is Result.ACCEPTED


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
async def test_a_server_that_cannot_prove_its_name_gets_nothing(
    authority: Authority, *, implicit: bool
) -> None:
    server = MailServer(tls=authority.server_context(), implicit=implicit)
    async with a_sender(server, tls=ssl.create_default_context()) as sender:
        outcome = await sender.send(a_mail())
        assert told(outcome) == (Result.PAUSED, Reason.RELAY_NOT_TRUSTED)
        assert server.received == []


async def test_a_server_without_starttls_gets_nothing() -> None:
    server = MailServer()
    async with server.running():
        url = f"smtp+starttls://127.0.0.1:{server.port}"
        async with a_sender(urls=url) as sender:
            outcome = await sender.send(a_mail())
    assert told(outcome) == (Result.PAUSED, Reason.RELAY_NOT_TRUSTED)


async def test_a_wrong_password_pauses_the_relay_and_is_not_tried_again_at_once(
    authority: Authority,
) -> None:
    server = MailServer(tls=authority.server_context(), login=True)
    async with server.running():
        wrong = server.url.replace("correct", "wrong")
        async with a_sender(urls=wrong, tls=authority.client_context()) as sender:
            first, second = await sender.send(a_mail()), await sender.send(a_mail())
    assert told(first) == (Result.PAUSED, Reason.RELAY_REFUSED_LOGIN)
    assert told(second) == (Result.PAUSED, Reason.RELAYS_RESTING)
    assert second.retry_after is not None
    assert 0 < second.retry_after <= 60
    assert "wrong" not in repr(first)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("phase", "reply", "result", "reason"),
    [
        ("connect", "421 4.3.2 later", Result.RETRY, Reason.CONNECTION_FAILED),
        ("connect", "554 not you", Result.RETRY, Reason.CONNECTION_FAILED),
        ("mail", "451 4.3.0 later", Result.RETRY, Reason.TRY_LATER),
        ("mail", "530 5.7.0 log in first", Result.PAUSED, Reason.RELAY_REFUSED_LOGIN),
        ("mail", "550 5.1.8 bad sender", Result.DEAD, Reason.REFUSED),
        ("rcpt", "421 4.7.0 closing", Result.RETRY, Reason.TRY_LATER),
        ("rcpt", "450 4.7.1 greylisted", Result.RETRY, Reason.TRY_LATER),
        ("rcpt", "452 4.2.2 full", Result.RETRY, Reason.MAILBOX_FULL),
        ("rcpt", "552 5.2.2 full", Result.RETRY, Reason.MAILBOX_FULL),
        ("rcpt", "550 5.1.1 nobody", Result.GONE, Reason.HARD_BOUNCE),
        ("rcpt", "550 5.1.10 null MX", Result.GONE, Reason.HARD_BOUNCE),
        ("rcpt", "550 5.7.1 blocked", Result.DEAD, Reason.POLICY_REFUSED),
        ("rcpt", "550 nobody", Result.DEAD, Reason.REFUSED),
        ("data", "451 4.3.0 later", Result.RETRY, Reason.TRY_LATER),
        ("data", "554 5.5.1 no", Result.DEAD, Reason.REFUSED),
        ("body", "451 4.3.0 later", Result.RETRY, Reason.TRY_LATER),
        ("body", "550 5.7.1 spam", Result.DEAD, Reason.POLICY_REFUSED),
        ("body", "552 5.3.4 too big", Result.DEAD, Reason.REFUSED),
    ],
)
async def test_each_reply_has_its_outcome(
    phase: str, reply: str, result: Result, reason: Reason
) -> None:
    server = MailServer()
    server.tell(phase, reply)
    async with a_sender(server) as sender:
        outcome = await sender.send(a_mail())
        assert told(outcome) == (result, reason)
        assert outcome.code.split()[0] == reply.split()[0]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("phase", ["connect", "mail", "rcpt", "data"])
async def test_what_is_lost_before_the_body_is_tried_again(phase: str, fault: Fault) -> None:
    """Nothing can have been taken: it is safe."""
    server = MailServer()
    server.tell(phase, fault)
    async with a_sender(server) as sender:
        outcome = await sender.send(a_mail())
        lost = {Fault.DROP: Reason.CONNECTION_FAILED, Fault.STALL: Reason.TIMEOUT}[fault]
        assert told(outcome) == (Result.RETRY, lost)


@pytest.mark.parametrize("fault", Fault)
async def test_what_is_lost_after_the_body_is_uncertain(fault: Fault) -> None:
    """The server has the mail and did not say so; no other relay is given it, too."""
    server, other = MailServer(), MailServer()
    server.tell("body", fault)
    async with a_sender(server, other) as sender:
        outcome = await sender.send(a_mail())
        assert told(outcome) == (Result.UNCERTAIN, Reason.ANSWER_LOST)
        assert len(server.received) == 1
        assert other.connections == 0


async def test_connections_are_reused_and_renewed() -> None:
    server = MailServer()
    async with a_sender(server, limits=PoolLimits(mails_per_connection=3)) as sender:
        for _ in range(7):
            assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert server.connections == 3


async def test_a_refused_mail_leaves_its_connection_good() -> None:
    server = MailServer()
    server.tell("rcpt", "550 5.1.1 nobody")
    async with a_sender(server) as sender:
        await sender.send(a_mail())
        assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert server.connections == 1


async def test_a_relay_gets_no_more_connections_than_its_limit() -> None:
    server = MailServer()
    async with a_sender(server, limits=PoolLimits(connections=2)) as sender:
        outcomes = await asyncio.gather(*(sender.send(a_mail()) for _ in range(10)))
        assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
        assert server.connections == 2


async def test_a_connection_that_died_while_idle_is_replaced() -> None:
    server = MailServer()
    async with a_sender(server, limits=PoolLimits(unchecked_idle=0.0)) as sender:
        await sender.send(a_mail())
        server.drop_all()
        assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert server.connections == 2


async def test_a_connection_that_was_idle_for_too_long_is_replaced() -> None:
    server = MailServer()
    async with a_sender(server, limits=PoolLimits(idle=0.0)) as sender:
        await sender.send(a_mail())
        assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert server.connections == 2


@pytest.mark.parametrize("phase", ["connect", "mail", "rcpt", "data"])
async def test_the_next_relay_takes_what_the_first_one_cannot(phase: str) -> None:
    first, second = MailServer(), MailServer()
    first.tell(phase, "421 4.3.2 later")
    async with a_sender(first, second) as sender:
        assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert len(second.received) == 1


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("phase", ["connect", "mail", "rcpt", "data", "body"])
async def test_a_relay_that_is_down_is_left_alone_for_a_while(phase: str, fault: Fault) -> None:
    """The next mails do not wait for it; that of the first nobody knows is left at that."""
    first, second = MailServer(), MailServer()
    first.tell(phase, fault)
    async with a_sender(first, second) as sender:
        told_of_first = told(await sender.send(a_mail()))
        await sender.send(a_mail())
    taken = (Result.ACCEPTED, Reason.SENT)
    unknown = (Result.UNCERTAIN, Reason.ANSWER_LOST)
    assert told_of_first == (unknown if phase == "body" else taken)
    assert (first.connections, len(second.received)) == (1, 1 if phase == "body" else 2)


async def test_whoever_waited_for_a_relay_that_turns_out_to_be_down_goes_to_the_next() -> None:
    first, second = MailServer(), MailServer()
    first.tell("rcpt", *[Fault.STALL] * 2)
    async with a_sender(first, second, limits=PoolLimits(connections=1)) as sender:
        outcomes = await asyncio.gather(sender.send(a_mail()), sender.send(a_mail()))
    assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    assert (first.connections, len(second.received)) == (1, 2)


async def test_nobody_waits_long_for_a_relay_that_hangs_with_all_its_connections() -> None:
    first, second = MailServer(), MailServer()
    first.tell("body", Fault.STALL)
    slow = MailTimeouts(connect=0.3, command=PATIENCE, answer=PATIENCE)
    limits = PoolLimits(connections=1)
    async with a_sender(first, second, limits=limits, timeouts=slow) as sender:
        hanging = asyncio.create_task(sender.send(a_mail()))
        await first.wait_for(1)
        for _ in range(2):
            assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert not hanging.done()
        hanging.cancel()
    assert (first.connections, len(second.received)) == (1, 2)


async def test_an_idle_connection_that_went_silent_is_given_up_as_soon_as_a_new_one_would_be() -> (
    None
):
    server = MailServer()
    server.tell("rset", Fault.STALL)
    slow = MailTimeouts(connect=0.3, command=NEVER, answer=PATIENCE)
    limits = PoolLimits(unchecked_idle=0.0)
    async with a_sender(server, limits=limits, timeouts=slow) as sender:
        await sender.send(a_mail())
        async with asyncio.timeout(PATIENCE):
            assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert server.connections == 2


async def test_after_its_rest_a_relay_is_tried_by_one_mail_before_the_others() -> None:
    first, second, clock = MailServer(), MailServer(), StillClock()
    first.tell("body", Fault.DROP, Fault.STALL)
    slow = MailTimeouts(connect=PATIENCE, command=PATIENCE, answer=PATIENCE)
    async with a_sender(first, second, clock=clock, timeouts=slow) as sender:
        await sender.send(a_mail())
        clock.advance(timedelta(seconds=5))
        trial = asyncio.create_task(sender.send(a_mail()))
        await first.wait_for(2)
        assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert len(second.received) == 1
        clock.advance(TRIAL)
        for _ in range(2):
            assert (await sender.send(a_mail())).result is Result.ACCEPTED
        assert len(first.received) == 4
        trial.cancel()


async def test_without_another_relay_mails_ask_again_soon_what_came_of_the_trial() -> None:
    server, clock = MailServer(), StillClock()
    server.tell("body", Fault.DROP, Fault.STALL)
    slow = MailTimeouts(connect=PATIENCE, command=PATIENCE, answer=PATIENCE)
    async with a_sender(server, clock=clock, timeouts=slow) as sender:
        await sender.send(a_mail())
        clock.advance(timedelta(seconds=5))
        trial = asyncio.create_task(sender.send(a_mail()))
        await server.wait_for(2)
        waiting = await sender.send(a_mail())
        assert told(waiting) == (Result.PAUSED, Reason.RELAYS_RESTING)
        assert (waiting.retry_after, waiting.all_wait) == (2, True)
        trial.cancel()


async def test_a_relay_that_puts_off_mail_after_mail_is_left_alone() -> None:
    """What it says before it knows whom a mail is for is about itself."""
    server, clock = MailServer(), StillClock()
    server.tell("mail", *["452 4.3.1 insufficient system storage"] * IN_A_ROW)
    async with a_sender(server, clock=clock) as sender:
        for _ in range(IN_A_ROW):
            outcome = await sender.send(a_mail())
            assert (told(outcome), outcome.of_relay) == ((Result.RETRY, Reason.TRY_LATER), True)
        assert told(await sender.send(a_mail())) == (Result.PAUSED, Reason.RELAYS_RESTING)
        clock.advance(PUT_OFF_REST)
        for _ in range(2):
            assert (await sender.send(a_mail())).result is Result.ACCEPTED


async def test_what_a_relay_puts_off_for_a_recipient_is_not_held_against_it() -> None:
    server = MailServer()
    server.tell("mail", *["452 4.3.1 insufficient system storage"] * (IN_A_ROW - 1))
    server.tell("rcpt", *["450 4.7.1 greylisted"] * IN_A_ROW)
    async with a_sender(server) as sender:
        for _ in range(2 * IN_A_ROW - 1):
            assert (await sender.send(a_mail())).result is Result.RETRY
        assert (await sender.send(a_mail())).result is Result.ACCEPTED


@pytest.mark.parametrize(
    ("first_says", "second_says", "result", "reason"),
    [
        ("530 5.7.0 log in", "451 4.3.0 later", Result.RETRY, Reason.TRY_LATER),
        ("451 4.3.0 later", "530 5.7.0 log in", Result.RETRY, Reason.TRY_LATER),
        ("530 5.7.0 log in", "530 5.7.0 log in", Result.PAUSED, Reason.RELAY_REFUSED_LOGIN),
    ],
)
async def test_only_what_no_relay_answered_costs_no_attempt(
    first_says: str, second_says: str, result: Result, reason: Reason
) -> None:
    first, second = MailServer(), MailServer()
    first.tell("mail", first_says)
    second.tell("mail", second_says)
    async with a_sender(first, second) as sender:
        assert told(await sender.send(a_mail())) == (result, reason)


@pytest.mark.parametrize("phase", ["rcpt", "body"])
async def test_what_is_final_is_not_offered_to_the_next_relay(phase: str) -> None:
    first, second = MailServer(), MailServer()
    first.tell(phase, "550 5.7.1 no")
    async with a_sender(first, second) as sender:
        assert (await sender.send(a_mail())).result is Result.DEAD
        assert second.connections == 0


@pytest.mark.parametrize("recipient", ["", "nobody", "a@b\r\nRCPT TO:<c@d>", "ä@example.com"])
async def test_what_is_no_address_is_dead_before_anyone_is_asked(recipient: str) -> None:
    server = MailServer()
    async with a_sender(server) as sender:
        outcome = await sender.send(a_mail(recipient))
        assert told(outcome) == (Result.DEAD, Reason.BAD_ADDRESS)
        assert server.connections == 0


async def test_a_domain_of_other_letters_is_written_in_ascii() -> None:
    server = MailServer()
    async with a_sender(server) as sender:
        await sender.send(a_mail("post@müller.example"))
        assert server.received[0].recipient == "post@xn--mller-kva.example"
