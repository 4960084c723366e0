"""A mail server on this machine, for tests. It refuses one address."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string, policy
from email.message import EmailMessage


class Conversation(socketserver.StreamRequestHandler):
    server: "MailServer"

    def handle(self) -> None:
        self._reply("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper().split(":")[0]
            if verb == "DATA":
                self._reply("354 go on")
                self.server.received.append(self._read_message())
                self._reply("250 taken")
            elif verb == "QUIT":
                self._reply("221 bye")
                return
            elif verb == "RCPT TO" and self.server.refused_address in line:
                self._reply("550 nobody of that name here")
            else:
                self._reply("250 fine")

    def _read_message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        message = message_from_string("".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def _reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.received: list[EmailMessage] = []
        self.refused_address = "nobody@"

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
