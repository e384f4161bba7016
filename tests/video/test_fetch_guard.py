"""The guard itself, in a process of its own: it cannot be taken off again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DENO = "/opt/deno"
SAFE = ["--ext=js", "--no-prompt", "--no-remote", "--no-config", "--no-npm"]
ATTEMPTS = {
    "allowed": "connect('127.0.0.2', port)",
    "loopback": "connect('127.0.0.1', port)",
    "other loopback": "connect('127.1.2.3', port)",
    "any": "connect('0.0.0.0', port)",
    "name": "connect('localhost', port)",
    "empty name": "connect('', port)",
    "short": "connect('127.2', port)",
    "mapped": "connect('::ffff:127.0.0.1', port, socket.AF_INET6)",
    "six": "connect('::1', port, socket.AF_INET6)",
    "bytes": "connect(b'127.0.0.1', port)",
    "connect_ex": "socket.socket().connect_ex(('127.0.0.1', port))",
    "rebinding": "rebind()",
    "both": "both()",
    "unix": "socket.socket(socket.AF_UNIX)",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "raw": "socket.socket(socket.AF_INET, socket.SOCK_RAW)",
    "listen": "socket.socket().bind(('127.0.0.2', 0))",
    "system": "os.system('true')",
    "exec": "os.execv('/bin/true', ['true'])",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "program": "subprocess.run(['ffmpeg', '-version'])",
    "shell": "subprocess.run('true', shell=True)",
    "deno evil": f"subprocess.run([{DENO!r}, 'run', '--allow-net', '-'])",
    "deno eval": f"subprocess.run([{DENO!r}, 'eval', '1'])",
    "deno unsafe": f"subprocess.run([{DENO!r}, 'run', '-'])",
    "deno file": f"subprocess.run([{DENO!r}, 'run', *{SAFE!r}, 'http://evil/x.js'])",
    "deno other": f"subprocess.run(['/tmp/deno', 'run', *{SAFE!r}, '-'])",
    "deno": f"subprocess.run([{DENO!r}, 'run', *{SAFE!r}, '-'])",
    "deno version": f"subprocess.run([{DENO!r}, '--version'])",
}
SCRIPT = """
import ipaddress, json, os, socket, subprocess, sys
from pathlib import Path
from core.video.fetch_guard import Guard, ForbiddenActError, ForbiddenAddressError
server = socket.create_server(("127.0.0.2", 0))
port = server.getsockname()[1]
forbidden = socket.create_server(("127.0.0.1", port))
forbidden.setblocking(False)
attempts = json.loads(sys.argv[1])
Guard((ipaddress.ip_network("127.0.0.2/32"),), Path(sys.argv[2])).install()

def connect(host, port, family=socket.AF_INET):
    socket.socket(family).connect((host, port))

def answering(*hosts):
    socket.getaddrinfo = lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

def rebind():  # the name meant something else when it was looked at
    answering("127.0.0.1")
    socket.create_connection(("public.example", port))

def both():  # one of a host's addresses is private
    answering("127.0.0.1", "127.0.0.2")
    socket.create_connection(("public.example", port))

told = {}
for name, attempt in attempts.items():
    try:
        eval(attempt)
        told[name] = "done"
    except ForbiddenAddressError:
        told[name] = "address"
    except ForbiddenActError:
        told[name] = "act"
    except FileNotFoundError:
        told[name] = "let through"
    except Exception as error:
        told[name] = repr(error)
try:
    forbidden.accept()
    told["reached"] = True
except BlockingIOError:
    told["reached"] = False
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told():
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(ATTEMPTS), DENO], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return json.loads(answer.stdout)


def test_what_is_allowed_goes_through(told):
    assert told["allowed"] == "done"
    assert told["both"] == "done"  # by way of the address that is allowed


@pytest.mark.parametrize(
    "name",
    [
        "loopback", "other loopback", "any", "name", "empty name", "short", "mapped", "six", "bytes", "connect_ex",
        "rebinding",
    ],
)  # fmt: skip
def test_no_other_address_is_connected_to(told, name):
    assert told[name] == "address"
    assert told["reached"] is False


@pytest.mark.parametrize("name", ["unix", "udp", "raw", "listen"])
def test_no_other_kind_of_socket_is_opened(told, name):
    assert told[name] == "act"


@pytest.mark.parametrize(
    "name",
    ["system", "exec", "spawn", "program", "shell", "deno evil", "deno eval", "deno unsafe", "deno file", "deno other"],
)
def test_no_program_is_started(told, name):
    assert told[name] == "act"


def test_but_the_javascript_runtime_without_permissions(told):
    assert told["deno"] == "let through"
    assert told["deno version"] == "let through"
