# Commands and PTYs of the PyPI package, stream_input too, and their errors.
from e2b import (
    AuthenticationException,
    CommandExitException,
    NotFoundException,
    PtySize,
    Sandbox,
    SandboxException,
    TimeoutException,
)

from check import check, finish, refused, same, until

NO_PID = 999999
s = Sandbox.create(timeout=300)


def read_until(handle, word):
    """Output of a PTY up to a word; the stream is read no further."""
    text = b""
    for _, _, piece in handle:
        text += piece or b""
        if word in text:
            return text
    raise AssertionError("ended before %r: %r" % (word, text))


@check("run: stdout, stderr, envs, cwd, user")
def _():
    r = s.commands.run("echo out; echo err >&2")
    same((r.stdout, r.stderr, r.exit_code), ("out\n", "err\n", 0))
    same(s.commands.run("echo $A; pwd", envs={"A": "b c"}, cwd="/tmp").stdout, "b c\n/tmp\n")
    same(s.commands.run("echo $HOME", user="user").stdout, "/home/user\n")


@check("run: callbacks")
def _():
    out, err = [], []
    s.commands.run("echo one; echo two >&2", on_stdout=out.append, on_stderr=err.append)
    same(("".join(out), "".join(err)), ("one\n", "two\n"))


@check("run: 16 MiB of output")
def _():
    same(len(s.commands.run("head -c 16777216 /dev/zero | tr '\\0' x").stdout), 16777216)


@check("background, list, send_stdin, close_stdin")
def _():
    h = s.commands.run("cat", background=True, stdin=True)
    assert h.pid in [p.pid for p in s.commands.list()]
    s.commands.send_stdin(h.pid, "abc")
    h.send_stdin(b"def")
    s.commands.close_stdin(h.pid)
    same(h.wait().stdout, "abcdef")


@check("handle.close_stdin, iteration")
def _():
    h = s.commands.run("wc -c", background=True, stdin=True)
    h.send_stdin("12345")
    h.close_stdin()
    same("".join(out or "" for out, _, _ in h).strip(), "5")


@check("stream_input")
def _():
    h = s.commands.run("wc -c", background=True, stdin=True)
    s.commands.stream_input(h.pid, ("x" * 1000 for _ in range(1000)))
    h.close_stdin()
    same(h.wait().stdout.strip(), "1000000")


@check("disconnect, connect")
def _():
    h = s.commands.run("read -r x; echo after $x", background=True, stdin=True)
    h.disconnect()
    again = s.commands.connect(h.pid)
    s.commands.send_stdin(h.pid, "it\n")
    same(again.wait().stdout, "after it\n")


@check("kill")
def _():
    h = s.commands.run("tail -f /dev/null", background=True)
    same(h.kill(), True)
    assert "killed" in refused(CommandExitException, h.wait).error
    until(lambda: not s.commands.kill(h.pid))


@check("errors: exit code, time is up")
def _():
    e = refused(CommandExitException, s.commands.run, "echo o; echo e >&2; exit 7")
    same((e.exit_code, e.stdout, e.stderr), (7, "o\n", "e\n"))
    refused(TimeoutException, s.commands.run, "tail -f /dev/null", timeout=0.3)


@check("errors: no such process, folder, user")
def _():
    same(s.commands.kill(NO_PID), False)
    refused(NotFoundException, s.commands.connect, NO_PID)
    refused(NotFoundException, s.commands.send_stdin, NO_PID, "x")
    refused(NotFoundException, s.commands.stream_input, NO_PID, ["x"])
    refused(SandboxException, s.commands.run, "true", cwd="/no/such")
    refused(AuthenticationException, s.commands.run, "true", user="nobody-here")


@check("pty: create, send_stdin, resize, kill")
def _():
    h = s.pty.create(PtySize(rows=23, cols=91), envs={"MINE": "here"}, cwd="/tmp")
    s.pty.send_stdin(h.pid, b'echo "<$MINE:$PWD>"; stty size; echo end$((1+1))\n')
    text = read_until(h, b"end2")
    assert b"<here:/tmp>" in text and b"23 91" in text, text
    h.disconnect()
    h = s.pty.connect(h.pid)
    s.pty.resize(h.pid, PtySize(rows=43, cols=132))
    s.pty.stream_input(h.pid, [b"stty size; echo ", b"end$((1+2))\n"])
    assert b"43 132" in read_until(h, b"end3")
    same(s.pty.kill(h.pid), True)
    until(lambda: not s.pty.kill(h.pid))


@check("pty: errors")
def _():
    same(s.pty.kill(NO_PID), False)
    refused(NotFoundException, s.pty.connect, NO_PID)
    refused(NotFoundException, s.pty.send_stdin, NO_PID, b"x")
    refused(NotFoundException, s.pty.resize, NO_PID, PtySize(rows=1, cols=1))


if s.commands.run("readlink /usr/bin/sudo || true").stdout.startswith("/.sandtop/"):

    @check("sudo: root without a password")
    def _():
        same(s.commands.run('sudo echo "$FOO"; sudo id -u', envs={"FOO": "bar"}).stdout, "bar\n0\n")

else:
    print("skip sudo: /usr is read-only in the sandboxes of this machine", flush=True)

s.kill()
finish()
