// Templates, builds, tags, snapshots and forks of the npm package, and their errors.
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BuildError, Sandbox, SandboxNotFoundError, Template, waitForFile, waitForPort, waitForProcess, waitForTimeout, waitForURL,
} from 'e2b'
import { assert, check, finish, refused, UNKNOWN, until } from './check.mjs'

const context = mkdtempSync(join(tmpdir(), 'context-'))
mkdirSync(join(context, 'dir'))
writeFileSync(join(context, 'dir', 'a.txt'), 'in dir\n')
writeFileSync(join(context, 'b.txt'), 'alone\n')

// The least that pip takes for a package: three stored files.
function wheel() {
  const entries = [
    ['suite_wheel.py', 'word = "wheeled"\n'],
    ['suite_wheel-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: suite-wheel\nVersion: 1.0\n'],
    ['suite_wheel-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'],
    ['suite_wheel-1.0.dist-info/RECORD', ''],
  ]
  const files = [], index = []
  let at = 0
  for (const [name, text] of entries) {
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(10, 4)
    head.writeUInt16LE(0x21, 12) // the first day there is
    head.writeUInt32LE(crc32(Buffer.from(text)), 14)
    head.writeUInt32LE(text.length, 18)
    head.writeUInt32LE(text.length, 22)
    head.writeUInt16LE(name.length, 26)
    const row = Buffer.concat([Buffer.alloc(6), head.subarray(4, 30), Buffer.alloc(14)])
    row.writeUInt32LE(0x02014b50, 0)
    row.writeUInt16LE(10, 4)
    row.writeUInt32LE(at, 42)
    index.push(row, Buffer.from(name))
    files.push(head, Buffer.from(name + text))
    at += 30 + name.length + text.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(Buffer.concat(index).length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...files, ...index, end])
}

function crc32(bytes) {
  let crc = ~0
  for (const b of bytes) {
    crc ^= b
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

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
  refused(Template.build(Template().fromBaseImage().setStartCmd('exit 4', 'false'), 'suite-start'), BuildError, /start command ended with status 4/))
const pack = join(context, 'pack')
mkdirSync(pack)
writeFileSync(join(pack, 'package.json'), '{"name":"suite-pack","version":"1.0.0","bin":{"suite-pack":"main.js"}}')
writeFileSync(join(pack, 'main.js'), '#!/usr/bin/env node\nconsole.log("packed")\n', { mode: 0o755 })

await check('build: the other steps, the system written to', async () => {
  const t = Template({ fileContextPath: context })
    .fromTemplate('suite-app')
    .skipCache()
    .copyItems([{ src: 'b.txt', dest: '/home/user/one' }, { src: 'dir', dest: '/home/user/two' }])
    .rename('/home/user/one', '/home/user/three')
    .remove('/home/user/two', { recursive: true, force: true, user: 'root' })
    .runCmd('git init -q /tmp/origin && cd /tmp/origin && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first')
    .gitClone('/tmp/origin', '/home/user/clone')
    .copy('pack', '/home/user/pack')
    .setWorkdir('/home/user')
    .npmInstall('./pack', { g: true })
    .runCmd('printf "#!/bin/sh\\necho mine\\n" > /usr/local/bin/suite-tool && chmod 755 /usr/local/bin/suite-tool', { user: 'root' })
    .setReadyCmd(waitForFile('/home/user/three'))
  assert.match(Template.toDockerfile(Template().fromImage('e2bdev/base').runCmd('true')), /^FROM e2bdev\/base\nRUN true/)
  assert.equal(JSON.parse(await Template.toJSON(t, false)).fromTemplate, 'suite-app')
  await Template.build(t, 'suite-steps')
  const s = await Sandbox.create('suite-steps', { timeoutMs: 60_000 })
  const r = await s.commands.run('cat three; ls -d two clone/.git 2>&1; suite-tool; suite-pack')
  assert.match(r.stdout, /^alone\n.*two.*\nclone\/.git\nmine\npacked\n$/s)
  await s.kill()
})
await check('build: pipInstall of a wheel, for all and for the user', async () => {
  const t = (g) => Template({ fileContextPath: context }).fromBaseImage().copy('*.whl', '/tmp/').pipInstall('/tmp/suite_wheel-1.0-py3-none-any.whl', { g })
  writeFileSync(join(context, 'suite_wheel-1.0-py3-none-any.whl'), wheel())
  for (const g of [true, false]) {
    await Template.build(t(g), 'suite-wheel')
    const s = await Sandbox.create('suite-wheel', { timeoutMs: 60_000 })
    assert.equal((await s.commands.run('python3 -c "import suite_wheel; print(suite_wheel.word)"')).stdout, 'wheeled\n')
    await s.kill()
  }
})
await check('build: a Dockerfile', async () => {
  await Template.build(Template().fromDockerfile('FROM e2bdev/base\nENV WORD=docked\nRUN echo $WORD > /home/user/docked\n'), 'suite-docker')
  const s = await Sandbox.create('suite-docker', { timeoutMs: 60_000 })
  assert.equal((await s.commands.run('cat ~/docked')).stdout, 'docked\n')
  await s.kill()
})
await check('build: images of every kind are refused with the reason', async () => {
  const images = [
    (t) => t.fromDebianImage(), (t) => t.fromUbuntuImage(), (t) => t.fromFedoraImage(), (t) => t.fromAlpineImage(),
    (t) => t.fromArchImage(), (t) => t.fromNodeImage(), (t) => t.fromBunImage(), (t) => t.fromImage('alpine'),
    (t) => t.fromAWSRegistry('a.dkr.ecr.eu-west-1.amazonaws.com/b', { accessKeyId: 'a', secretAccessKey: 'b', region: 'c' }),
    (t) => t.fromGCPRegistry('gcr.io/a/b', { serviceAccountJSON: { a: 'b' } }),
  ]
  for (const from of images) await refused(Template.build(from(Template()), 'suite-image'), BuildError, /no images on the local host/)
})
await check('build: what this machine has not fails with what was said', async () => {
  await refused(Template.build(Template().fromBaseImage().aptInstall('suite-no-such-package'), 'suite-apt'), BuildError, /status 100/)
  await refused(Template.build(Template().fromBaseImage().runCmd('hash -r; PATH=/nowhere; bun install'), 'suite-bun'), BuildError, /127/)
  const bun = Template.build(Template().fromBaseImage().bunInstall('./none'), 'suite-bun')
  await refused(bun, BuildError)
})
await check('build: what needs another template is refused by the package', async () => {
  for (const step of [(t) => t.addMcpServer('exa'), (t) => t.betaDevContainerPrebuild('/d'), (t) => t.betaSetDevContainerStart('/d')])
    await refused((async () => step(Template().fromBaseImage()))(), BuildError)
})
await check('build: a file that is not there, a path that leads out', async () => {
  await refused((async () => Template.build(Template({ fileContextPath: context }).fromBaseImage().copy('none', '/tmp/'), 'suite-none'))(), Error, /none/)
  await refused((async () => Template({ fileContextPath: context }).fromBaseImage().copy('../out', '/tmp/'))(), Error)
})
await check('build: every kind of ready command', async () => {
  for (const ready of [waitForProcess('python3'), waitForURL('http://localhost:8123'), waitForTimeout(10)])
    await Template.build(Template().fromBaseImage().setStartCmd('python3 -m http.server 8123', ready), 'suite-ready')
})
await check('exists', async () => {
  assert.equal(await Template.aliasExists('suite-app'), true)
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
