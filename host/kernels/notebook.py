# The Python kernel's notebook manners: magics, shell lines, "name?", get_ipython() and the
# module IPython.display. Goes before python.py, which has the rest, into one program. What
# is not here is an error that says so. IPython itself is never loaded.
import ast
import base64
import importlib
import importlib.machinery
import io
import os
import re
import sys
import time

UsageError = type("UsageError", (Exception,), {"__module__": "__main__"})


# ---- shell lines


class Lines(list):
    """What a command said, line by line."""

    n = nlstr = property(lambda self: "\n".join(self))
    s = spstr = property(lambda self: " ".join(self))
    l = property(lambda self: self)


def expand(command):
    """{expression} and $name of the person's, where they mean something."""

    def braced(found):
        try:
            return str(eval(found.group(1), namespace))
        except Exception:
            return found.group(0)

    def named(found):
        return str(namespace[found.group(1)]) if found.group(1) in namespace else found.group(0)

    command = re.sub(r"(?<!\$)\{([^{}]+)\}", braced, command)
    return re.sub(r"(?<![\\$])\$([A-Za-z_]\w*)", named, command)


def run_shell(command, program=("/bin/bash", "-c")):
    """A line that begins with "!"."""
    import subprocess

    out.flush()
    err.flush()
    status = subprocess.run([*program, command], stdin=subprocess.DEVNULL).returncode
    namespace["_exit_code"] = status
    return status


def system(command):
    run_shell(expand(command))


def getoutput(command):
    import subprocess

    err.flush()
    said = subprocess.run(
        ["/bin/bash", "-c", expand(command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return Lines(said.stdout.decode("utf-8", "replace").splitlines())


# ---- line magics


def magic_cd(argument):
    os.chdir(os.path.expanduser(argument.strip("'\"") or "~"))
    print(os.getcwd())


def magic_pip(argument):
    if run_shell("%s -m pip %s" % (sys.executable, expand(argument))):
        print("pip failed", file=sys.stderr)
    importlib.invalidate_caches()


def spent(start, busy):
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    print("CPU times: total: %s\nWall time: %s" % (span(cpu), span(wall)))


def span(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return "%.3g %s" % (seconds / size, unit)
    return "%.3g ns" % (seconds / 1e-9)


def magic_time(argument):
    start, busy = time.perf_counter(), time.process_time()
    try:
        run_code(argument, "<time>", True)
    finally:
        spent(start, busy)


def magic_timeit(argument, setup="pass"):
    import statistics
    import timeit

    options = dict(re.findall(r"-([nr])\s*(\d+)", argument.split("\n")[0]))
    code = re.sub(r"^(\s*-[nr]\s*\d+)+\s*", "", argument)
    timer = timeit.Timer(translate(code), translate(setup) or "pass", globals=namespace)
    loops = int(options.get("n", 0)) or timer.autorange()[0]
    runs = [took / loops for took in timer.repeat(int(options.get("r", 7)), loops)]
    print(
        "%s \u00b1 %s per loop (mean \u00b1 std. dev. of %d runs, %s loops each)"
        % (span(statistics.mean(runs)), span(statistics.pstdev(runs)), len(runs), format(loops, ","))
    )


def magic_env(argument):
    name, equals, value = argument.partition("=")
    name = name.strip()
    if not equals and " " in name:
        name, equals, value = name.partition(" ")
    if equals:
        os.environ[name.strip()] = expand(value.strip())
        print("env: %s=%s" % (name.strip(), value.strip()))
        return None
    if name:
        return os.environ.get(name)
    return dict(os.environ)


def own_names():
    return sorted(n for n in namespace if not n.startswith("_") and n not in ("In", "Out"))


def magic_who(_argument):
    print("\t".join(own_names()) or "Interactive namespace is empty.")


def magic_whos(_argument):
    rows = [(n, type(namespace[n]).__name__, " ".join(text_of(namespace[n]).split())[:60]) for n in own_names()]
    rows = [("Variable", "Type", "Data/Info")] + rows
    wide = [max(len(row[i]) for row in rows) + 3 for i in (0, 1)]
    for row in rows:
        print(row[0].ljust(wide[0]) + row[1].ljust(wide[1]) + row[2])


def magic_run(argument):
    import shlex

    words = shlex.split(argument)
    if not words:
        raise UsageError("%run needs the name of a file")
    path = os.path.expanduser(words[0])
    with open(path, encoding="utf-8") as file:
        code = compile(file.read(), path, "exec")
    argv, sys.argv = sys.argv, words
    globals_of = {"__name__": "__main__", "__file__": path, "__builtins__": builtins}
    try:
        exec(code, globals_of)
    except SystemExit as stop:
        if stop.code:
            raise
    finally:
        sys.argv = argv
    namespace.update({k: v for k, v in globals_of.items() if not k.startswith("__")})


def magic_reset(_argument):
    for name in own_names():
        del namespace[name]


def magic_history(_argument):
    for code in namespace["In"][1:-1]:
        print(code)


def magic_matplotlib(argument):
    if argument not in ("", "inline", "agg", "auto"):
        raise UsageError("%%matplotlib %s: figures are shown as results here, there is 'inline' only" % argument)


def magic_load_ext(argument):
    raise UsageError("%%load_ext %s: extensions of IPython cannot be loaded here" % argument)


def of_shell(name):
    return lambda argument: system("%s %s" % (name, argument))


LINE_MAGICS = {
    "cd": magic_cd,
    "pip": magic_pip,
    "time": magic_time,
    "timeit": magic_timeit,
    "env": magic_env,
    "set_env": magic_env,
    "pwd": lambda _argument: os.getcwd(),
    "who": magic_who,
    "who_ls": lambda _argument: own_names(),
    "whos": magic_whos,
    "run": magic_run,
    "reset": magic_reset,
    "history": magic_history,
    "hist": magic_history,
    "matplotlib": magic_matplotlib,
    "load_ext": magic_load_ext,
    "reload_ext": magic_load_ext,
    "system": getoutput,
    "sx": getoutput,
    "lsmagic": lambda _argument: print(known_magics()),
    **{name: of_shell(name) for name in ("ls", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "head", "tail")},
}


# ---- cell magics


def cell_script(argument, body):
    """%%bash and its like; more words than a program's options are not understood."""
    import shlex

    run_script(["/bin/bash", *shlex.split(argument)], body)


def cell_any_script(argument, body):
    import shlex

    run_script(shlex.split(argument), body)


def run_script(words, body):
    import subprocess

    if not words:
        raise UsageError("%%script needs a program")
    out.flush()
    err.flush()
    status = subprocess.run(words, input=body.encode()).returncode
    if status:
        raise RuntimeError("the commands failed with status %d" % status)


def cell_writefile(argument, body):
    mode, did = "w", "Writing"
    if argument.startswith("-a "):
        mode, argument, did = "a", argument[3:], "Appending to"
    path = os.path.expanduser(argument.strip().strip("'\""))
    if not path:
        raise UsageError("%%writefile needs the name of a file")
    if mode == "w" and os.path.exists(path):
        did = "Overwriting"
    with open(path, mode, encoding="utf-8") as file:
        file.write(body if body.endswith("\n") else body + "\n")
    print("%s %s" % (did, path))


def cell_timeit(argument, body):
    options = re.match(r"^(\s*-[nr]\s*\d+)*", argument).group(0)
    magic_timeit(options + " " + body, argument[len(options) :].strip() or "pass")


class Captured:
    """What %%capture kept."""

    def __init__(self):
        self.stdout = self.stderr = ""
        self.outputs = []

    def show(self):
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)
        for value in self.outputs:
            display(value)

    __call__ = show
    __str__ = lambda self: self.stdout


def cell_capture(argument, body):
    global capturing
    words = [word for word in argument.split() if not word.startswith("--")]
    kept, before = Captured(), (sys.stdout, sys.stderr, capturing)
    said = io.StringIO(), io.StringIO()
    sys.stdout, sys.stderr = said
    capturing = kept.outputs
    try:
        run_cell(body, "<cell capture>")
        show_figures()
    finally:
        sys.stdout, sys.stderr, capturing = before
        kept.stdout, kept.stderr = (one.getvalue() for one in said)
        if words:
            namespace[words[0]] = kept


def shown_as(mime):
    return lambda _argument, body: display({mime: body}, raw=True)


CELL_MAGICS = {
    "bash": cell_script,
    "sh": cell_script,
    "script": cell_any_script,
    "writefile": cell_writefile,
    "file": cell_writefile,
    "time": lambda _argument, body: magic_time(body),
    "timeit": cell_timeit,
    "capture": cell_capture,
    "html": shown_as("text/html"),
    "HTML": shown_as("text/html"),
    "markdown": shown_as("text/markdown"),
    "latex": shown_as("text/latex"),
    "svg": shown_as("image/svg+xml"),
    "SVG": shown_as("image/svg+xml"),
    "javascript": shown_as("application/javascript"),
    "js": shown_as("application/javascript"),
}


def known_magics():
    return " ".join(["%" + n for n in sorted(LINE_MAGICS)] + ["%%" + n for n in sorted(CELL_MAGICS)])


def call_magic(name, argument=""):
    if name not in LINE_MAGICS:
        raise UsageError("the magic %%%s is not known here; there are %s" % (name, known_magics()))
    return LINE_MAGICS[name](argument)


def call_cell_magic(name, argument, body):
    if name not in CELL_MAGICS:
        raise UsageError("the magic %%%%%s is not known here; there are %s" % (name, known_magics()))
    return CELL_MAGICS[name](argument, body)


# ---- "name?"


def describe(name):
    import inspect

    try:
        value = eval(name, namespace)
    except Exception:
        print("Object `%s` not found." % name)
        return
    try:
        print("Signature: %s%s" % (name, inspect.signature(value)))
    except (TypeError, ValueError):
        pass
    print("Type:      %s" % type(value).__name__)
    print("String form: %s" % text_of(value)[:200])
    print("Docstring: %s" % (inspect.getdoc(value) or "<no docstring>"))


# ---- from a notebook's lines to Python's

ASSIGNED = re.compile(r"^(\s*)([A-Za-z_][\w.,\s\[\]'\"]*?)\s*=\s*([!%])(?!=)\s*(.+)$")
ASKED = re.compile(r"^(\s*)(?:\?{1,2}\s*([\w.]+)|([\w.]+)\?{1,2})\s*;?\s*$")


def translate_line(line):
    bare = line.lstrip()
    indent = line[: len(line) - len(bare)]
    if bare.startswith("!!"):
        return "%s__sandtop__.getoutput(%r)" % (indent, bare[2:])
    if bare.startswith("!"):
        return "%s__sandtop__.system(%r)" % (indent, bare[1:])
    if re.match(r"%[A-Za-z_]", bare):
        name, _, argument = bare[1:].partition(" ")
        return "%s__sandtop__.call_magic(%r, %r)" % (indent, name, argument.strip())
    found = ASSIGNED.match(line)
    if found:
        indent, target, kind, rest = found.groups()
        if kind == "!":
            return "%s%s = __sandtop__.getoutput(%r)" % (indent, target, rest)
        name, _, argument = rest.partition(" ")
        return "%s%s = __sandtop__.call_magic(%r, %r)" % (indent, target, name, argument.strip())
    found = ASKED.match(line)
    if found:
        return "%s__sandtop__.describe(%r)" % (found.group(1), found.group(2) or found.group(3))
    return line


def translate(code):
    """Shell lines, magics and questions become calls, where the cell is no Python."""
    try:
        ast.parse(code)
        return code
    except (SyntaxError, ValueError):
        pass
    lines, kept = [], 0
    for line in code.split("\n"):
        start = lines[-1].lstrip()[:1] if lines else ""
        if lines and start in ("!", "%") and lines[-1].endswith("\\"):
            lines[-1] = lines[-1][:-1] + line.lstrip()
            kept += 1
        else:
            lines.append(line)
    return "\n".join([translate_line(line) for line in lines] + [""] * kept)


# ---- get_ipython()


class Events:
    def register(self, _event, _function):
        pass

    unregister = register


class Shell:
    """As much of IPython's shell as code in cells asks for."""

    config = {}
    events = Events()
    kernel = None
    user_ns = property(lambda self: namespace)
    execution_count = property(lambda self: count)

    def run_line_magic(self, name, line):
        return call_magic(name, line)

    def run_cell_magic(self, name, line, cell):
        return call_cell_magic(name, line, cell)

    def magic(self, line):
        name, _, argument = line.lstrip("%").partition(" ")
        return call_magic(name, argument)

    def run_cell(self, code, **_ignored):
        run_cell(code, "<cell of run_cell>")

    def ev(self, code):
        return eval(code, namespace)

    def ex(self, code):
        exec(code, namespace)

    def push(self, names):
        namespace.update(names)

    def system(self, command):
        system(command)

    def getoutput(self, command):
        return getoutput(command)

    def register_magic_function(self, function, magic_kind="line", magic_name=None):
        magics = CELL_MAGICS if magic_kind == "cell" else LINE_MAGICS
        magics[magic_name or function.__name__] = function

    def __getattr__(self, name):
        raise AttributeError("get_ipython().%s is not there: this is sandtop's Python, not IPython" % name)


shell = Shell()


def get_ipython():
    return shell


def registers(magics):
    def register(named):
        if callable(named):
            magics[named.__name__] = named
            return named
        return lambda function: magics.setdefault(named, function)

    return register


# ---- IPython.display


class DisplayObject:
    """Something to show in one form; the data, or a file's."""

    mime = "text/plain"
    binary = False

    def __init__(self, data=None, url=None, filename=None, metadata=None, **_ignored):
        if data is None and filename is not None:
            with open(filename, "rb" if self.binary else "r") as file:
                data = file.read()
        if data is None and url is not None:
            import urllib.request

            with urllib.request.urlopen(url) as reply:
                data = reply.read() if self.binary else reply.read().decode()
        self.data, self.url, self.filename, self.metadata = data, url, filename, metadata

    def __repr__(self):
        return "<IPython.core.display.%s object>" % type(self).__name__

    def _repr_mimebundle_(self, **_ignored):
        return {self.mime: self.data}


def display_class(name, mime, base=DisplayObject):
    return type(name, (base,), {"mime": mime, "__module__": "IPython.core.display"})


HTML = display_class("HTML", "text/html")
Markdown = display_class("Markdown", "text/markdown")
Latex = display_class("Latex", "text/latex")
SVG = display_class("SVG", "image/svg+xml")
JSON = display_class("JSON", "application/json")
Javascript = display_class("Javascript", "application/javascript")


class Pretty(DisplayObject):
    def __repr__(self):
        return str(self.data)


class Math(Latex):
    def _repr_mimebundle_(self, **_ignored):
        return {self.mime: "$\\displaystyle %s$" % self.data.strip("$")}


class IFrame(DisplayObject):
    def __init__(self, src, width, height, **_ignored):
        super().__init__('<iframe width="%s" height="%s" src="%s"></iframe>' % (width, height, src))

    mime = "text/html"


class Image(DisplayObject):
    binary = True

    def __init__(self, data=None, url=None, filename=None, format=None, embed=None, **ignored):
        if isinstance(data, str) and not data.startswith(("http://", "https://")):
            data, filename = None, data
        elif isinstance(data, str):
            data, url = None, data
        linked = url is not None and not embed
        super().__init__(data, None if linked else url, filename, **ignored)
        self.url = url if linked else None
        self.format = format

    def _repr_mimebundle_(self, **_ignored):
        if self.url:
            return {"text/html": '<img src="%s"/>' % self.url}
        starts = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}
        kind = next((k for start, k in starts.items() if self.data.startswith(start)), self.format or "png")
        return {"image/" + kind.replace("jpg", "jpeg"): base64.b64encode(self.data).decode()}


class DisplayHandle:
    """Names what was displayed. The service sends nothing when it is updated later."""

    def __init__(self, display_id=None):
        self.display_id = display_id or os.urandom(16).hex()

    def display(self, value, **options):
        display(value, display_id=self.display_id, **options)

    def update(self, value, **options):
        update_display(value, display_id=self.display_id, **options)


def update_display(_value, *, display_id, **_ignored):
    if not display_id:
        raise ValueError("update_display() needs a display_id")


def clear_output(wait=False):
    """What was sent stays with the client, as with the service."""
    out.flush()
    err.flush()


SHOWN = (HTML, Markdown, Latex, SVG, JSON, Javascript, Pretty, Math, IFrame, Image, DisplayObject, DisplayHandle)


def module_parts():
    shown = {one.__name__: one for one in SHOWN}
    shown.update(display=display, update_display=update_display, clear_output=clear_output)
    for name, cls in (("html", HTML), ("markdown", Markdown), ("latex", Latex), ("svg", SVG), ("json", JSON)):
        shown["display_" + name] = lambda *values, cls=cls, **_ignored: display(*map(cls, values))
    magic = {"register_line_magic": registers(LINE_MAGICS), "register_cell_magic": registers(CELL_MAGICS)}
    top = {"get_ipython": get_ipython, "display": display, "version_info": (8, 99, 0, ""), "__version__": "8.99.0"}
    return {
        "IPython": top,
        "IPython.display": shown,
        "IPython.core": {},
        "IPython.core.display": shown,
        "IPython.core.display_functions": shown,
        "IPython.core.getipython": {"get_ipython": get_ipython},
        "IPython.core.magic": magic,
        "IPython.core.pylabtools": {"backend2gui": {}},
    }


class Manners:
    """Finds the module IPython, which is the kernel's own, when it is imported."""

    def find_spec(self, name, path=None, target=None):
        if name not in module_parts():
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name in ("IPython", "IPython.core"))

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__dict__.update(module_parts()[module.__name__])


class Pictures:
    """Pictures of PIL that are saved to a file are shown as well, as the service does."""

    def find_spec(self, name, path=None, target=None):
        if name != "PIL.Image":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: (load(module), self.watch(module.Image))
        return spec

    def watch(self, cls):
        save = cls.save

        def save_and_show(image, fp, format=None, **options):
            if isinstance(fp, str):
                display(image)
            return save(image, fp, format, **options)

        cls.save = save_and_show


