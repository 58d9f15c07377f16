"""What Locust is given: the users by the weights of the profile, and the shape of the run."""

import time

from locust import LoadTestShape

from loadtest.day.caller import BRIEF, Caller
from loadtest.day.roadside import Lane, Sms
from loadtest.day.shapes import users_at
from loadtest.day.traders import Dealer, Erp, Transporter


def _weighed(user: type[Caller]) -> None:
    """Raises SystemExit where the profile names a task that there is not."""
    kind = getattr(BRIEF.profile.users, user.kind)
    user.weight = kind.weight
    # Locust takes every User it finds but those that are abstract.
    user.abstract = not kind.weight
    # Locust draws by how often a task is in the list, so weights are hundredths.
    user.tasks = []
    for name, weight in kind.tasks.items():
        task = vars(user).get(name)
        if task is None or name.startswith(("_", "on_")):
            raise SystemExit(f"a user {user.kind} has no task {name!r}")
        user.tasks += [task] * round(100 * weight)


_weighed(Transporter)
_weighed(Erp)
_weighed(Lane)
_weighed(Sms)
_weighed(Dealer)

if BRIEF.shape is not None:
    _POINTS = BRIEF.shape

    class Shape(LoadTestShape):
        """The shape the day was asked for."""

        def tick(self) -> tuple[int, float] | None:
            """Users at this second, and how many a second may be begun; None at the end."""
            at = time.perf_counter() - self.start_time
            users = users_at(_POINTS, at, seconds=BRIEF.seconds, users=BRIEF.users)
            return None if users is None else (users, float(BRIEF.users))
