# Files of the PyPI package: read, write, folders, the polling watcher, signed URLs, errors.
import io
import urllib.error
import urllib.request

from e2b import (
    AuthenticationException,
    FileNotFoundException,
    FileType,
    FilesystemEventType,
    InvalidArgumentException,
    NotFoundException,
    Sandbox,
)

from check import check, finish, refused, same, until

s = Sandbox.create(timeout=300)


def get(url):
    """Body of a signed URL, as anybody would get it."""
    with urllib.request.urlopen(url, timeout=30) as r:
        return r.read()


@check("write, read as text, bytes, stream")
def _():
    w = s.files.write("dir/a ü.txt", "hello ü")
    same((w.name, w.path, w.type), ("a ü.txt", "/home/user/dir/a ü.txt", FileType.FILE))
    same(s.files.read("dir/a ü.txt"), "hello ü")
    same(bytes(s.files.read("dir/a ü.txt", format="bytes")), "hello ü".encode())
    same(b"".join(s.files.read("dir/a ü.txt", format="stream")), "hello ü".encode())


@check("write: file objects, iterables, gzip, octet-stream, metadata")
def _():
    s.files.write("io", io.BytesIO(b"x" * 100000))
    s.files.write("pieces", (b"y" * 1000 for _ in range(100)))
    s.files.write("gz", "z" * 100000, gzip=True)
    s.files.write("octet", "o", use_octet_stream=True)
    same([len(s.files.read(f)) for f in ("io", "pieces", "gz", "octet")], [100000] * 3 + [1])
    same(s.files.write("meta", "m", metadata={"owner": "me"}).metadata, {"owner": "me"})
    same(s.files.get_info("meta").metadata, {"owner": "me"})


@check("write_files")
def _():
    w = s.files.write_files([{"path": "m/1", "data": "one"}, {"path": "/tmp/m/2", "data": b"two"}])
    same([f.path for f in w], ["/home/user/m/1", "/tmp/m/2"])
    same(s.files.read("/tmp/m/2"), "two")


@check("list, get_info")
def _():
    s.files.write("tree/a/b", "x")
    s.files.write("tree/c", "y")
    same(sorted(e.name for e in s.files.list("tree")), ["a", "c"])
    same(sorted(e.name for e in s.files.list("tree", depth=2)), ["a", "b", "c"])
    s.commands.run("chmod 640 tree/c && ln -s c tree/link")
    i = s.files.get_info("tree/c")
    same((i.size, i.mode & 0o777, i.permissions), (1, 0o640, "-rw-r-----"))
    assert i.owner and i.group and i.modified_time
    same(s.files.get_info("tree/link").symlink_target, "/home/user/tree/c")


@check("exists, make_dir, rename, remove")
def _():
    same((s.files.exists("new"), s.files.make_dir("new/deep"), s.files.make_dir("new/deep")), (False, True, False))
    s.files.write("new/f", "moved")
    same(s.files.rename("new/f", "new/g").path, "/home/user/new/g")
    same(s.files.read("new/g"), "moved")
    s.files.remove("new")
    same(s.files.exists("new"), False)


@check("watch_dir, recursive, with entries")
def _():
    s.files.make_dir("w/sub")
    watch, events = s.files.watch_dir("w", recursive=True, include_entry=True), []

    def seen(kind, name):
        def ask():
            events.extend(watch.get_new_events())
            return [e for e in events if e.type == kind and e.name == name]

        return until(ask)[0]

    s.files.write("w/sub/f", "x")
    same(seen(FilesystemEventType.CREATE, "sub/f").entry.path, "/home/user/w/sub/f")
    seen(FilesystemEventType.WRITE, "sub/f")
    s.files.remove("w/sub/f")
    seen(FilesystemEventType.REMOVE, "sub/f")
    watch.stop()
    refused(Exception, watch.get_new_events)


@check("download_url")
def _():
    s.files.write("signed", "content")
    same(get(s.download_url("signed", use_signature_expiration=100)), b"content")
    same(refused(urllib.error.HTTPError, get, s.download_url("signed", use_signature_expiration=-10)).code, 401)
    assert "/files?" in s.upload_url("signed")


@check("errors: nothing there")
def _():
    for call in (s.files.read, s.files.list, s.files.get_info):
        refused(FileNotFoundException, call, "none")
    refused(FileNotFoundException, s.files.rename, "none", "other")
    refused(NotFoundException, s.files.watch_dir, "none")


@check("errors: another kind of file, depth 0, user")
def _():
    refused(InvalidArgumentException, s.files.read, "tree")
    refused(InvalidArgumentException, s.files.list, "signed")
    refused(InvalidArgumentException, s.files.make_dir, "signed")
    refused(InvalidArgumentException, s.files.list, "tree", depth=0)
    refused(AuthenticationException, s.files.list, "tree", user="nobody-here")


s.kill()
finish()
