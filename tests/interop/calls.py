# Which public methods of the packages the suites call, and which errors they meet: each
# suite adds to the file in INTEROP_CALLS, a line "public Class.method" for each there is
# and "called Class.method" for each that ran, by a suite or on its behalf. run.sh compares.
import os
import sys
import threading

import e2b
import e2b_code_interpreter

SHOWN = (
    "Sandbox", "AsyncSandbox", "Commands", "CommandHandle", "AsyncCommandHandle", "Pty", "Filesystem",
    "WatchHandle", "AsyncWatchHandle", "SandboxPaginator", "AsyncSandboxPaginator", "SnapshotPaginator",
    "AsyncSnapshotPaginator", "Git", "Template", "AsyncTemplate", "TemplateBase", "TemplateBuilder",
    "TemplateFinal", "ReadyCmd",
)
FOLDERS = tuple(os.path.dirname(m.__file__) for m in (e2b, e2b_code_interpreter))
public = {}  # (file, function's name) -> "Class.method"
called = set()
met = set()  # names of errors


def plain(member):
    """The function below decorators and descriptors; None for what is no method."""
    for _ in range(8):
        if isinstance(member, property):
            return None
        inner = getattr(member, "__func__", None) or getattr(member, "method", None) or getattr(member, "__wrapped__", None)
        if inner is None:
            break
        member = inner
    return member if hasattr(member, "__code__") else None


def find(kind, shown):
    for owner in kind.__mro__:
        if not owner.__module__.startswith("e2b") or ".api" in owner.__module__ or ".envd" in owner.__module__:
            continue
        for name, member in vars(owner).items():
            function = plain(member)
            if function and not name.startswith("_"):
                # The asynchronous twin of a class has its name in another file.
                public.setdefault((function.__code__.co_filename, function.__code__.co_name), "%s.%s" % (shown, name))


def find_all():
    for name, module in list(sys.modules.items()):
        if not name.startswith("e2b") or ".api" in name or ".envd" in name:
            continue
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and kind.__name__ in SHOWN and kind.__module__ == name:
                twin = "_async" in name and not kind.__name__.startswith("Async")
                find(kind, ("Async" if twin else "") + kind.__name__)


def record_error(error):
    """One that a suite provoked and looked at."""
    met.update(kind.__name__ for kind in type(error).__mro__)


def errors():
    for name in e2b.__all__:
        kind = getattr(e2b, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            yield name


def on_event(frame, event, _):
    if event == "call" and frame.f_code.co_filename.startswith(FOLDERS):
        called.add((frame.f_code.co_filename, frame.f_code.co_name))


def write():
    sys.setprofile(None)
    with open(os.environ["INTEROP_CALLS"], "a") as out:
        out.writelines("public errors.%s\n" % name for name in errors())
        out.writelines("called errors.%s\n" % name for name in errors() if name in met)
        out.writelines("public %s\n" % label for label in public.values())
        out.writelines("called %s\n" % label for at, label in public.items() if at in called)


def record_calls():
    if "INTEROP_CALLS" not in os.environ:
        return
    find_all()
    sys.setprofile(on_event)
    threading.setprofile(on_event)


def write_calls():
    if "INTEROP_CALLS" in os.environ:
        write()
