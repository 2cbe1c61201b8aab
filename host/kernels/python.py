# The Python kernel of the code interpreter: runs cells in one namespace and tells what
# happens as events, a line of JSON each, on what was its standard output. host/kernel.h
# has the protocol. Needs the system's python3 and nothing else; pandas, matplotlib and
# PIL are served where the person's code imports them.
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
            if self.size >= PENDING_MAX or "\n" in text or "\r" in text:
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


def plain(value):
    """The value as JSON can carry it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return plain(getattr(value, method)())
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
        fields["json"] = plain(value)
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
    out.flush()
    err.flush()
    fields = represent(value)
    extra = fields.pop("extra", {})
    event = {**fields, "is_main_result": is_main, "extra": extra}
    if sum(len(v) for v in event.values() if isinstance(v, str)) > LINE_MAX:
        event = {"text": "(a result of more than 30 MB is not sent)", "is_main_result": is_main, "extra": {}}
    emit("result", **event)


def display(*values, raw=False, **_ignored):
    """What notebooks call display(); `raw` values are bundles of MIME types."""
    for value in values:
        if raw and isinstance(value, dict):
            send_result(Bundle(value), False)
        else:
            send_result(value, False)


class Bundle:
    def __init__(self, data):
        self.data = data

    def _repr_mimebundle_(self):
        return self.data

    def __repr__(self):
        return str(self.data.get("text/plain", ""))


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


def rounded(number):
    """Without the noise of floating point."""
    return float("%.9g" % float(number))


def is_grid_line(line):
    x, y = list(line.get_xdata()), list(line.get_ydata())
    return len(x) == 2 and len(y) == 2 and (x[0] == x[1] or y[0] == y[1])


def chart_type(axes):
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import PathPatch, Rectangle, Wedge
    from matplotlib.text import Text

    drawn = [thing for thing in axes.get_children() if thing in getattr(axes, "_children", [])]
    drawn = [thing for thing in drawn if not isinstance(thing, Text)]
    data = [t for t in drawn if not (isinstance(t, Line2D) and is_grid_line(t))]
    rules = [
        ("line", drawn, (Line2D,)),
        ("box_and_whisker", drawn, (PathPatch, Line2D)),
        ("scatter", data, (PathCollection,)),
        ("pie", data, (Wedge,)),
        ("bar", data, (Rectangle,)),
    ]
    for name, things, classes in rules:
        if all(isinstance(thing, classes) for thing in things):
            return name
    return "unknown"


def label_and_unit(label):
    """"Speed (km/h)" is a label with a unit."""
    import re

    found = re.search(r"\s\((.*?)\)", label or "")
    return label or None, found.group(1) if found else None


def scale_of(axis, scale, labels):
    """linear, datetime, categorical or the scale's own name, by how ticks are written."""
    from matplotlib.dates import _SwitchableDateConverter

    if isinstance(getattr(axis, "converter", None) or converter_of(axis), _SwitchableDateConverter):
        return "datetime"
    if scale != "linear":
        return scale
    try:
        [float(text.replace("\N{MINUS SIGN}", "-")) for text in labels if text]
    except ValueError:
        return "categorical"
    return "linear"


def converter_of(axis):
    return axis.get_converter() if hasattr(axis, "get_converter") else None


def tick_value(value, scale):
    if scale == "datetime":
        from matplotlib.dates import num2date

        return num2date(value).isoformat()
    return plain(value)


def axis_fields(axes, name):
    axis = getattr(axes, name + "axis")
    label, unit = label_and_unit(getattr(axes, "get_%slabel" % name)())
    ticks = list(getattr(axes, "get_%sticks" % name)())
    labels = [text.get_text() for text in getattr(axes, "get_%sticklabels" % name)()]
    scale = scale_of(axis, getattr(axes, "get_%sscale" % name)(), labels)
    return {
        name + "_label": label,
        name + "_unit": unit,
        name + "_ticks": [tick_value(tick, scale) for tick in ticks],
        name + "_tick_labels": labels,
        name + "_scale": scale,
    }


def series_of(points_of, things, first):
    elements = []
    for index, thing in enumerate(things):
        label = str(thing.get_label() or "")
        if label.startswith(("_child", "_line", "_collection")):
            label = "%s %d" % (first, index)
        elements.append({"label": label, "points": points_of(thing)})
    return elements


def line_elements(axes):
    def points(line):
        return [[plain(x), plain(y)] for x, y in zip(line.get_xdata(), line.get_ydata())]

    return series_of(points, axes.get_lines(), "Line")


def scatter_elements(axes):
    def points(path):
        return [[plain(x), plain(y)] for x, y in path.get_offsets()]

    return series_of(points, axes.collections, "Group")


def bar_elements(axes):
    elements = []
    flipped = False
    for container in axes.containers:
        group = str(container.get_label())
        if group.startswith("_container"):
            group = "Group " + group[len("_container") :]
        heights = [bar.get_height() for bar in container]
        across = getattr(container, "orientation", None) == "horizontal"
        flipped |= across
        names = axes.get_yticklabels() if across else axes.get_xticklabels()
        values = [bar.get_width() for bar in container] if across else heights
        for name, value in zip(names, values):
            elements.append({"label": name.get_text(), "group": group, "value": plain(value)})
    return elements, flipped


def pie_elements(axes):
    return [
        {
            "label": wedge.get_label(),
            "angle": rounded(abs(wedge.theta2 - wedge.theta1)),
            "radius": plain(wedge.r),
        }
        for wedge in axes.patches
    ]


def boxes_of(axes, flipped):
    boxes = []
    labels = axes.get_yticklabels() if flipped else axes.get_xticklabels()
    for label, patch in zip(labels, axes.patches):
        corners = patch.get_path().vertices
        along, across = corners[:, 0], corners[:, 1]
        if flipped:
            along, across = across, along
        boxes.append(
            {
                "label": label.get_text(),
                "from": rounded(min(along)),
                "to": rounded(max(along)),
                "low": rounded(min(across)),
                "high": rounded(max(across)),
                "min": None,
                "median": None,
                "max": None,
                "outliers": [],
            }
        )
    return boxes


def put_into_box(box, along, across):
    """A line of a box plot: a whisker, the median, caps or outliers."""
    if len(across) == 2 and across[0] == across[1] and along[0] != along[1]:
        if box["low"] <= across[0] <= box["high"]:
            box["median"] = across[0]
        return
    if len(across) == 2 and along[0] == along[1]:
        if max(across) == box["low"]:
            box["min"] = min(across)
        elif min(across) == box["high"]:
            box["max"] = max(across)
        return
    box["outliers"] += across


def box_elements(axes):
    flat = [p.get_path().vertices for p in axes.patches]
    heights = {rounded(v[:, 1].max() - v[:, 1].min()) for v in flat}
    widths = {rounded(v[:, 0].max() - v[:, 0].min()) for v in flat}
    flipped = len(heights) == 1 and len(widths) > 1
    boxes = boxes_of(axes, flipped)
    for line in axes.lines:
        along = [rounded(value) for value in line.get_xdata()]
        across = [rounded(value) for value in line.get_ydata()]
        if flipped:
            along, across = across, along
        home = [b for b in boxes if along and b["from"] <= along[0] <= b["to"]]
        if home:
            put_into_box(home[0], along, across)
    elements = [
        {
            "label": box["label"],
            "min": box["min"] if box["min"] is not None else box["low"],
            "first_quartile": box["low"],
            "median": box["median"],
            "third_quartile": box["high"],
            "max": box["max"] if box["max"] is not None else box["high"],
            "outliers": box["outliers"],
        }
        for box in boxes
    ]
    return elements, flipped


def chart_of_axes(axes):
    kind = chart_type(axes)
    chart = {"type": kind, "title": axes.get_title() or None, "elements": []}
    flipped = False
    if kind in ("line", "scatter", "bar", "box_and_whisker"):
        both = {**axis_fields(axes, "x"), **axis_fields(axes, "y")}
        if kind in ("bar", "box_and_whisker"):
            both = {k: v for k, v in both.items() if k.endswith(("_label", "_unit"))}
        chart.update(both)
    if kind == "line":
        chart["elements"] = line_elements(axes)
    elif kind == "scatter":
        chart["elements"] = scatter_elements(axes)
    elif kind == "pie":
        chart["elements"] = pie_elements(axes)
    elif kind == "bar":
        chart["elements"], flipped = bar_elements(axes)
    elif kind == "box_and_whisker":
        chart["elements"], flipped = box_elements(axes)
    if flipped:
        for part in ("label", "unit"):
            chart["x_" + part], chart["y_" + part] = chart["y_" + part], chart["x_" + part]
    return chart


def chart_of_figure(figure):
    """The chart a figure shows, as data; None for an empty one or a strange one."""
    try:
        axes = figure.get_axes()
        if not axes or not any(a.has_data() for a in axes):
            return None
        if len(axes) == 1:
            return chart_of_axes(axes[0])
        title = figure._suptitle.get_text() if figure._suptitle else None
        return {"type": "superchart", "title": title, "elements": [chart_of_axes(a) for a in axes]}
    except Exception:
        return {"type": "unknown", "title": None, "elements": []}


# ---- cells


def run_shell(command):
    """A line that begins with "!"."""
    import subprocess

    out.flush()
    err.flush()
    return subprocess.run(["/bin/bash", "-c", command], stdin=subprocess.DEVNULL).returncode


def magic_cd(argument):
    os.chdir(os.path.expanduser(argument or "~"))
    print(os.getcwd())


def magic_pip(argument):
    run_shell("%s -m pip %s" % (sys.executable, argument))


def magic_time(argument):
    start, busy = time.perf_counter(), time.process_time()
    run_code(argument, "<time>", False)
    print("CPU times: total: %.3f s" % (time.process_time() - busy))
    print("Wall time: %.3f s" % (time.perf_counter() - start))


def magic_env(argument):
    name, equals, value = argument.partition("=")
    if equals:
        os.environ[name.strip()] = value.strip()
    else:
        print(os.environ.get(name.strip(), "") if name else dict(os.environ))


def magic_nothing(_argument):
    pass


def cell_bash(_argument, body):
    if run_shell(body):
        raise RuntimeError("the commands failed")


def cell_writefile(argument, body):
    mode = "w"
    if argument.startswith("-a "):
        mode, argument = "a", argument[3:]
    with open(os.path.expanduser(argument.strip()), mode) as file:
        file.write(body)
    print("Wrote %s" % argument.strip())


def cell_time(_argument, body):
    magic_time(body)


LINE_MAGICS = {
    "cd": magic_cd,
    "pip": magic_pip,
    "time": magic_time,
    "env": magic_env,
    "set_env": magic_env,
    "matplotlib": magic_nothing,
}
CELL_MAGICS = {"bash": cell_bash, "sh": cell_bash, "writefile": cell_writefile, "time": cell_time}


def call_magic(name, argument):
    if name not in LINE_MAGICS:
        raise NameError("the magic %%%s is not known here; there are %s" % (name, ", ".join(sorted(LINE_MAGICS))))
    return LINE_MAGICS[name](argument)


def translate(code):
    """Lines that begin with "!" or "%" become calls, where they are no Python."""
    try:
        ast.parse(code)
        return code
    except (SyntaxError, ValueError):
        pass
    lines = code.split("\n")
    for index, line in enumerate(lines):
        bare = line.lstrip()
        indent = line[: len(line) - len(bare)]
        if bare.startswith("!"):
            lines[index] = "%s__sandtop__.run_shell(%r)" % (indent, bare[1:])
        elif bare.startswith("%") and not bare.startswith("%%"):
            name, _, argument = bare[1:].partition(" ")
            lines[index] = "%s__sandtop__.call_magic(%r, %r)" % (indent, name, argument.strip())
    return "\n".join(lines)


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
        namespace["_"] = value
        send_result(value, True)


def run_cell(code, name):
    import textwrap

    code = textwrap.dedent(code)
    if code.startswith("%%"):
        head, _, body = code[2:].partition("\n")
        magic, _, argument = head.partition(" ")
        if magic not in CELL_MAGICS:
            raise NameError("the magic %%%%%s is not known here; there are %s" % (magic, ", ".join(sorted(CELL_MAGICS))))
        CELL_MAGICS[magic](argument, body)
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
    head = frames.readline()
    if not head:
        os._exit(0)
    return frames.read(int(head))


# ---- the kernel

namespace = {"__name__": "__main__", "__builtins__": builtins, "__doc__": None}
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
sys.meta_path.insert(0, Figures())
builtins.input = refuse_input
builtins.display = display
main = type(sys)("__main__")
main.__dict__.update(namespace)
namespace = main.__dict__
sys.modules["__main__"] = main
tools = type(sys)("sandtop kernel")
tools.run_shell, tools.call_magic = run_shell, call_magic
builtins.__sandtop__ = tools
emit("ready")
while True:
    execute(json.loads(read_frame()))
