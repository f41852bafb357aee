"""Stores with a fault: an S3 server on loopback, and a file system without renames."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import boto3  # type: ignore[import-untyped]
import fsspec  # type: ignore[import-untyped]
from fsspec.implementations.local import (  # type: ignore[import-untyped]
    LocalFileSystem,
)

SLOW = 2.0  # seconds


class FaultyS3:
    """An S3 server with a bucket ``team``, and with the fault in ``fault``.

    The faults: ``slow``, ``hangs``, ``503`` and ``some 503`` (every tenth request),
    ``cuts`` (every third connection is closed without an answer) and ``breaks`` (every
    connection after the first ``healthy`` requests).
    """

    def __init__(self) -> None:
        """Start it, with a bucket and without a fault."""
        from moto.server import (  # type: ignore[attr-defined] # noqa: PLC0415
            DomainDispatcherApplication,
            create_backend_app,
        )
        from werkzeug.serving import make_server  # noqa: PLC0415

        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self.app: Any = DomainDispatcherApplication(create_backend_app)
        self.fault, self.requests, self.healthy = "", 0, 12
        self.over = threading.Event()
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        self.s3.create_bucket(Bucket="team")

    def begin(self, fault: str) -> None:
        """Have a fault from now on."""
        self.fault, self.requests = fault, 0

    def close(self) -> None:
        """End it."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def __call__(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request, or do not."""
        self.requests += 1
        if self.fault == "slow":
            time.sleep(SLOW)
        if self.fault == "hangs":
            self.over.wait(600)
        tenth = self.fault == "some 503" and self.requests % 10 == 0
        if self.fault == "503" or tenth:
            start("503 Slow Down", [("Content-Length", "0")])
            return [b""]
        cut = self.fault == "cuts" and self.requests % 3 == 0
        if cut or (self.fault == "breaks" and self.requests > self.healthy):
            environ["werkzeug.socket"].shutdown(2)
            return []
        answer: Iterable[bytes] = self.app(environ, start)
        return answer


class NoRename(LocalFileSystem):  # type: ignore[misc]
    """Files are written in place, in two halves, and nothing can be moved."""

    protocol = "norename"

    def pipe_file(
        self, path: str, value: bytes, mode: str = "overwrite", **_: Any
    ) -> None:
        """Write a file, so that readers can see its first half alone."""
        how = "xb" if mode == "create" else "wb"
        with open(self._strip_protocol(path), how, buffering=0) as file:
            for half in (value[: len(value) // 2], value[len(value) // 2 :]):
                file.write(half)
                time.sleep(0.001)

    def mv(self, *_: Any, **__: Any) -> None:
        """Refuse."""
        raise NotImplementedError("this file system cannot rename")


fsspec.register_implementation("norename", NoRename, clobber=True)
