# The Python kernel's eye for matplotlib: what a figure shows, as data (envd.md 9). Goes before
# python.py, which has the rest, into one program.


def rounded(number, digits=9):
    """Without the noise of floating point."""
    return float("%.*g" % (digits, float(number)))


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
            "angle": rounded(abs(wedge.theta2 - wedge.theta1), 6),
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


