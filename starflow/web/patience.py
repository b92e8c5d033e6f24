"""How a connection ends when its server does: whoever was let in and is still speaking is heard first."""

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE_SECONDS = 0.5
"""A request follows its connection within milliseconds; a connection that nobody uses is not waited for any longer."""


class Patient(H11Protocol):
    """uvicorn's own, but for one case: it would close a connection that was accepted and whose request has not arrived yet."""

    def shutdown(self) -> None:
        if self.cycle is None:
            self.loop.call_later(PATIENCE_SECONDS, super().shutdown)
        else:
            super().shutdown()
