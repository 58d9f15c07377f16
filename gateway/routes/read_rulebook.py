"""GET /v1/rulebook: the rules in force now, and what the Commissioner has notified."""

from gateway.http import Answer, Call
from gateway.operation import Operation
from gateway.rulebook_views import RulesView, rules_view
from gateway.services import Services
from gateway.views import encode
from validators.rulebook import rulebook_in_force


def operation(services: Services) -> Operation:
    """The operation, served by these services."""

    async def read(call: Call) -> Answer:
        known = await services.notifications.refresh()
        rulebook = rulebook_in_force(call.at, services.rulebooks)
        return Answer(200, encode(rules_view(rulebook, known.notifications, call.at)))

    return Operation(
        method="GET",
        path="/v1/rulebook",
        summary="The rules in force now",
        description="The rulebook that bills are generated under at this instant, with its numbers "
        "and its source, and the Commissioner's notifications in effect or announced.",
        endpoint=read,
        roles=frozenset(),
        answers=((200, RulesView),),
    )
