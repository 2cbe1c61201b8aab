// @e2b/code-interpreter of npm: cells in every language there is, contexts, results, errors.
import { Sandbox } from '@e2b/code-interpreter'
import { assert, check, finish } from './check.mjs'

const s = await Sandbox.create({ timeoutMs: 300_000 })
const has = async (what) => (await s.commands.run(`${what} >/dev/null 2>&1 && echo yes || echo no`)).stdout === 'yes\n'

await check('runCode: the last value, logs, count', async () => {
  const e = await s.runCode('x = 20\nprint("hi")\nimport sys; print("e", file=sys.stderr)\nx + 1')
  assert.equal(e.text, '21')
  assert.deepEqual(e.logs.stdout, ['hi\n'])
  assert.equal(e.logs.stderr.join(''), 'e\n')
  assert.equal(e.executionCount, 1)
  assert.equal((await s.runCode('x')).text, '20')
})
await check('runCode: callbacks', async () => {
  const seen = []
  await s.runCode('print("o"); import sys; print("e", file=sys.stderr); display("d"); 1/0', {
    onStdout: (o) => seen.push('out ' + o.line), onStderr: (o) => seen.push('err ' + o.line),
    onResult: (r) => seen.push('result ' + r.text), onError: (e) => seen.push('error ' + e.name),
  })
  assert.deepEqual(seen.filter((l) => l.trim() !== 'err'), ['out o\n', 'err e\n', 'result d', 'error ZeroDivisionError'])
})
await check('runCode: error', async () => {
  const { error } = await s.runCode('def f():\n  raise ValueError("bad")\nf()')
  assert.equal(error.name, 'ValueError')
  assert.equal(error.value, 'bad')
  assert.match(error.traceback, /in f/)
  assert.equal((await s.runCode('for')).error.name, 'SyntaxError')
})
await check('runCode: envs of one cell', async () => {
  assert.equal((await s.runCode('import os; os.environ["E"]', { envs: { E: 'one' } })).text, 'one')
  assert.equal((await s.runCode('"E" in os.environ')).text, 'False')
})
await check('runCode: representations', async () => {
  const e = await s.runCode('class R:\n  def _repr_html_(self): return "<b>b</b>"\n  def _repr_markdown_(self): return "*m*"\nR()')
  assert.equal(e.results[0].html, '<b>b</b>')
  assert.equal(e.results[0].markdown, '*m*')
  assert.deepEqual((await s.runCode('{"a": [1, None]}')).results[0].json, { a: [1, null] })
})
await check('runCode: await, shell lines', async () => {
  assert.equal((await s.runCode('import asyncio\nawait asyncio.to_thread(str, "slept")')).text, 'slept')
  assert.deepEqual((await s.runCode('!echo shell')).logs.stdout, ['shell\n'])
  assert.equal((await s.runCode('w = !echo kept\nw.s')).text, 'kept')
  assert.equal((await s.runCode('from IPython.display import HTML\nHTML("<i>")')).results[0].html, '<i>')
  assert.equal((await s.runCode('%load_ext none')).error.name, 'UsageError')
})
await check('runCode: bash', async () => {
  await s.runCode('cd /tmp; v=1', { language: 'bash' })
  assert.equal((await s.runCode('echo $v $PWD', { language: 'bash' })).logs.stdout.join(''), '1 /tmp\n')
})
if (await has('node --version'))
  await check('runCode: javascript', async () => {
    const e = await s.runCode('const a = [1]; console.log("l"); await Promise.resolve(a)', { language: 'javascript' })
    assert.equal(e.text, '[ 1 ]')
    assert.deepEqual(e.logs.stdout, ['l\n'])
    assert.equal((await s.runCode('a.length', { language: 'js' })).text, '1')
    assert.equal((await s.runCode('nope', { language: 'js' })).error.name, 'ReferenceError')
    assert.equal((await s.runCode('const a = 2; a', { language: 'js' })).text, '2')
    assert.equal((await s.runCode("import { sep } from 'path'\nsep", { language: 'js' })).text, '/')
    await assert.rejects(s.runCode('while (true) {}', { language: 'js', timeoutMs: 500 }))
    assert.equal((await s.runCode('a', { language: 'js' })).text, '2')
    assert.equal((await s.runCode('process.cwd()', { language: 'ts' })).text, '/home/user')
  })
else console.log('skip javascript: no node in the sandbox')
await check('runCode: a language that is not there', async () => {
  await assert.rejects(s.runCode('1', { language: 'r' }), /500/)
})
await check('contexts: create, list, restart, remove', async () => {
  const c = await s.createCodeContext({ language: 'python', cwd: '/tmp' })
  assert.equal(c.cwd, '/tmp')
  assert.equal((await s.runCode('import os; y = 1; os.getcwd()', { context: c })).text, '/tmp')
  const all = await s.listCodeContexts()
  assert.deepEqual([all[0].language, all[1].language, all.at(-1).id], ['python', 'javascript', c.id])
  await s.restartCodeContext(c)
  assert.equal((await s.runCode('y', { context: c })).error.name, 'NameError')
  await s.removeCodeContext(c)
  await assert.rejects(s.runCode('1', { context: c }), /not found/)
})
await check('runCode: a time-out interrupts', async () => {
  await assert.rejects(s.runCode('import signal\nwhile True: signal.pause()', { timeoutMs: 500 }))
  assert.equal((await s.runCode('x')).text, '20')
})
if (await has('python3 -c "import pandas"'))
  await check('data of a table', async () => {
    const [r] = (await s.runCode('import pandas as pd\npd.DataFrame({"a": [1, 2], "b": ["x", "y"]})')).results
    assert.deepEqual(r.data, { a: [1, 2], b: ['x', 'y'] })
    assert.match(r.html, /<table/)
  })
else console.log('skip tables: no pandas in the sandbox')
if (await has('python3 -c "import matplotlib"')) {
  const chart = async (code) => {
    const e = await s.runCode(`import matplotlib.pyplot as plt\n${code}\nplt.show()`)
    assert.equal(e.error, undefined)
    assert.ok(e.results[0].png)
    return e.results[0].chart
  }
  await check('charts: line', async () => {
    const c = await chart('plt.plot([1, 2], [3, 4.5], label="l"); plt.xlabel("Time (s)"); plt.title("T")')
    assert.equal(c.type, 'line')
    assert.equal(c.title, 'T')
    assert.equal(c.x_label, 'Time (s)')
    assert.equal(c.x_unit, 's')
    assert.deepEqual(c.elements[0], { label: 'l', points: [[1, 3], [2, 4.5]] })
  })
  await check('charts: scatter, bar, pie, box and whisker, several', async () => {
    assert.deepEqual((await chart('plt.scatter([1, 2], [3, 4], label="g")')).elements[0].points, [[1, 3], [2, 4]])
    assert.deepEqual((await chart('plt.bar(["a", "b"], [3, 4], label="g")')).elements, [
      { label: 'a', group: 'g', value: 3 }, { label: 'b', group: 'g', value: 4 }])
    assert.deepEqual((await chart('plt.pie([1, 3], labels=["x", "y"])')).elements.map((e) => [e.label, e.angle]), [['x', 90], ['y', 270]])
    const box = (await chart('plt.boxplot([[1, 2, 3, 4, 5, 20]], patch_artist=True)')).elements[0]
    assert.deepEqual([box.min, box.median, box.max, box.outliers], [1, 3.5, 5, [20]])
    assert.equal((await chart('f, (a, b) = plt.subplots(1, 2); a.plot([1]); b.bar(["q"], [1])')).type, 'superchart')
  })
} else console.log('skip charts: no matplotlib in the sandbox')
await check('a killed sandbox', async () => {
  await s.kill()
  await assert.rejects(s.runCode('1'))
})
finish()
