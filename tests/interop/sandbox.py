# Sandbox of the PyPI package: life cycle, lists, metrics, and its errors.
import datetime

from e2b import (
    AuthenticationException,
    Sandbox,
    FileNotFoundException,
    SandboxException,
    SandboxNotFoundException,
    SandboxNotRunningException,
    SandboxQuery,
    SandboxState,
    Secret,
    SecretException,
    SecretNotFoundException,
    Volume,
    VolumeNotFoundException,
)

from check import UNKNOWN, check, finish, refused, same, until

TAG = {"suite": "sandbox.py", "odd": "a b&c=d%20ü"}


def listed(**query):
    pages, items = Sandbox.list(query=SandboxQuery(**query)), []
    while pages.has_next:
        items += pages.next_items()
    return [i.sandbox_id for i in items]


s = Sandbox.create("base", timeout=120, metadata=TAG, envs={"FROM_CREATE": "yes"})


@check("create: envs reach commands")
def _():
    r = s.commands.run("echo $FROM_CREATE $E2B_SANDBOX $E2B_SANDBOX_ID")
    same(r.stdout, "yes true %s\n" % s.sandbox_id)


@check("get_info, both forms")
def _():
    i = s.get_info()
    same((i.sandbox_id, i.name, i.state, i.metadata), (s.sandbox_id, "base", SandboxState.RUNNING, TAG))
    same(Sandbox.get_info(s.sandbox_id).sandbox_id, s.sandbox_id)


@check("is_running, set_timeout")
def _():
    same(s.is_running(), True)
    s.set_timeout(300)
    first = s.get_info().end_at
    Sandbox.set_timeout(s.sandbox_id, 60)
    assert s.get_info().end_at < first


@check("connect to a running one")
def _():
    same(Sandbox.connect(s.sandbox_id).commands.run("echo here").stdout, "here\n")
    same(s.connect(timeout=120).sandbox_id, s.sandbox_id)


@check("get_metrics")
def _():
    m = until(s.get_metrics)
    assert m[0].cpu_count >= 1 and m[0].mem_total > 0
    assert Sandbox.get_metrics(s.sandbox_id)
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    same(s.get_metrics(start=past - datetime.timedelta(minutes=1), end=past), [])


@check("list: metadata, state, template, start")
def _():
    same(listed(metadata=TAG), [s.sandbox_id])
    same(listed(metadata=TAG, state=[SandboxState.PAUSED]), [])
    same(listed(metadata=TAG, template="code-interpreter-v1"), [])
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    same(listed(started_after=later), [])


@check("list: pages")
def _():
    with Sandbox.create(metadata=TAG) as other:
        pages = Sandbox.list(query=SandboxQuery(metadata=TAG), limit=1, order="asc")
        first, more = pages.next_items(), pages.has_next
        second = pages.next_items()
        same([i.sandbox_id for i in first + second], [s.sandbox_id, other.sandbox_id])
        same((more, pages.has_next), (True, False))
    until(lambda: listed(metadata=TAG) == [s.sandbox_id])


@check("pause, beta_pause, connect")
def _():
    same(s.pause(), True)
    same(s.is_running(), False)
    same(s.get_info().state, SandboxState.PAUSED)
    same(listed(metadata=TAG, state=[SandboxState.PAUSED]), [s.sandbox_id])
    s.connect(timeout=120)
    same(s.is_running(), True)
    s.beta_pause()
    s.connect(timeout=120)


@check("pause without memory")
def _():
    s.commands.run("echo kept > kept.txt")
    s.pause(keep_memory=False)
    s.connect(timeout=120)
    same(s.commands.run("cat kept.txt").stdout, "kept\n")


@check("get_host")
def _():
    assert s.get_host(3000).startswith("3000-%s.localhost:" % s.sandbox_id)


@check("update_network: cut off, given back, refused")
def _():
    s.update_network({"deny_out": ["0.0.0.0/0"]})
    same(s.get_info().allow_internet_access, False)
    s.update_network({})
    refused(SandboxException, s.update_network, {"allow_out": ["1.1.1.1"]})


@check("MCP: an address, and no token where no gateway runs")
def _():
    assert s.get_mcp_url().endswith("/mcp")
    refused(FileNotFoundException, s.get_mcp_token)


@check("time is up: paused, woken by traffic")
def _():
    z = Sandbox.create(timeout=1, lifecycle={"on_timeout": "pause", "auto_resume": True})
    until(lambda: z.get_info().state == SandboxState.PAUSED)
    same(z.commands.run("echo awake").stdout, "awake\n")
    z.kill()


@check("kill, then kill again")
def _():
    same(s.kill(), True)
    same(s.kill(), False)
    same(Sandbox.kill(UNKNOWN), False)
    same(s.is_running(), False)


@check("errors: killed and unknown sandboxes")
def _():
    refused(Exception, s.commands.run, "true")
    for call in (Sandbox.connect, Sandbox.get_info, Sandbox.pause):
        refused(SandboxNotFoundException, call, UNKNOWN)
    refused(SandboxNotFoundException, Sandbox.set_timeout, UNKNOWN, 10)


@check("errors: killed under a running command")
def _():
    z = Sandbox.create(timeout=60)
    h = z.commands.run("tail -f /dev/null", background=True)
    z.kill()
    refused(SandboxNotRunningException, h.wait)


@check("errors: no volumes, no secrets")
def _():
    refused(VolumeNotFoundException, Volume.get_info, "none")
    refused(SecretNotFoundException, Secret.get_info, "none")
    refused(SecretException, Secret.create, "a", "b")


@check("errors: a wrong key")
def _():
    refused(AuthenticationException, Sandbox.create, api_key="e2b_" + "0" * 40)


@check("errors: template, time-out, what the host does not do")
def _():
    refused(SandboxException, Sandbox.create, "no-such-template")
    refused(SandboxException, Sandbox.create, timeout=25 * 3600)
    refused(SandboxException, Sandbox.create, network={"deny_out": ["1.1.1.1"]})


finish()
