# Templates, builds, tags and snapshots of the PyPI package, and their errors.
from e2b import BuildException, Sandbox, Template

from check import check, finish, refused, same


@check("build, and a sandbox of it")
def _():
    told = []
    template = (
        Template()
        .from_base_image()
        .run_cmd("echo built > ~/made")
        .set_envs({"A": "one"})
        .set_workdir("/home/user/app")
        .set_start_cmd("touch /tmp/started; sleep 1000", "test -e /tmp/started")
    )
    Template.build(template, "suite-py", cpu_count=1, memory_mb=256, on_build_logs=lambda e: told.append(e.message))
    assert any("RUN echo built" in line for line in told), told
    s = Sandbox.create("suite-py", timeout=60)
    same(s.commands.run("pwd; echo $A; cat ~/made; ls /tmp/started").stdout, "/home/user/app\none\nbuilt\n/tmp/started\n")
    s.kill()


@check("build: a step that fails")
def _():
    bad = Template().from_base_image().run_cmd("exit 7")
    assert "status 7" in str(refused(BuildException, Template.build, bad, "suite-py-bad"))


@check("exists, tags")
def _():
    same((Template.exists("suite-py"), Template.exists("suite-py-nothing")), (True, False))
    Template.assign_tags("suite-py:default", ["v1"])
    same(sorted(t.tag for t in Template.get_tags("suite-py")), ["default", "v1"])
    Template.remove_tags("suite-py", ["v1"])
    same([t.tag for t in Template.get_tags("suite-py")], ["default"])


@check("snapshots")
def _():
    s = Sandbox.create(timeout=60)
    s.files.write("f", "kept")
    snapshot = s.create_snapshot()
    made = Sandbox.create(snapshot.snapshot_id, timeout=60)
    same(made.files.read("f"), "kept")
    same((Sandbox.delete_snapshot(snapshot.snapshot_id), Sandbox.delete_snapshot(snapshot.snapshot_id)), (True, False))
    made.kill()
    s.kill()


finish()
