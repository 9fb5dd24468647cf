"""An S3 of the tests' own: moto, which answers over HTTP, in a process of its own.

``python -m tests.support.s3_server`` prints its port and serves until its standard input ends.
"""

import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "orderwire-files"


@contextmanager
def running_s3() -> Iterator[str]:
    """Serve a bucket until the block ends; give its address as the setting has it."""
    command = [sys.executable, "-m", "tests.support.s3_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        endpoint = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        request = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT")
        urllib.request.urlopen(request).close()
        keys = "access_key_id=tester&secret_access_key=not-a-secret"
        yield f"s3://{BUCKET}/some/where?endpoint={endpoint}&region=us-east-1&{keys}"
        process.stdin.close()
        process.wait(30)


def serve() -> None:
    """Serve on a free port."""
    # Imported here: the tests themselves need nothing of it, and it warns of what it imports.
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve()
