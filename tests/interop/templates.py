# Templates, builds, tags and snapshots of the PyPI package, and their errors.
import json
import os
import tempfile
import zipfile

from e2b import BuildException, DockerfileSyntaxError, Sandbox, Template, wait_for_file, wait_for_port, wait_for_process, wait_for_timeout, wait_for_url

from check import check, finish, refused, same, until

context = tempfile.mkdtemp(prefix="context-")
os.mkdir(os.path.join(context, "dir"))
for name, text in (("dir/a.txt", "in dir\n"), ("b.txt", "alone\n")):
    with open(os.path.join(context, name), "w") as out:
        out.write(text)
with zipfile.ZipFile(os.path.join(context, "suite_wheel-1.0-py3-none-any.whl"), "w") as wheel:
    info = "suite_wheel-1.0.dist-info/"
    wheel.writestr("suite_wheel.py", "word = 'wheeled'\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: suite-wheel\nVersion: 1.0\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(info + "RECORD", "")


@check("build, and a sandbox of it")
def _():
    told = []
    template = (
        Template()
        .from_base_image()
        .run_cmd("echo built > ~/made")
        .set_envs({"A": "one"})
        .set_workdir("/home/user/app")
        .set_start_cmd("touch /tmp/started; tail -f /dev/null", "test -e /tmp/started")
    )
    Template.build(template, "suite-py", cpu_count=1, memory_mb=256, on_build_logs=lambda e: told.append(e.message))
    assert any("RUN echo built" in line for line in told), told
    s = Sandbox.create("suite-py", timeout=60)
    same(s.commands.run("pwd; echo $A; cat ~/made; ls /tmp/started").stdout, "/home/user/app\none\nbuilt\n/tmp/started\n")
    s.kill()


@check("build: the other steps")
def _():
    template = (
        Template(file_context_path=context)
        .from_template("suite-py")
        .skip_cache()
        .set_workdir("/home/user")
        .copy("b.txt", "one")
        .copy_items([{"src": "dir", "dest": "/home/user/two"}])
        .rename("/home/user/one", "/home/user/three")
        .remove("/home/user/two", recursive=True, force=True, user="root")
        .make_dir("/home/user/four")
        .make_symlink("/home/user/three", "/home/user/link")
        .run_cmd("git init -q /tmp/o && cd /tmp/o && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x")
        .git_clone("/tmp/o", "/home/user/clone")
        .copy("*.whl", "/tmp/")
        .pip_install("/tmp/suite_wheel-1.0-py3-none-any.whl")
        .set_user("user")
        .set_ready_cmd(wait_for_file("/home/user/three"))
    )
    steps = [step["type"] for step in json.loads(Template.to_json(template))["steps"]]
    same((steps[0], steps.count("COPY"), steps.count("RUN")), ("WORKDIR", 3, 7))
    same(Template.to_dockerfile(Template().from_image("e2bdev/base").run_cmd("true")).split()[:2], ["FROM", "e2bdev/base"])
    info = Template.build_in_background(template, "suite-py-steps")
    until(lambda: Template.get_build_status(info).status.value in ("ready", "error"))
    same(Template.get_build_status(info).status.value, "ready")
    s = Sandbox.create("suite-py-steps", timeout=60)
    same(s.commands.run("cat link; ls -d clone/.git four; python3 -c 'import suite_wheel as w; print(w.word)'").stdout,
         "alone\nclone/.git\nfour\nwheeled\n")
    s.kill()


@check("build: a Dockerfile, and every kind of ready command")
def _():
    Template.build(Template().from_dockerfile("FROM e2bdev/base\nRUN echo docked > /home/user/docked\n"), "suite-py-docker")
    for ready in (wait_for_port(8123), wait_for_process("python3"), wait_for_url("http://localhost:8123"), wait_for_timeout(10)):
        assert ready.get_cmd()
        Template.build(Template().from_base_image().set_start_cmd("python3 -m http.server 8123", ready), "suite-py-ready")


@check("a Dockerfile that is none")
def _():
    refused(DockerfileSyntaxError, Template().from_dockerfile, "RUN true\n")


@check("build: images of every kind are refused with the reason")
def _():
    key = {"a": "b"}
    for image in (
        Template().from_debian_image(), Template().from_ubuntu_image(), Template().from_fedora_image(),
        Template().from_alpine_image(), Template().from_arch_image(), Template().from_python_image(),
        Template().from_node_image(), Template().from_bun_image(), Template().from_image("alpine"),
        Template().from_aws_registry("a.dkr.ecr.eu-west-1.amazonaws.com/b", "id", "secret", "eu-west-1"),
        Template().from_gcp_registry("gcr.io/a/b", key),
    ):
        assert "no images on the local host" in str(refused(BuildException, Template.build, image, "suite-py-image"))


@check("build: what cannot be had here fails, in the build or in the package")
def _():
    base = lambda: Template().from_base_image()
    for step in (base().apt_install("suite-no-such-package"), base().npm_install("./none"), base().bun_install("./none")):
        refused(BuildException, Template.build, step, "suite-py-none")
    for call in (lambda: base().add_mcp_server("exa"), lambda: base().beta_dev_container_prebuild("/d"),
                 lambda: base().beta_set_dev_container_start("/d")):
        refused(BuildException, call)


@check("build: a step that fails")
def _():
    bad = Template().from_base_image().run_cmd("exit 7")
    assert "status 7" in str(refused(BuildException, Template.build, bad, "suite-py-bad"))


@check("exists, tags")
def _():
    same(Template.alias_exists("suite-py"), True)
    same((Template.exists("suite-py"), Template.exists("suite-py-nothing")), (True, False))
    Template.assign_tags("suite-py:default", ["v1"])
    same(sorted(t.tag for t in Template.get_tags("suite-py")), ["default", "v1"])
    Template.remove_tags("suite-py", ["v1"])
    same([t.tag for t in Template.get_tags("suite-py")], ["default"])


@check("snapshots, fork")
def _():
    s = Sandbox.create(timeout=60)
    s.files.write("f", "kept")
    snapshot = s.create_snapshot()
    same([i.snapshot_id for i in s.list_snapshots().next_items()], [snapshot.snapshot_id])
    made = Sandbox.create(snapshot.snapshot_id, timeout=60)
    same(made.files.read("f"), "kept")
    same((Sandbox.delete_snapshot(snapshot.snapshot_id), Sandbox.delete_snapshot(snapshot.snapshot_id)), (True, False))
    made.kill()
    forks = s.fork(timeout=60)
    for fork in forks if isinstance(forks, list) else [forks]:
        fork = getattr(fork, "sandbox", None) or fork
        same(fork.files.read("f"), "kept")
        fork.kill()
    s.kill()


finish()
