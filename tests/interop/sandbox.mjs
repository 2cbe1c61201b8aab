// Sandbox of the npm package: life cycle, lists, metrics, traffic, and its errors.
import * as e2b from 'e2b'
import { assert, check, finish, refused, until, UNKNOWN } from './check.mjs'

const { AuthenticationError, FileNotFoundError, Sandbox, SandboxError, SandboxNotFoundError } = e2b
const tag = { suite: 'sandbox.mjs', odd: 'a b&c=d%20ü' }
const inSandbox = (s, port) => ({ 'E2b-Sandbox-Id': s.sandboxId, 'E2b-Sandbox-Port': String(port) })

async function all(paginator) {
  const items = []
  while (paginator.hasNext) items.push(...(await paginator.nextItems()))
  return items
}

let s
await check('create with template, metadata, envs, timeout', async () => {
  s = await Sandbox.create('base', { metadata: tag, envs: { FROM_CREATE: 'yes' }, timeoutMs: 120_000 })
  assert.match(s.sandboxId, /^[a-z0-9]+$/)
})
if (!s) finish()
await check('envs of create reach commands', async () => {
  const { stdout } = await s.commands.run('echo $FROM_CREATE $E2B_SANDBOX $E2B_SANDBOX_ID')
  assert.equal(stdout, `yes true ${s.sandboxId}\n`)
})
await check('getInfo', async () => {
  const i = await s.getInfo()
  assert.equal(i.sandboxId, s.sandboxId)
  assert.equal(i.name, 'base')
  assert.equal(i.state, 'running')
  assert.deepEqual(i.metadata, tag)
  const left = i.endAt - i.startedAt
  assert.ok(Math.abs(left - 120_000) < 2000, `${left} ms`)
})
await check('getInfo and getFullInfo by ID', async () => {
  assert.equal((await Sandbox.getInfo(s.sandboxId)).sandboxId, s.sandboxId)
  assert.equal((await Sandbox.getFullInfo(s.sandboxId)).sandboxId, s.sandboxId)
})
await check('isRunning', async () => assert.equal(await s.isRunning(), true))
await check('setTimeout, both forms', async () => {
  await s.setTimeout(300_000)
  const first = (await s.getInfo()).endAt
  assert.ok(first - Date.now() > 280_000)
  await Sandbox.setTimeout(s.sandboxId, 60_000)
  assert.ok((await s.getInfo()).endAt < first)
})
await check('connect to a running one', async () => {
  const again = await Sandbox.connect(s.sandboxId)
  assert.equal((await again.commands.run('echo here')).stdout, 'here\n')
  assert.equal((await s.connect({ timeoutMs: 120_000 })).sandboxId, s.sandboxId)
})
await check('getMetrics, both forms and a range', async () => {
  const m = await until(async () => {
    const list = await s.getMetrics()
    return list.length && list
  })
  assert.ok(m[0].cpuCount >= 1 && m[0].memTotal > 0 && m[0].diskTotal > 0)
  assert.ok(m[0].timestamp instanceof Date)
  assert.ok((await Sandbox.getMetrics(s.sandboxId)).length)
  const past = new Date(Date.now() - 3_600_000)
  assert.equal((await s.getMetrics({ start: new Date(past - 60_000), end: past })).length, 0)
})
await check('list by metadata', async () => {
  const found = await all(Sandbox.list({ query: { metadata: tag } }))
  assert.deepEqual(found.map((i) => i.sandboxId), [s.sandboxId])
  assert.deepEqual(await all(Sandbox.list({ query: { metadata: { suite: 'none' } } })), [])
})
await check('list page by page, both orders', async () => {
  const mine = []
  try {
    for (let i = 0; i < 3; i++) mine.push(await Sandbox.create({ metadata: { page: 'y' } }))
    const want = mine.map((m) => m.sandboxId)
    const query = { metadata: { page: 'y' } }
    const pages = Sandbox.list({ query, limit: 2, order: 'asc' })
    const first = await pages.nextItems()
    assert.equal(first.length, 2)
    assert.equal(pages.hasNext, true)
    assert.ok(pages.nextToken)
    const rest = await all(Sandbox.list({ query, limit: 2, order: 'asc', nextToken: pages.nextToken }))
    assert.deepEqual([...first, ...rest].map((i) => i.sandboxId), want)
    const back = await all(Sandbox.list({ query, order: 'desc' }))
    assert.deepEqual(back.map((i) => i.sandboxId), want.reverse())
  } finally {
    for (const m of mine) await m.kill()
  }
})
await check('list by template and start', async () => {
  const ids = async (query) => (await all(Sandbox.list({ query }))).map((i) => i.sandboxId)
  assert.ok((await ids({ template: 'base', metadata: tag })).includes(s.sandboxId))
  assert.deepEqual(await ids({ template: 'code-interpreter-v1', metadata: tag }), [])
  assert.deepEqual(await ids({ startedAfter: new Date(Date.now() + 60_000) }), [])
})
await check('pause keeps processes, connect resumes', async () => {
  const p = await s.commands.run('tail -f /dev/null', { background: true, timeoutMs: 0 })
  await p.disconnect()
  assert.equal(await s.pause(), true)
  assert.equal(await s.pause(), false)
  assert.equal(await s.isRunning(), false)
  assert.equal((await s.getInfo()).state, 'paused')
  const paused = await all(Sandbox.list({ query: { state: ['paused'], metadata: tag } }))
  assert.equal(paused.length, 1)
  assert.deepEqual(await all(Sandbox.list({ query: { state: ['running'], metadata: tag } })), [])
  await s.connect({ timeoutMs: 120_000 })
  assert.equal(await s.isRunning(), true)
  assert.ok((await s.commands.list()).some((q) => q.pid === p.pid))
})
await check('pause and betaPause by ID', async () => {
  assert.equal(await Sandbox.pause(s.sandboxId), true)
  await s.connect({ timeoutMs: 120_000 })
  assert.equal(await Sandbox.betaPause(s.sandboxId), true)
  await s.connect({ timeoutMs: 120_000 })
})
await check('pause without memory keeps files alone', async () => {
  await s.commands.run('echo kept > kept.txt')
  const p = await s.commands.run('tail -f /dev/null', { background: true, timeoutMs: 0 })
  await p.disconnect()
  assert.equal(await s.pause({ keepMemory: false }), true)
  await s.connect({ timeoutMs: 120_000 })
  assert.equal((await s.commands.run('cat kept.txt')).stdout, 'kept\n')
  assert.ok(!(await s.commands.list()).some((q) => q.args.join(' ').includes('tail -f /dev/null')))
})
await check('getHost, and a service behind it', async () => {
  const local = new URL(process.env.E2B_API_URL)
  assert.equal(s.getHost(3000), `3000-${s.sandboxId}.localhost:${local.port}`)
  await s.commands.run('mkdir -p www && echo served > www/index.html')
  await s.commands.run('python3 -m http.server 3000 --bind 127.0.0.1 -d www', { background: true })
  const page = await until(async () => {
    const r = await fetch(process.env.E2B_SANDBOX_URL, { headers: inSandbox(s, 3000) })
    return r.status === 200 && r.text()
  })
  assert.equal(page, 'served\n')
  const closed = await fetch(process.env.E2B_SANDBOX_URL, { headers: inSandbox(s, 3999) })
  assert.equal(closed.status, 502)
  assert.equal((await closed.json()).port, 3999)
})
await check('time is up: killed', async () => {
  const short = await Sandbox.create({ timeoutMs: 1000 })
  await until(async () => !(await short.isRunning()))
  await refused(short.getInfo(), SandboxNotFoundError)
})
await check('time is up: paused, woken by traffic', async () => {
  const z = await Sandbox.create({ timeoutMs: 1000, lifecycle: { onTimeout: 'pause', autoResume: true } })
  try {
    await until(async () => (await z.getInfo()).state === 'paused')
    assert.equal((await z.commands.run('echo awake')).stdout, 'awake\n')
    assert.equal((await z.getInfo()).state, 'running')
  } finally {
    await z.kill()
  }
})
await check('allowInternetAccess: false leaves the loopback alone', async () => {
  const z = await Sandbox.create({ allowInternetAccess: false })
  try {
    const { stdout } = await z.commands.run("awk 'NR>2 {print $1}' /proc/net/dev")
    assert.equal(stdout.trim(), 'lo:')
    assert.equal((await z.getInfo()).allowInternetAccess, false)
  } finally {
    await z.kill()
  }
})
await check('kill, then kill again', async () => {
  assert.equal(await s.kill(), true)
  assert.equal(await s.kill(), false)
  assert.equal(await Sandbox.kill(UNKNOWN), false)
})
await check('errors: a killed sandbox', async () => {
  assert.equal(await s.isRunning(), false)
  await refused(s.commands.run('true'), Error)
  await refused(s.files.read('x'), Error)
  await refused(s.connect(), SandboxNotFoundError)
})
await check('errors: an unknown sandbox', async () => {
  await refused(Sandbox.connect(UNKNOWN), SandboxNotFoundError)
  await refused(Sandbox.getInfo(UNKNOWN), SandboxNotFoundError)
  await refused(Sandbox.setTimeout(UNKNOWN, 1000), SandboxNotFoundError)
  await refused(Sandbox.pause(UNKNOWN), SandboxNotFoundError)
  assert.deepEqual(await Sandbox.getMetrics(UNKNOWN), []) // as the cloud: never a 404
})
await check('errors: a wrong key', async () => {
  const apiKey = 'e2b_' + '0'.repeat(40)
  await refused(Sandbox.create({ apiKey }), AuthenticationError)
  await refused(Sandbox.list({ apiKey }).nextItems(), AuthenticationError)
})
await check('errors: an unknown template', async () => {
  await refused(Sandbox.create('no-such-template'), SandboxError, /404|not found/i)
})
await check('MCP: an address, and no token where no gateway runs', async () => {
  const m = await Sandbox.create({ timeoutMs: 60_000 })
  assert.match(m.getMcpUrl(), /50005.*\/mcp$/)
  await refused(m.getMcpToken(), FileNotFoundError)
  await m.kill()
})
await check('errors: what the host does not do is said', async () => {
  await refused(Sandbox.create({ mcp: { browserbase: {} } }), Error, /mcp|400|not found/i)
  await refused(Sandbox.create({ network: { denyOut: ['1.1.1.1'] } }), SandboxError, /network/i)
})
await check('create: network without a way out, closed to the public', async () => {
  const closed = await Sandbox.create({ timeoutMs: 60_000, network: { denyOut: ['0.0.0.0/0'], allowPublicTraffic: false } })
  assert.ok(closed.trafficAccessToken)
  assert.equal((await closed.getInfo()).allowInternetAccess, false)
  await closed.kill()
})
await check('errors: no volumes, no secrets', async () => {
  await refused(e2b.Volume.getInfo('none'), e2b.VolumeNotFoundError)
  await refused(e2b.Volume.list(), Error, /404|not found/i)
  await refused(e2b.Secret.getInfo('none'), e2b.SecretNotFoundError)
  await refused(e2b.Secret.create({ name: 'a', value: 'b' }), e2b.SecretError)
})
await check('errors: 25 hours, and an aborted signal', async () => {
  await refused(Sandbox.create({ timeoutMs: 25 * 3_600_000 }), SandboxError, /400/)
  await refused(Sandbox.create({ signal: AbortSignal.abort() }), Error)
})
finish()
