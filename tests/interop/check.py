# What the Python suites share: named checks with a deadline, and waiting for states.
import os
import signal
import sys

calls = None
if "e2b" in sys.modules:  # a suite of the packages, not of the CLI
    import calls

UNKNOWN = "i00000000000000000000"
DEADLINE = 45


def late(*_):
    raise AssertionError("nothing within %d s" % DEADLINE)


signal.signal(signal.SIGALRM, late)
if calls:
    calls.record_calls()


def check(name):
    """Decorator: runs the function at once and says how it went."""

    def run(test):
        signal.alarm(DEADLINE)
        try:
            test()
            print("ok   " + name, flush=True)
        except Exception as e:
            print("FAIL %s: %r" % (name, e), flush=True)
        finally:
            signal.alarm(0)

    return run


def refused(kind, call, *args, **kwargs):
    """The error of that class that the call must raise."""
    try:
        call(*args, **kwargs)
    except kind as e:
        if calls:
            calls.record_error(e)
        return e
    raise AssertionError("no %s" % kind.__name__)


def until(ask):
    """Asks the service until the answer is a true one; check()'s deadline ends it."""
    while True:
        answer = ask()
        if answer:
            return answer


def same(got, want):
    assert got == want, "%r is not %r" % (got, want)


def finish():
    if calls:
        calls.write_calls()
    # The suite's last line; run.sh takes a suite without it for one that died.
    print("end of suite", flush=True)
    os._exit(0)
