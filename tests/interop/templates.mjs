// Templates, builds, tags, snapshots and forks of the npm package, and their errors.
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BuildError, Sandbox, SandboxNotFoundError, Template, waitForPort } from 'e2b'
import { assert, check, finish, refused, UNKNOWN, until } from './check.mjs'

const context = mkdtempSync(join(tmpdir(), 'context-'))
mkdirSync(join(context, 'dir'))
writeFileSync(join(context, 'dir', 'a.txt'), 'in dir\n')
writeFileSync(join(context, 'b.txt'), 'alone\n')

const told = []
const app = Template({ fileContextPath: context })
  .fromBaseImage()
  .runCmd('echo built > ~/made')
  .setEnvs({ A: 'one' })
  .setEnvs({ B: '$A two' })
  .setWorkdir('/home/user/app')
  .copy('dir', 'd')
  .copy('b.txt', '/home/user/app/sub/')
  .makeDir('/home/user/x')
  .makeSymlink('/home/user/made', '/home/user/link')
  .setUser('root')
  .runCmd('id -u > /root-was')
  .setUser('user')
  .setStartCmd('python3 -m http.server 8123', waitForPort(8123))

await check('build: every step, its logs', async () => {
  const b = await Template.build(app, 'suite-app', { cpuCount: 1, memoryMB: 256, onBuildLogs: (l) => told.push(l.message) })
  assert.ok(b.templateId && b.buildId)
  assert.ok(told.some((l) => /\[builder 1\/\d+\] RUN echo built/.test(l)))
})
await check('a sandbox of it: files, environment, user, directory, start command', async () => {
  const s = await Sandbox.create('suite-app', { timeoutMs: 60_000 })
  const r = await s.commands.run('pwd; id -un; echo "$A/$B"; cat ~/link d/a.txt sub/b.txt /root-was; ls ~')
  assert.equal(r.stdout, '/home/user/app\nuser\none/one two\nbuilt\nin dir\nalone\n0\napp\nlink\nmade\nx\n')
  assert.match((await s.commands.run('curl -s localhost:8123')).stdout, /d\//)
  assert.ok((await s.commands.list()).some((p) => p.args.includes('python3 -m http.server 8123')))
  await s.kill()
})
await check('build: from another template, in the background', async () => {
  const b = await Template.buildInBackground(Template().fromTemplate('suite-app').runCmd('cat ~/made > ~/again'), 'suite-next')
  await until(async () => (await Template.getBuildStatus(b)).status === 'ready')
  const s = await Sandbox.create('suite-next', { timeoutMs: 60_000 })
  assert.equal(await s.files.read('again'), 'built\n')
  await s.kill()
})
await check('build: a step that fails', () =>
  refused(Template.build(Template().fromBaseImage().runCmd('echo why >&2; exit 3'), 'suite-bad'), BuildError, /status 3/))
await check('build: an image', () =>
  refused(Template.build(Template().fromPythonImage('3.12'), 'suite-image'), BuildError, /no images on the local host/))
await check('build: a user that is not there', () =>
  refused(Template.build(Template().fromBaseImage().setUser('nobody-here'), 'suite-user'), BuildError, /user and root only/))
await check('build: a start command that fails', () =>
  refused(Template.build(Template().fromBaseImage().setStartCmd('exit 4', 'sleep 60'), 'suite-start'), BuildError, /start command ended with status 4/))
await check('exists', async () => {
  assert.equal(await Template.exists('suite-app'), true)
  assert.equal(await Template.exists('suite-nothing'), false)
})
await check('tags: assign, list, use, remove', async () => {
  await Template.assignTags('suite-app:default', ['v1', 'stable'])
  assert.deepEqual((await Template.getTags('suite-app')).map((t) => t.tag).sort(), ['default', 'stable', 'v1'])
  const s = await Sandbox.create('suite-app:v1', { timeoutMs: 60_000 })
  await s.kill()
  await Template.removeTags('suite-app', ['v1'])
  await assert.rejects(Sandbox.create('suite-app:v1'), /not found/)
})
await check('snapshots: create, list, use, delete', async () => {
  const s = await Sandbox.create({ timeoutMs: 60_000 })
  await s.files.write('f', 'kept')
  const snapshot = await s.createSnapshot({ name: 'suite-shot' })
  assert.ok(snapshot.snapshotId)
  await s.files.write('f', 'later')
  const pages = s.listSnapshots()
  assert.deepEqual((await pages.nextItems()).map((i) => i.snapshotId), [snapshot.snapshotId])
  const made = await Sandbox.create(snapshot.snapshotId, { timeoutMs: 60_000 })
  assert.equal(await made.files.read('f'), 'kept')
  await made.kill()
  assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId), true)
  assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId), false)
  await s.kill()
})
await check('snapshots: of a sandbox that is not there', () => refused(Sandbox.createSnapshot(UNKNOWN), SandboxNotFoundError))
if (typeof Sandbox.prototype.fork === 'function')
  await check('fork', async () => {
    const s = await Sandbox.create({ timeoutMs: 60_000, metadata: { a: 'b' } })
    await s.files.write('f', 'same')
    const forks = [await s.fork({ timeoutMs: 60_000 })].flat()
    const fork = forks[0].sandbox ?? forks[0]
    assert.notEqual(fork.sandboxId, s.sandboxId)
    assert.equal(await fork.files.read('f'), 'same')
    await fork.kill()
    await s.kill()
  })
finish()
