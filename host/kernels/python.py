# The Python kernel of the code interpreter: runs cells in one namespace and tells what
# happens as events, a line of JSON each, on what was its standard output. host/kernel.h
# has the protocol; charts.py and notebook.py go before it, into one program. Needs the
# system's python3 and nothing else; pandas, matplotlib and PIL are served where the person's
# code imports them.
import ast
import base64
import builtins
import io
import json
import linecache
import math
import os
import signal
import sys
import threading
import time
import traceback

KERNEL_PID = os.getpid()
PENDING_MAX = 8192  # characters that wait for a line end
PIECE_MAX = 65536  # characters of one event
FLUSH_AFTER_S = 0.05  # and no longer than this
DRAIN_S = 1.0  # what children wrote before the cell ended
REPR_MAX = 1 << 20
DEPTH_MAX = 200  # of lists in lists in a result
LINE_MAX = 30 << 20

protocol = os.dup(1)
protocol_lock = threading.Lock()


def emit(kind, **fields):
    """One event, whole. Characters beyond ASCII are escaped."""
    line = json.dumps({"type": kind, **fields}, separators=(",", ":")).encode() + b"\n"
    with protocol_lock:
        done = 0
        while done < len(line):
            done += os.write(protocol, line[done:])


def now():
    seconds = time.time()
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return "%s.%06d+00:00" % (whole, int(seconds % 1 * 1e6))


# ---- output


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr: an event for each line, or what there is after a moment."""

    def __init__(self, kind, fd):
        self.kind, self.fd = kind, fd
        self.pending = []
        self.size = 0
        self.lock = threading.RLock()
        self.other = None

    encoding = property(lambda self: "utf-8")
    errors = property(lambda self: "replace")
    name = property(lambda self: "<%s>" % self.kind)

    @property
    def buffer(self):
        return Bytes(self)

    def fileno(self):
        return self.fd

    def isatty(self):
        return False

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        if os.getpid() != KERNEL_PID:
            os.write(self.fd, text.encode("utf-8", "replace"))
            return len(text)
        if self.other is not None and self.other.size:
            self.other.flush()
        with self.lock:
            self.pending.append(text)
            self.size += len(text)
            if self.size >= PENDING_MAX or text.endswith(("\n", "\r")):
                self.flush()
            else:
                flusher.wake()
        return len(text)

    def flush(self):
        if os.getpid() != KERNEL_PID:
            return
        with self.lock:
            text, self.pending, self.size = "".join(self.pending), [], 0
            text = clean(text)
            for at in range(0, len(text), PIECE_MAX):
                emit(self.kind, text=text[at : at + PIECE_MAX], timestamp=now())


class Bytes(io.RawIOBase):
    """What sys.stdout.buffer is."""

    def __init__(self, stream):
        self.stream = stream

    def writable(self):
        return True

    def write(self, data):
        self.stream.flush()
        self.stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self):
        self.stream.flush()

    def fileno(self):
        return self.stream.fd


class Flusher:
    """Sends what has no line end after a moment."""

    def __init__(self):
        self.event = threading.Event()
        self.thread = None

    def wake(self):
        if self.thread is None:
            self.thread = threading.Thread(target=self.run, daemon=True)
            self.thread.start()
        self.event.set()

    def run(self):
        while True:
            self.event.wait()
            time.sleep(FLUSH_AFTER_S)
            self.event.clear()
            out.flush()
            err.flush()


class Tap:
    """Descriptor 1 or 2: what C code and children write becomes events as well."""

    def __init__(self, kind, fd):
        self.kind, self.fd = kind, fd
        read, write = os.pipe()
        os.dup2(write, fd)
        self.read, self.write = read, write
        self.marks = {}
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        import codecs

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        held = b""
        while True:
            data = held + os.read(self.read, 65536)
            held = b""
            for mark in list(self.marks):
                at = data.find(mark)
                if at >= 0:
                    self.tell(decoder, data[:at])
                    data = data[at + len(mark) :]
                    self.marks.pop(mark).set()
                else:
                    # the mark may be cut in two
                    keep = next((n for n in range(len(mark) - 1, 0, -1) if data.endswith(mark[:n])), 0)
                    if keep:
                        held, data = data[-keep:], data[:-keep]
            self.tell(decoder, data)

    def tell(self, decoder, data):
        text = decoder.decode(data)
        if text:
            emit(self.kind, text=text, timestamp=now())

    def drain(self):
        """All that was written until now has been told when this returns."""
        mark = b"\0" + os.urandom(16) + b"\0"
        done = self.marks[mark] = threading.Event()
        try:
            os.write(self.write, mark)
        except OSError:
            pass
        done.wait(DRAIN_S)


# ---- values


def strip_quotes(text):
    """As the service shows strings: without the quotes around them."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def plain(value, depth=0):
    """The value as JSON can carry it. What holds itself cannot be carried."""
    if depth > DEPTH_MAX:
        raise RecursionError("nested too deeply to be shown as JSON")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return plain(getattr(value, method)(), depth + 1)
    return str(value)


def as_base64(value):
    return base64.b64encode(value).decode() if isinstance(value, (bytes, bytearray)) else str(value)


MIME_KEYS = {
    "text/plain": "text",
    "text/html": "html",
    "text/markdown": "markdown",
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "application/pdf": "pdf",
    "text/latex": "latex",
    "application/json": "json",
    "application/javascript": "javascript",
    "e2b/data": "data",
    "e2b/chart": "chart",
}

REPR_METHODS = {
    "_repr_html_": "html",
    "_repr_markdown_": "markdown",
    "_repr_svg_": "svg",
    "_repr_png_": "png",
    "_repr_jpeg_": "jpeg",
    "_repr_pdf_": "pdf",
    "_repr_latex_": "latex",
    "_repr_json_": "json",
    "_repr_javascript_": "javascript",
    "_repr_e2b_data_": "data",
    "_repr_e2b_chart_": "chart",
}


def call_repr(value, method):
    """What the method says, or None; many answer a pair with metadata."""
    function = getattr(value, method, None)
    if function is None or isinstance(value, type) or not callable(function):
        return None
    try:
        said = function()
    except Exception:
        return None
    return said[0] if isinstance(said, tuple) and len(said) == 2 else said


def text_of(value):
    try:
        text = repr(value)
    except Exception:
        return "".join(traceback.format_exception_only(*sys.exc_info()[:2])).strip()
    return text if len(text) <= REPR_MAX else text[:REPR_MAX] + "..."


def add_mime(fields, mime, data):
    key = MIME_KEYS.get(mime)
    if key is None:
        fields.setdefault("extra", {})[mime] = plain(data)
    elif key in ("png", "jpeg", "pdf"):
        fields[key] = as_base64(data)
    elif key in ("json", "data", "chart"):
        fields[key] = plain(data)
    else:
        fields[key] = data if isinstance(data, str) else str(data)


def represent(value):
    """The fields of a result."""
    fields = {"text": strip_quotes(text_of(value))}
    bundle = call_repr(value, "_repr_mimebundle_")
    if isinstance(bundle, dict):
        for mime, data in bundle.items():
            add_mime(fields, mime, data)
    for method, key in REPR_METHODS.items():
        said = call_repr(value, method)
        if said is not None:
            add_mime(fields, next(m for m, k in MIME_KEYS.items() if k == key), said)
    if isinstance(value, (dict, list)) and "json" not in fields:
        try:
            fields["json"] = plain(value)
        except RecursionError:
            pass  # its text says "[...]" where it holds itself
    add_known(fields, value)
    return fields


def add_known(fields, value):
    """What libraries do not say of themselves. They are never imported for it."""
    pandas = sys.modules.get("pandas")
    if pandas and isinstance(value, getattr(pandas, "DataFrame", ())):
        fields["data"] = {str(k): plain(v) for k, v in value.to_dict(orient="list").items()}
    figure = sys.modules.get("matplotlib.figure")
    if figure and isinstance(value, getattr(figure, "Figure", ())):
        picture = io.BytesIO()
        value.savefig(picture, format="png", bbox_inches="tight")
        fields["png"] = as_base64(picture.getvalue())
        chart = chart_of_figure(value)
        if chart:
            fields["chart"] = chart


def send_result(value, is_main):
    if capturing is not None:
        capturing.append(value)
        return
    out.flush()
    err.flush()
    fields = represent(value)
    extra = fields.pop("extra", {})
    event = {**fields, "is_main_result": is_main, "extra": extra}
    if sum(len(v) for v in event.values() if isinstance(v, str)) > LINE_MAX:
        event = {"text": "(a result of more than 30 MB is not sent)", "is_main_result": is_main, "extra": {}}
    emit("result", **event)


def send_bundle(data):
    fields = {}
    for mime, item in data.items():
        add_mime(fields, mime, item)
    extra = fields.pop("extra", {})
    emit("result", **fields, is_main_result=False, extra=extra)


def display(*values, raw=False, display_id=None, **_ignored):
    """What notebooks call display(); `raw` values are bundles of MIME types."""
    for value in values:
        if raw and isinstance(value, dict) and capturing is None:
            send_bundle(value)
        else:
            send_result(value, False)
    if display_id:
        return DisplayHandle(None if display_id is True else display_id)


# ---- figures


class Figures:
    """Loaded as matplotlib's backend: draws into memory, shows as results."""

    def find_spec(self, name, path=None, target=None):
        if name == "matplotlib.pyplot" and "MPLBACKEND" not in os.environ:
            sys.meta_path.remove(self)
            import types

            import matplotlib
            from matplotlib.backends import backend_agg

            module = types.ModuleType("sandtop_figures")
            module.FigureCanvas = backend_agg.FigureCanvasAgg
            module.FigureManager = getattr(backend_agg, "FigureManagerBase", None)
            if module.FigureManager is None:
                from matplotlib.backend_bases import FigureManagerBase

                module.FigureManager = FigureManagerBase
            module.show = lambda *args, **kwargs: show_figures()
            sys.modules["sandtop_figures"] = module
            matplotlib.rcParams["backend"] = "module://sandtop_figures"
        return None


def show_figures():
    """Every open figure once; then it is closed."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return
    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        try:
            if figure.get_axes():
                send_result(figure, False)
        finally:
            pyplot.close(figure)


# ---- cells


def run_tree(code_object):
    """Runs it in the person's namespace; awaits what is awaited at the top."""
    value = eval(code_object, namespace)
    if code_object.co_flags & 0x80:  # CO_COROUTINE
        import asyncio

        global event_loop
        if event_loop is None or event_loop.is_closed():
            event_loop = asyncio.new_event_loop()
            asyncio.set_event_loop(event_loop)
        value = event_loop.run_until_complete(value)
    return value


def run_code(code, name, show):
    code = translate(code)
    linecache.cache[name] = (len(code), None, [line + "\n" for line in code.split("\n")], name)
    tree = ast.parse(code, name)
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
        last = ast.Expression(tree.body.pop().value)
    if tree.body:
        run_tree(compile(tree, name, "exec", flags, dont_inherit=True))
    if last is None:
        return
    value = run_tree(compile(last, name, "eval", flags, dont_inherit=True))
    if value is not None and show:
        keep_value(value)
        send_result(value, True)


def keep_value(value):
    """_ and __ and ___, _N and Out[N]."""
    for newer, older in (("__", "___"), ("_", "__")):
        if newer in namespace:
            namespace[older] = namespace[newer]
    namespace["_"] = namespace["_%d" % count] = value
    namespace["Out"][count] = value


def run_cell(code, name):
    import textwrap

    code = textwrap.dedent(code).lstrip("\n")
    if code.startswith("%%"):
        head, _, body = code[2:].partition("\n")
        magic, _, argument = head.partition(" ")
        value = call_cell_magic(magic, argument.strip(), body)
        if value is not None:
            send_result(value, True)
    else:
        run_code(code, name, True)


def tell_error():
    kind, value, trace = sys.exc_info()
    try:
        text = str(value)
    except Exception:
        text = "<no text>"
    try:
        said = traceback.TracebackException(kind, value, trace)
        said.stack[:] = frames_of_cells(said.stack)
        lines = list(said.format())
    except Exception:
        lines = ["%s: %s" % (kind.__name__, text)]
    emit("error", name=kind.__name__, value=clean(text), traceback=clean("".join(lines)))


def frames_of_cells(stack):
    """From the person's first line on, without this file's."""
    while stack and not stack[0].filename.startswith(("<cell", "<time")):
        del stack[0]
    return [frame for frame in stack if frame.filename != "<kernel>"]


def clean(text):
    return text.encode("utf-8", "replace").decode("utf-8")


def execute(request):
    global count
    count += 1
    name = "<cell %d>" % count
    kept = {}
    emit("number_of_executions", execution_count=count)
    namespace["In"].append(request.get("code") or "")
    for key, value in (request.get("env_vars") or {}).items():
        kept[key] = os.environ.get(key)
        os.environ[key] = value
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run_cell(request.get("code") or "", name)
        finally:
            show_figures()
    except BaseException:
        settle()
        tell_error()
    settle()
    for key, value in kept.items():
        os.environ.pop(key, None)
        if value is not None:
            os.environ[key] = value
    emit("end_of_execution")


def settle():
    """No interrupt any more; all output has been told."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (out, err):
        stream.flush()
    for tap in taps:
        tap.drain()


def refuse_input(prompt=""):
    raise RuntimeError("input() has nobody to ask here: pass the value in the code")


def read_frame():
    """A request; whoever tells nonsense is told so, once."""
    head = frames.readline(20)
    if not head:
        os._exit(0)
    try:
        request = json.loads(frames.read(int(head)))
        if isinstance(request, dict) and isinstance(request.get("code") or "", str):
            return request
        why = "a frame that is no request"
    except ValueError as error:
        why = str(error)
    os.write(told_apart, ("the kernel was told nonsense: %s\n" % why).encode())
    os._exit(1)


# ---- the kernel

namespace = {"__name__": "__main__", "__builtins__": builtins, "__doc__": None}
namespace.update({"In": [""], "Out": {}, "_": "", "__": "", "___": ""})
capturing = None  # or a list that takes results instead of the client
told_apart = os.dup(2)
event_loop = None
count = 0
flusher = Flusher()
signal.signal(signal.SIGINT, signal.SIG_IGN)
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
os.close(nothing)
taps = [Tap("stdout", 1), Tap("stderr", 2)]
out, err = Stream("stdout", 1), Stream("stderr", 2)
out.other, err.other = err, out
sys.stdout = sys.__stdout__ = out
sys.stderr = sys.__stderr__ = err
sys.stdin = sys.__stdin__ = open(0, "r", closefd=False)
sys.argv = [""]
sys.path.insert(0, "")
sys.meta_path[:0] = [Figures(), Manners(), Pictures()]
builtins.input = refuse_input
builtins.display, builtins.get_ipython = display, get_ipython
main = type(sys)("__main__")
main.__dict__.update(namespace)
namespace = main.__dict__
sys.modules["__main__"] = main
tools = type(sys)("sandtop kernel")
tools.system, tools.getoutput, tools.call_magic, tools.describe = system, getoutput, call_magic, describe
builtins.__sandtop__ = tools
emit("ready")
while True:
    execute(read_frame())
