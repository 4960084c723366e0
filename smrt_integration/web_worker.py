"""The web server's worker: gunicorn's with threads, but a stopping one refuses connections at once.

Gunicorn's own stops accepting, and keeps listening until its last request is answered. Until then
the system still takes connections; each waits for nothing, and is reset in the end.
"""

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]


class RefusingWorker(ThreadWorker):  # type: ignore[misc]  # the library has no types
    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not. A worker that stops takes what waits, then ends to listen.

        The system refuses connections once every worker, and gunicorn's main process, does so.
        """
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            self._accept_waiting(listener)
            listener.close()

    def _accept_waiting(self, listener: object) -> None:
        """Accept the connections that the system took already, which would be reset."""
        before = None
        while self.nr_conns != before and self.nr_conns < self.worker_connections:
            before = self.nr_conns
            self.accept(listener)
