// Commands of the npm package: run, background, stdin, connect, list, kill, and its errors.
import * as e2b from 'e2b'
import { assert, check, finish, Output, refused, until } from './check.mjs'

const { Sandbox, CommandExitError, NotFoundError, TimeoutError, AuthenticationError, SandboxError } = e2b
const NO_PID = 999999
const s = await Sandbox.create({ timeoutMs: 300_000 })

await check('run: stdout, stderr, exit code', async () => {
  const r = await s.commands.run('echo out; echo err >&2')
  assert.equal(r.stdout, 'out\n')
  assert.equal(r.stderr, 'err\n')
  assert.equal(r.exitCode, 0)
})
await check('run: envs, cwd', async () => {
  const r = await s.commands.run('echo $A; pwd', { envs: { A: 'b c' }, cwd: '/tmp' })
  assert.equal(r.stdout, 'b c\n/tmp\n')
})
await check('run: user and root', async () => {
  const { stdout } = await s.commands.run('echo $HOME', { user: 'user' })
  assert.equal(stdout, '/home/user\n')
  assert.equal((await s.commands.run('echo as root', { user: 'root' })).stdout, 'as root\n')
})
await check('run: output as it comes', async () => {
  const out = new Output(), err = new Output()
  await s.commands.run('echo one; echo two >&2; echo three', { onStdout: out.add, onStderr: err.add })
  assert.equal(out.text, 'one\nthree\n')
  assert.equal(err.text, 'two\n')
})
await check('run: characters cut by packets', async () => {
  const { stdout } = await s.commands.run("python3 -c \"print('ü€😀' * 100000)\"")
  assert.equal(stdout, 'ü€😀'.repeat(100_000) + '\n')
})
await check('run: 16 MiB of output', async () => {
  const { stdout } = await s.commands.run("head -c 16777216 /dev/zero | tr '\\0' x")
  assert.equal(stdout.length, 16777216)
})
await check('run: twenty at once', async () => {
  const runs = Array.from({ length: 20 }, (_, i) => s.commands.run(`echo ${i}`))
  const said = (await Promise.all(runs)).map((r) => r.stdout.trim())
  assert.deepEqual(said, Array.from({ length: 20 }, (_, i) => String(i)))
})
await check('background: handle, wait, list', async () => {
  const h = await s.commands.run('read -r line; echo got $line', { background: true, stdin: true })
  assert.ok(h.pid > 0)
  const listed = (await s.commands.list()).find((p) => p.pid === h.pid)
  assert.equal(listed.cmd, '/bin/bash')
  assert.deepEqual(listed.args.slice(0, 2), ['-l', '-c'])
  await s.commands.sendStdin(h.pid, 'a line\n')
  const r = await h.wait()
  assert.equal(r.stdout, 'got a line\n')
  assert.equal(h.exitCode, 0)
})
await check('stdin by handle, closeStdin', async () => {
  const h = await s.commands.run('cat', { background: true, stdin: true })
  await h.sendStdin('abc')
  await h.sendStdin(new TextEncoder().encode('def'))
  await h.closeStdin()
  assert.equal((await h.wait()).stdout, 'abcdef')
})
await check('commands.closeStdin', async () => {
  assert.equal(s.commands.supportsStdinClose, true)
  const h = await s.commands.run('wc -c', { background: true, stdin: true })
  await s.commands.sendStdin(h.pid, '12345')
  await s.commands.closeStdin(h.pid)
  assert.equal((await h.wait()).stdout.trim(), '5')
})
await check('disconnect leaves it running, connect finds it', async () => {
  const h = await s.commands.run('read -r x; echo after $x', { background: true, stdin: true })
  await h.disconnect()
  const out = new Output()
  const again = await s.commands.connect(h.pid, { onStdout: out.add })
  assert.equal(again.pid, h.pid)
  await s.commands.sendStdin(h.pid, 'it\n')
  assert.equal((await again.wait()).stdout, 'after it\n')
  assert.equal(out.text, 'after it\n')
})
await check('kill by handle', async () => {
  const h = await s.commands.run('tail -f /dev/null', { background: true })
  assert.equal(await h.kill(), true)
  await assert.rejects(h.wait(), (e) => {
    assert.ok(e instanceof CommandExitError)
    assert.match(e.error, /signal: killed/)
    return true
  })
  await until(async () => !(await s.commands.list()).some((p) => p.pid === h.pid))
})
await check('kill by pid', async () => {
  const h = await s.commands.run('tail -f /dev/null', { background: true })
  h.wait().catch(() => {})
  assert.equal(await s.commands.kill(h.pid), true)
  await until(async () => !(await s.commands.kill(h.pid)))
})
await check('errors: exit code', async () => {
  await assert.rejects(s.commands.run('echo o; echo e >&2; exit 7'), (e) => {
    assert.ok(e instanceof CommandExitError)
    assert.equal(e.exitCode, 7)
    assert.equal(e.stdout, 'o\n')
    assert.equal(e.stderr, 'e\n')
    return true
  })
})
await check('errors: time is up', async () => {
  await refused(s.commands.run('tail -f /dev/null', { timeoutMs: 300 }), TimeoutError)
})
await check('errors: no such process', async () => {
  assert.equal(await s.commands.kill(NO_PID), false)
  await refused(s.commands.connect(NO_PID), NotFoundError)
  await refused(s.commands.sendStdin(NO_PID, 'x'), NotFoundError)
  await refused(s.commands.closeStdin(NO_PID), NotFoundError)
})
await check('errors: no such folder, no such user', async () => {
  await refused(s.commands.run('true', { cwd: '/no/such' }), SandboxError)
  await refused(s.commands.run('true', { user: 'nobody-here' }), AuthenticationError)
})
await check('errors: stdin of a process without', async () => {
  const h = await s.commands.run('tail -f /dev/null', { background: true })
  h.wait().catch(() => {})
  await refused(s.commands.sendStdin(h.pid, 'x'), SandboxError)
  await h.kill()
})
await check('errors: killed under a running command', async () => {
  const z = await Sandbox.create()
  const h = await z.commands.run('tail -f /dev/null', { background: true })
  const ended = refused(h.wait(), Error)
  await z.kill()
  await ended
})
if ((await s.commands.run('readlink /usr/bin/sudo || true')).stdout.startsWith('/.sandtop/'))
  await check('sudo: root without a password', async () => {
    const r = await s.commands.run('sudo echo "$FOO"; sudo id -u; sudo tee /usr/local/bin/mine <<< "#!/bin/sh" > /dev/null; ls /usr/local/bin/mine', { envs: { FOO: 'bar' } })
    assert.equal(r.stdout, 'bar\n0\n/usr/local/bin/mine\n')
  })
else console.log('skip sudo: /usr is read-only in the sandboxes of this machine')
await s.kill()
finish()
