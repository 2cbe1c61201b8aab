# AsyncSandbox of the PyPI package: sandbox, commands, PTYs, files, and the errors of each.
import asyncio
import datetime

from e2b import (
    AsyncSandbox,
    AsyncTemplate,
    AuthenticationException,
    BuildException,
    CommandExitException,
    FileNotFoundException,
    FilesystemEventType,
    InvalidArgumentException,
    NotFoundException,
    PtySize,
    SandboxException,
    SandboxNotFoundException,
    SandboxQuery,
    SandboxState,
    TimeoutException,
)

from calls import record_error
from check import DEADLINE, UNKNOWN, finish, same

NO_PID = 999999
TAG = {"suite": "async.py"}


async def refused(kind, awaitable):
    """The error of that class that must come."""
    try:
        await awaitable
    except kind as e:
        record_error(e)
        return e
    raise AssertionError("no %s" % kind.__name__)


async def until(ask):
    """Asks the service until the answer is a true one; check()'s deadline ends it."""
    while not await ask():
        pass


class News:
    """What callbacks bring, and waiting for something in it."""

    def __init__(self, items, add):
        self.items, self.add, self.came = items, add, asyncio.Event()

    def __call__(self, item):
        self.add(item)
        self.came.set()

    async def until(self, is_there):
        while not is_there(self.items):
            self.came.clear()
            await self.came.wait()


async def listed(**query):
    pages, items = AsyncSandbox.list(query=SandboxQuery(**query)), []
    while pages.has_next:
        items += await pages.next_items()
    return [i.sandbox_id for i in items]


async def life(s):
    same((await s.get_info()).metadata, TAG)
    same((await AsyncSandbox.get_info(s.sandbox_id)).sandbox_id, s.sandbox_id)
    same(await s.is_running(), True)
    await s.set_timeout(300)
    await AsyncSandbox.set_timeout(s.sandbox_id, 200)
    same(await listed(metadata=TAG), [s.sandbox_id])
    again = await AsyncSandbox.connect(s.sandbox_id)
    same((await again.commands.run("echo here")).stdout, "here\n")
    assert s.get_host(3000).startswith("3000-%s." % s.sandbox_id)
    await until(s.get_metrics)
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    same(await s.get_metrics(start=past - datetime.timedelta(minutes=1), end=past), [])


async def pause(s):
    same(await s.pause(), True)
    same((await s.get_info()).state, SandboxState.PAUSED)
    same(await s.is_running(), False)
    await s.connect(timeout=200)
    await s.beta_pause()
    await s.connect(timeout=200)
    same(await s.is_running(), True)


async def urls(s):
    await s.files.write("signed", "x")
    assert "signature=" in s.download_url("signed", use_signature_expiration=100)
    assert "/files?" in s.upload_url("signed")


async def unknown(s):
    for call in (AsyncSandbox.connect, AsyncSandbox.get_info, AsyncSandbox.pause):
        await refused(SandboxNotFoundException, call(UNKNOWN))
    await refused(SandboxNotFoundException, AsyncSandbox.set_timeout(UNKNOWN, 10))
    same(await AsyncSandbox.kill(UNKNOWN), False)
    await refused(AuthenticationException, AsyncSandbox.create(api_key="e2b_" + "0" * 40))
    await refused(SandboxException, AsyncSandbox.create("no-such-template"))


async def run(s):
    out, err = [], []
    r = await s.commands.run("echo out; echo err >&2; echo $A; pwd", envs={"A": "b"}, cwd="/tmp",
                             on_stdout=out.append, on_stderr=err.append)
    same((r.stdout, r.stderr, r.exit_code), ("out\nb\n/tmp\n", "err\n", 0))
    same(("".join(out), "".join(err)), (r.stdout, r.stderr))
    both = await asyncio.gather(*(s.commands.run("echo %d" % i) for i in range(20)))
    same([b.stdout for b in both], ["%d\n" % i for i in range(20)])


async def root(s):
    same((await s.commands.run("id -u", user="root")).stdout, "0\n")
    same((await s.commands.run("echo $HOME", user="root")).stdout, "/root\n")


async def stdin(s):
    h = await s.commands.run("cat", background=True, stdin=True)
    assert h.pid in [p.pid for p in await s.commands.list()]
    await s.commands.send_stdin(h.pid, "abc")
    await h.send_stdin("def")
    await s.commands.close_stdin(h.pid)
    same((await h.wait()).stdout, "abcdef")
    h = await s.commands.run("wc -c", background=True, stdin=True)
    stream = s.commands.stream_input(h.pid)
    for _ in range(1000):
        await stream.send("x" * 1000)
    await stream.close()
    await h.close_stdin()
    same((await h.wait()).stdout.strip(), "1000000")


async def connect(s):
    h = await s.commands.run("read -r x; echo after $x", background=True, stdin=True)
    await h.disconnect()
    again = await s.commands.connect(h.pid)
    await s.commands.send_stdin(h.pid, "it\n")
    same((await again.wait()).stdout, "after it\n")
    h = await s.commands.run("tail -f /dev/null", background=True)
    same(await h.kill(), True)
    assert "killed" in (await refused(CommandExitException, h.wait())).error


async def command_errors(s):
    e = await refused(CommandExitException, s.commands.run("echo o; exit 7"))
    same((e.exit_code, e.stdout), (7, "o\n"))
    await refused(TimeoutException, s.commands.run("tail -f /dev/null", timeout=0.3))
    same(await s.commands.kill(NO_PID), False)
    await refused(NotFoundException, s.commands.connect(NO_PID))
    await refused(NotFoundException, s.commands.send_stdin(NO_PID, "x"))
    await refused(NotFoundException, s.commands.close_stdin(NO_PID))

    async def stream_nowhere():
        stream = s.commands.stream_input(NO_PID)
        await stream.send("x")
        await stream.close()

    await refused(NotFoundException, stream_nowhere())
    await refused(SandboxException, s.commands.run("true", cwd="/no/such"))
    await refused(AuthenticationException, s.commands.run("true", user="nobody-here"))


async def pty(s):
    text = bytearray()
    news = News(text, text.extend)

    async def has(word):
        await news.until(lambda said: word in said)

    h = await s.pty.create(PtySize(rows=23, cols=91), news, cwd="/tmp", envs={"MINE": "m"})
    await s.pty.send_stdin(h.pid, b'echo "<$MINE:$PWD>"; stty size\n')
    await has(b"<m:/tmp>")
    await has(b"23 91")
    await s.pty.resize(h.pid, PtySize(rows=43, cols=132))
    await h.disconnect()
    h = await s.pty.connect(h.pid, on_data=news)
    stream = s.pty.stream_input(h.pid)
    await stream.send(b"stty ")
    await stream.send(b"size\n")
    await stream.close()
    await has(b"43 132")
    same(await s.pty.kill(h.pid), True)
    same(await s.pty.kill(NO_PID), False)
    await refused(NotFoundException, s.pty.send_stdin(NO_PID, b"x"))
    await refused(NotFoundException, s.pty.resize(NO_PID, PtySize(rows=1, cols=1)))


async def files(s):
    f = s.files
    same((await f.write("d/a", "hello")).path, "/home/user/d/a")
    await f.write_files([{"path": "d/b", "data": b"two"}, {"path": "/tmp/c", "data": "three"}])
    same((await f.read("d/a"), bytes(await f.read("d/b", format="bytes"))), ("hello", b"two"))
    same(b"".join([p async for p in await f.read("d/a", format="stream")]), b"hello")
    same(sorted(e.name for e in await f.list("d")), ["a", "b"])
    same((await f.get_info("d/a")).size, 5)
    same((await f.make_dir("n"), await f.make_dir("n"), await f.exists("n")), (True, False, True))
    same((await f.rename("d/a", "n/z")).path, "/home/user/n/z")
    await f.remove("n")
    same(await f.exists("n"), False)


async def watch(s):
    events = []
    news = News(events, events.append)
    await s.files.make_dir("w")
    w = await s.files.watch_dir("w", news, recursive=True)
    await s.files.write("w/f", "x")
    await news.until(lambda said: [e for e in said if (e.type, e.name) == (FilesystemEventType.CREATE, "f")])
    await w.stop()


async def file_errors(s):
    for call in (s.files.read, s.files.list, s.files.get_info):
        await refused(FileNotFoundException, call("none"))
    await refused(FileNotFoundException, s.files.rename("none", "other"))
    await refused(NotFoundException, s.files.watch_dir("none", print))
    await refused(InvalidArgumentException, s.files.read("/tmp"))
    await refused(InvalidArgumentException, s.files.list("/tmp", depth=0))
    await refused(AuthenticationException, s.files.list("/tmp", user="nobody-here"))


async def network(s):
    await s.update_network({"deny_out": ["0.0.0.0/0"]})
    same((await s.get_info()).allow_internet_access, False)
    await s.update_network({})
    await refused(SandboxException, s.update_network({"allow_out": ["1.1.1.1"]}))


async def git(s):
    g = s.git
    if (await s.commands.run("command -v git || true")).stdout == "":
        return
    for path, bare in (("r", False), ("hub.git", True)):
        await g.init(path, bare=bare, initial_branch="main")
    await g.configure_user("Tester", "tester@example.invalid")
    await g.set_config("pull.rebase", "false")
    same(await g.get_config("user.name"), "Tester")
    await s.files.write("r/a", "one\n")
    await g.add("r")
    await g.commit("r", "first")
    same((await g.status("r")).is_clean, True)
    await g.create_branch("r", "side")
    await g.checkout_branch("r", "main")
    await g.delete_branch("r", "side")
    same((await g.branches("r")).branches, ["main"])
    await g.remote_add("r", "origin", "/home/user/hub.git")
    same(await g.remote_get("r", "origin"), "/home/user/hub.git")
    await g.push("r", remote="origin", branch="main")
    await g.clone("/home/user/hub.git", path="copy")
    await g.pull("copy")
    await s.files.write("r/a", "spoilt\n")
    await g.restore("r", ["a"])
    await g.reset("r", mode="hard", target="HEAD")
    same(await s.files.read("copy/a"), "one\n")
    await g.dangerously_authenticate("me", "secret", host="git.example.com")
    assert "me:secret@git.example.com" in await s.files.read(".git-credentials")
    await refused(Exception, g.status("/tmp"))


async def copies(s):
    await s.files.write("f", "kept")
    snapshot = await s.create_snapshot()
    same([i.snapshot_id for i in await s.list_snapshots().next_items()], [snapshot.snapshot_id])
    made = await AsyncSandbox.create(snapshot.snapshot_id, timeout=60)
    same(await made.files.read("f"), "kept")
    await made.kill()
    same(await AsyncSandbox.delete_snapshot(snapshot.snapshot_id), True)
    forks = await s.fork(timeout=60)
    for fork in forks if isinstance(forks, list) else [forks]:
        fork = getattr(fork, "sandbox", None) or fork
        same(await fork.files.read("f"), "kept")
        await fork.kill()


async def lifecycle(_):
    p = await AsyncSandbox.create(timeout=1, lifecycle={"on_timeout": "pause", "auto_resume": True})

    async def paused():
        return (await p.get_info()).state == SandboxState.PAUSED

    await until(paused)
    same((await p.commands.run("echo woken")).stdout, "woken\n")
    await p.kill()


async def templates(_):
    t = AsyncTemplate().from_base_image().run_cmd("echo built > ~/made")
    await AsyncTemplate.build(t, "suite-async")
    info = await AsyncTemplate.build_in_background(AsyncTemplate().from_template("suite-async").run_cmd("true"), "suite-async-2")

    async def ready():
        return (await AsyncTemplate.get_build_status(info)).status.value == "ready"

    await until(ready)
    same((await AsyncTemplate.exists("suite-async"), await AsyncTemplate.alias_exists("suite-never")), (True, False))
    await AsyncTemplate.assign_tags("suite-async:default", ["v1"])
    same(sorted(i.tag for i in await AsyncTemplate.get_tags("suite-async")), ["default", "v1"])
    await AsyncTemplate.remove_tags("suite-async", ["v1"])
    await refused(BuildException, AsyncTemplate.build(AsyncTemplate().from_python_image("3.12"), "suite-async-3"))


async def mcp(s):
    assert s.get_mcp_url().endswith("/mcp")
    await refused(FileNotFoundException, s.get_mcp_token())


async def ended(s):
    same(await s.kill(), True)
    same(await s.kill(), False)
    await refused(Exception, s.commands.run("true"))


CHECKS = (
    ("create, get_info, is_running, set_timeout, list, connect, get_host, get_metrics", life),
    ("pause, beta_pause, connect", pause),
    ("download_url, upload_url", urls),
    ("errors: unknown sandbox, wrong key, no such template", unknown),
    ("commands.run: output, envs, cwd, callbacks, twenty at once", run),
    ("commands.run: root has uid 0", root),
    ("commands: list, send_stdin, close_stdin, stream_input", stdin),
    ("commands: connect, disconnect, kill", connect),
    ("commands: errors", command_errors),
    ("pty: create, send_stdin, resize, connect, stream_input, kill, and errors", pty),
    ("files: write, write_files, read, list, get_info, make_dir, rename, remove, exists", files),
    ("files: watch_dir, stop", watch),
    ("files: errors", file_errors),
    ("update_network: cut off, given back, refused", network),
    ("git: every call, and no repository", git),
    ("snapshots, fork", copies),
    ("lifecycle: paused by its end, woken by a command", lifecycle),
    ("templates: build, background, status, exists, tags, an image", templates),
    ("MCP: an address, and no token where no gateway runs", mcp),
    ("kill, then kill again", ended),
)


async def main():
    s = await AsyncSandbox.create("base", timeout=300, metadata=TAG)
    for name, test in CHECKS:
        try:
            await asyncio.wait_for(test(s), DEADLINE)
            print("ok   " + name, flush=True)
        except Exception as e:
            print("FAIL %s: %r" % (name, e), flush=True)
    finish()


asyncio.run(main())
