# e2b-code-interpreter of PyPI, sync and async: cells, contexts, callbacks, errors.
import asyncio

from e2b_code_interpreter import AsyncSandbox, Sandbox

from check import check, finish, same

s = Sandbox.create(timeout=300)


@check("run_code: value, logs, state")
def _():
    e = s.run_code("x = 20\nprint('hi')\nx + 1")
    same((e.text, e.logs.stdout, e.execution_count), ("21", ["hi\n"], 1))
    same(s.run_code("x").text, "20")


@check("run_code: callbacks")
def _():
    seen = []
    s.run_code(
        "print('o'); 5/0",
        on_stdout=lambda o: seen.append(o.line),
        on_error=lambda e: seen.append(e.name),
    )
    same(seen, ["o\n", "ZeroDivisionError"])


@check("run_code: error, envs, language")
def _():
    e = s.run_code("raise ValueError('bad')").error
    same((e.name, e.value), ("ValueError", "bad"))
    same(s.run_code("import os; os.environ['E']", envs={"E": "v"}).text, "v")
    same(s.run_code("echo $((2 + 3))", language="bash").logs.stdout, ["5\n"])


@check("contexts")
def _():
    c = s.create_code_context(cwd="/tmp", language="python")
    same(s.run_code("import os; os.getcwd()", context=c).text, "/tmp")
    assert c.id in [o.id for o in s.list_code_contexts()]
    s.restart_code_context(c)
    s.remove_code_context(c)
    assert c.id not in [o.id for o in s.list_code_contexts()]


@check("run_code: a language that is not there")
def _():
    try:
        s.run_code("1", language="java")
    except Exception as e:
        assert "typescript and bash" in str(e), e
    else:
        raise AssertionError("it ran")


@check("an object's own representations")
def _():
    r = s.run_code("class R:\n  def _repr_latex_(self): return '$l$'\nR()").results[0]
    same(r.latex, "$l$")


@check("async: run_code, contexts")
def _():
    async def run():
        a = await AsyncSandbox.create(timeout=60)
        try:
            same((await a.run_code("1 + 1")).text, "2")
            c = await a.create_code_context()
            same((await a.run_code("'c'", context=c)).text, "c")
            await a.restart_code_context(c)
            assert c.id in [o.id for o in await a.list_code_contexts()]
            await a.remove_code_context(c)
        finally:
            await a.kill()

    asyncio.run(run())


s.kill()
finish()
