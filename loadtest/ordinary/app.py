"""The application: its routes, over a pool of connections that each request borrows from."""

from typing import Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from loadtest.ordinary import eway_bills, invoices

_CONNECTIONS: Final = 50
"""Of each worker: of 6, 20, 50 and 80 it does best with 50 or more, with 256 clients at once."""


def application(database: str, secret: str) -> FastAPI:
    """Serves a database, given as SQLAlchemy's URL; tokens are signed with the secret."""
    engine = create_async_engine(database, pool_size=_CONNECTIONS, max_overflow=0)
    app = FastAPI(title="E-way bills")
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.state.secret = secret
    app.include_router(eway_bills.router)
    app.include_router(invoices.router)
    return app
