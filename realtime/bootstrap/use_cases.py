"""The use cases, made once for API and gateway alike."""

from dataclasses import dataclass

from realtime.bootstrap.ground import Ground
from realtime.delivery.email.unsubscribe import UnsubscribeTokens
from realtime.delivery.ledger import explain
from realtime.delivery.planner import Planner
from realtime.ids import new_epoch, new_id
from realtime.services.accounts import Accounts
from realtime.services.contacts import Contacts
from realtime.services.conversations import Conversations
from realtime.services.message_store import MessageStore
from realtime.services.messages import Messages
from realtime.services.notifications import Notifications
from realtime.services.orders import Orders
from realtime.services.people import People
from realtime.services.rates import AccountRates
from realtime.services.services import Services
from realtime.services.unsubscribe import Unsubscribing


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """What API and gateway call."""

    accounts: Accounts
    services: Services
    orders: Orders
    contacts: Contacts
    conversations: Conversations
    messages: Messages
    notifications: Notifications
    unsubscribing: Unsubscribing


def make_use_cases(ground: Ground, people: People) -> UseCases:
    """Make all of them."""
    database, clock = ground.database, ground.clock
    planner = Planner(clock=clock, new_id=new_id)
    accounts = Accounts(
        database=database, people=people, clock=clock, new_id=new_id, new_epoch=new_epoch
    )
    conversations = Conversations(
        database=database, people=people, clock=clock, new_id=new_id, new_epoch=new_epoch
    )
    orders = Orders(
        database=database,
        people=people,
        conversations=conversations,
        planner=planner,
        clock=clock,
        new_id=new_id,
        new_epoch=new_epoch,
        very_late_after=ground.settings.very_late_hours,
    )
    store = MessageStore(people=people, clock=clock, new_id=new_id)
    links = UnsubscribeTokens(ground.settings.link_secrets)
    return UseCases(
        accounts=accounts,
        services=Services(database=database, planner=planner, clock=clock),
        orders=orders,
        contacts=Contacts(database=database, clock=clock),
        conversations=conversations,
        messages=Messages(database=database, store=store, rates=_message_rates(ground)),
        notifications=Notifications(database=database, clock=clock, explain=explain),
        unsubscribing=Unsubscribing(accounts=accounts, read_token=links.read),
    )


def _message_rates(ground: Ground) -> AccountRates:
    rate = ground.settings.limit_messages_per_second
    # Somebody may answer several people at once, and then has to go on at the rate.
    return AccountRates(rate=rate, burst=4 * rate, monotonic=ground.monotonic)
