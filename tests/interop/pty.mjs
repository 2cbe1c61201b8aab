// PTYs of the npm package: create, input, resize, connect, kill, and its errors.
import * as e2b from 'e2b'
import { assert, check, finish, Output, refused, until } from './check.mjs'

const { Sandbox, NotFoundError, AuthenticationError } = e2b
const NO_PID = 999999
const bytes = (text) => new TextEncoder().encode(text)
const s = await Sandbox.create({ timeoutMs: 300_000 })
const open = async (more) => {
  const out = new Output()
  const h = await s.pty.create({ cols: 80, rows: 24, onData: out.add, ...more })
  const type = (text) => s.pty.sendInput(h.pid, bytes(text))
  return { out, h, type }
}

await check('create, input, output', async () => {
  const { out, h, type } = await open()
  await type('echo pty$((40+2))\n')
  await out.has(/pty42/)
  await type('exit\n')
  assert.equal((await h.wait()).exitCode, 0)
})
await check('size, then resize', async () => {
  const { out, h, type } = await open({ cols: 91, rows: 23 })
  await type('stty size\n')
  await out.has(/23 91/)
  await s.pty.resize(h.pid, { cols: 132, rows: 43 })
  await type('stty size\n')
  await out.has(/43 132/)
  await h.kill()
})
await check('envs, cwd, user, TERM', async () => {
  const { out, h, type } = await open({ envs: { MINE: 'here' }, cwd: '/tmp', user: 'user' })
  await type('echo "<$MINE:$PWD:$TERM>"\n')
  await out.has(/<here:\/tmp:xterm-256color>/)
  await s.pty.kill(h.pid)
})
await check('disconnect, connect, kill', async () => {
  const { h, type } = await open({ timeoutMs: 0 })
  await h.disconnect()
  const out = new Output()
  const again = await s.pty.connect(h.pid, { onData: out.add })
  assert.equal(again.pid, h.pid)
  await type('echo back$((1+1))\n')
  await out.has(/back2/)
  const ended = again.wait().catch((e) => e)
  assert.equal(await s.pty.kill(h.pid), true)
  assert.match((await ended).error, /signal: killed/)
  await until(async () => !(await s.pty.kill(h.pid)))
})
await check('Ctrl-C reaches the foreground', async () => {
  const { out, h, type } = await open()
  await type('echo started; tail -f /dev/null\n')
  await out.has(/[\r\n]started/)
  await type('\x03')
  await type('echo rc$?\n')
  await out.has(/rc130/)
  await h.kill()
})
await check('errors: no such PTY', async () => {
  assert.equal(await s.pty.kill(NO_PID), false)
  await refused(s.pty.connect(NO_PID, { onData() {} }), NotFoundError)
  await refused(s.pty.sendInput(NO_PID, bytes('x')), NotFoundError)
  await refused(s.pty.resize(NO_PID, { cols: 1, rows: 1 }), NotFoundError)
})
await check('errors: no such user', async () => {
  await refused(open({ user: 'nobody-here' }), AuthenticationError)
})
await s.kill()
finish()
