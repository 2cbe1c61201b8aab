# The CLI of the npm package in a terminal, every command: colours, tables, keys, Ctrl-C.
# usage: cli_pty.py NODE CLI.JS, with the host's variables set; the standard library is enough
import json
import os
import pty
import re
import subprocess
import sys

from check import check, finish, same, until

CLI = sys.argv[1:3]


class Terminal:
    def __init__(self, *args):
        self.text = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(CLI[0], CLI + list(args))

    def read(self):
        """More text; empty when the program has closed the terminal."""
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            piece = b""
        self.text += piece
        return piece

    def has(self, pattern):
        while not re.search(pattern, self.text):
            assert self.read(), "ended before %r: %r" % (pattern, self.text[-500:])
        return re.search(pattern, self.text)

    def type(self, text):
        os.write(self.fd, text)

    def status(self):
        while self.read():
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def e2b(*args):
    return subprocess.run(CLI + list(args), stdout=subprocess.PIPE, text=True, timeout=40).stdout


def running():
    return [s["sandboxId"] for s in json.loads(e2b("sandbox", "list", "-f", "json") or "[]")]


@check("create in a terminal; its end kills the sandbox")
def _():
    before = running()
    t = Terminal("sandbox", "create", "base")
    t.has(rb"[$#] ")
    t.type(b"echo in$((40+2)) $E2B_SANDBOX\n")
    t.has(rb"in42 true")
    t.type(b"exit\n")
    same(t.status(), 0)
    until(lambda: running() == before)


@check("connect in a terminal; its end leaves the sandbox")
def _():
    box = e2b("sandbox", "create", "--detach", "base").strip()
    t = Terminal("sandbox", "connect", box)
    t.has(rb"[$#] ")
    t.type(b"stty size; echo left > here; echo in$((40+3))\n")
    t.has(rb"in43")
    t.type(b"exit\n")
    same(t.status(), 0)
    assert box in running()
    same(e2b("sandbox", "exec", box, "cat here"), "left\n")
    e2b("sandbox", "kill", box)


@check("connect --cwd --env")
def _():
    box = e2b("sandbox", "create", "--detach", "base").strip()
    t = Terminal("sandbox", "connect", "--cwd", "/tmp", "--env", "MINE=b", box)
    t.has(rb"[$#] ")
    t.type(b'echo "<$PWD:$MINE>"\n')
    t.has(rb"</tmp:b>")
    t.type(b"exit\n")
    same(t.status(), 0)
    e2b("sandbox", "kill", box)


@check("connect --user root")
def _():
    box = e2b("sandbox", "create", "--detach", "base").strip()
    t = Terminal("sandbox", "connect", "--user", "root", box)
    t.has(rb"[$#] ")
    t.type(b'echo "uid=$(id -u)."\n')
    t.has(rb"uid=0\.")
    t.type(b"exit\n")
    same(t.status(), 0)
    e2b("sandbox", "kill", box)


def seen(*args, code=0):
    """What a command shows in a terminal, without its colours."""
    t = Terminal(*args)
    same(t.status(), code)
    return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", t.text).decode()


@check("list, info, exec, metrics, pause, resume, kill, template list in a terminal")
def _():
    box = e2b("sandbox", "create", "--detach", "base").strip()
    assert re.search(box + r".*base.*Running", seen("sandbox", "list"))
    assert "State: running" in seen("sandbox", "info", box)
    assert "said here" in seen("sandbox", "exec", box, "echo said here")
    seen("sandbox", "exec", box, "exit 3", code=3)
    until(lambda: re.search(r"CPU: .*Memory: .*Disk: ", seen("sandbox", "metrics", box)))
    assert "has been paused" in seen("sandbox", "pause", box)
    assert re.search(box + r".*Paused", seen("sandbox", "list", "--state", "paused"))
    assert "has been resumed" in seen("sandbox", "resume", box)
    assert "base" in seen("template", "list")
    assert "has been killed" in seen("sandbox", "kill", box)
    assert box not in running()


@check("logs --follow in a terminal: what comes later is shown; Ctrl-C ends it, not the sandbox")
def _():
    box = e2b("sandbox", "create", "--detach", "base").strip()
    t = Terminal("sandbox", "logs", "--follow", box)
    t.has(rb"Sandbox created")
    e2b("sandbox", "exec", box, "echo later")
    t.has(rb"Process started")
    t.type(b"\x03")
    t.status()
    assert box in running()
    e2b("sandbox", "kill", box)


@check("kill --all in a terminal")
def _():
    boxes = [e2b("sandbox", "create", "--detach", "base").strip() for _ in range(3)]
    text = seen("sandbox", "kill", "--all")
    for box in boxes:
        assert "%s has been killed" % box in text, text
    same(running(), [])


finish()
