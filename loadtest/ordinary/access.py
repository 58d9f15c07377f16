"""Who asks, by the token of the request; and the session a request works in."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import jwt
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

_ALGORITHM: Final = "HS256"
_GOOD_FOR: Final = timedelta(hours=12)


class Person(BaseModel):
    """Who a token was issued to: a trader's GSTIN, or a checkpoint's name."""

    sub: str
    role: Literal["trader", "checkpoint"]


def issue(secret: str, sub: str, role: str) -> str:
    """A token, good for twelve hours."""
    claims = {"sub": sub, "role": role, "exp": datetime.now(UTC) + _GOOD_FOR}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


async def _person(
    request: Request, given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> Person:
    try:
        claims = jwt.decode(given.credentials, request.app.state.secret, algorithms=[_ALGORITHM])
        return Person.model_validate(claims)
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise HTTPException(401, "the token is not valid") from error


async def _trader(person: Annotated[Person, Depends(_person)]) -> Person:
    if person.role != "trader":
        raise HTTPException(403, "for traders")
    return person


async def _checkpoint(person: Annotated[Person, Depends(_person)]) -> Person:
    if person.role != "checkpoint":
        raise HTTPException(403, "for checkpoints")
    return person


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Trader = Annotated[Person, Depends(_trader)]
Checkpoint = Annotated[Person, Depends(_checkpoint)]
Session = Annotated[AsyncSession, Depends(_session)]
