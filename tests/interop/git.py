# sandbox.git of the PyPI package, on repositories inside the sandbox, and its errors.
from e2b import GitAuthException, GitUpstreamException, InvalidArgumentException, Sandbox

from check import check, finish, refused, same, until

s = Sandbox.create(timeout=300)
g = s.git
if s.commands.run("command -v git || true").stdout == "":
    print("skip every check: this machine has no git, so its sandboxes have none", flush=True)
    s.kill()
    finish()


@check("init, configure_user, set_config, get_config")
def _():
    g.init("r", initial_branch="main")
    g.init("hub.git", bare=True, initial_branch="main")
    g.configure_user("Tester", "tester@example.invalid")
    g.set_config("pull.rebase", "false")
    same(g.get_config("user.name"), "Tester")
    same(g.get_config("no.such-key"), None)


@check("add, commit, status")
def _():
    s.files.write("r/a", "one\n")
    same(g.status("r").is_clean, False)
    g.add("r")
    g.commit("r", "first")
    same(g.status("r").is_clean, True)


@check("create_branch, checkout_branch, branches, delete_branch")
def _():
    g.create_branch("r", "side")
    same(g.branches("r").current_branch, "side")
    g.checkout_branch("r", "main")
    g.delete_branch("r", "side")
    same(g.branches("r").branches, ["main"])


@check("remote_add, remote_get, push, clone, pull")
def _():
    g.remote_add("r", "origin", "/home/user/hub.git")
    same(g.remote_get("r", "origin"), "/home/user/hub.git")
    g.push("r", remote="origin", branch="main")
    g.clone("/home/user/hub.git", path="copy")
    same(s.files.read("copy/a"), "one\n")
    s.files.write("r/a", "two\n")
    g.add("r")
    g.commit("r", "second")
    g.push("r", remote="origin", branch="main")
    g.pull("copy")
    same(s.files.read("copy/a"), "two\n")


@check("restore, reset")
def _():
    s.files.write("r/a", "spoilt\n")
    g.restore("r", ["a"])
    same(s.files.read("r/a"), "two\n")
    g.reset("r", mode="hard", target="HEAD~1")
    same(s.files.read("r/a"), "one\n")


@check("dangerously_authenticate: kept for that host")
def _():
    g.dangerously_authenticate("me", "secret", host="git.example.com")
    assert "https://me:secret@git.example.com" in s.files.read(".git-credentials")


@check("errors: a password is asked for, no upstream")
def _():
    answer = "HTTP/1.0 401 No\\r\\nWWW-Authenticate: Basic realm=git\\r\\nContent-Length: 0\\r\\n\\r\\n"
    s.files.write("closed.py", 'import socket\nl = socket.create_server(("127.0.0.1", 8418))\n'
                  'while True:\n c = l.accept()[0]\n c.recv(4096)\n c.sendall(b"%s")\n c.close()\n' % answer)
    server = s.commands.run("exec python3 closed.py", background=True)
    until(lambda: ":8418" in s.commands.run("ss -ltn").stdout)
    refused(GitAuthException, g.clone, "http://127.0.0.1:8418/r.git", path="none")
    server.kill()
    g.init("lonely", initial_branch="main")
    refused(GitUpstreamException, g.pull, "lonely")


@check("errors: no repository, nothing to commit, no such branch, no restore without paths")
def _():
    for call in (lambda: g.status("/tmp"), lambda: g.commit("r", "empty"), lambda: g.checkout_branch("r", "none")):
        refused(Exception, call)
    refused(InvalidArgumentException, g.restore, "r", [])


s.kill()
finish()
