"""The guard itself, in a process of its own: it cannot be taken off again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.link_servers import serving

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


JAVASCRIPT = """
const port = %d, told = {};
const tries = {
  network: () => fetch(`http://127.0.0.2:${port}/`),
  socket: () => Deno.connect({ hostname: "127.0.0.2", port }),
  read: () => Deno.readTextFileSync("/etc/hostname"),
  write: () => Deno.writeTextFileSync("written", "x"),
  environment: () => Deno.env.get("HOME"),
  program: () => new Deno.Command("true").outputSync(),
  import: () => new Function('return import("file:///etc/passwd")')(),
  remote: () => new Function("u", "return import(u)")("http://127.0.0.2:" + port),
};
for (const [name, attempt] of Object.entries(tries)) {
  try { await attempt(); told[name] = "done"; } catch (error) { told[name] = String(error); }
}
told.solver = typeof jsc;
console.log(JSON.stringify(told));
"""
RUNTIME = """
import subprocess, sys
from yt_dlp.extractor.youtube.jsc._builtin.deno import DenoJCP
from yt_dlp_ejs.yt import solver
from core.video.fetch import js_runtime
from core.video.fetch_child import _limit_process
from core.video.fetch_guard import Guard
deno = js_runtime()
_limit_process({"time_limit_s": 60, "max_bytes": 10_000_000})
Guard((), deno).install()
code = "\\n".join([solver.lib(), "Object.assign(globalThis, lib);", solver.core(), sys.stdin.read()])
# As yt-dlp starts it with scripts from its package.
command = [str(deno), "run", *DenoJCP._DENO_BASE_OPTIONS, "--no-npm", "--cached-only", "-"]
print(subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout)
"""


def test_the_javascript_runtime_loads_the_solver_and_may_do_nothing_else(tmp_path):
    with serving("127.0.0.2") as site:
        script = JAVASCRIPT % int(site.root.rpartition(":")[2])
        answer = subprocess.run(
            [sys.executable, "-c", RUNTIME],
            input=script,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert told.pop("solver") == "function"
    assert len(told) == 8
    for name, error in told.items():
        assert "Requires" in error or "--no-remote" in error, (name, error)
    assert site.asked == []
    assert not (tmp_path / "written").exists()
