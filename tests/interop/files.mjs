// Files of the npm package: read, write, folders, watches, signed URLs, and its errors.
import * as e2b from 'e2b'
import { assert, check, finish, refused, until } from './check.mjs'

const { Sandbox, FileNotFoundError, InvalidArgumentError, FileType, FilesystemEventType, AuthenticationError } = e2b
const s = await Sandbox.create({ timeoutMs: 300_000 })
const routed = { 'E2b-Sandbox-Id': s.sandboxId, 'E2b-Sandbox-Port': '49983' }
// The SDK names hosts that only browsers and curl resolve: same URL by address.
const byAddress = (url) => {
  const u = new URL(url)
  return process.env.E2B_SANDBOX_URL + u.pathname + u.search
}

await check('write, read as text, bytes, blob, stream', async () => {
  const w = await s.files.write('dir/a ü.txt', 'hello ü')
  assert.equal(w.name, 'a ü.txt')
  assert.equal(w.path, '/home/user/dir/a ü.txt')
  assert.equal(w.type, FileType.FILE)
  assert.equal(await s.files.read('dir/a ü.txt'), 'hello ü')
  assert.equal(Buffer.from(await s.files.read('dir/a ü.txt', { format: 'bytes' })).toString(), 'hello ü')
  assert.equal(await (await s.files.read('dir/a ü.txt', { format: 'blob' })).text(), 'hello ü')
  const pieces = []
  for await (const p of await s.files.read('dir/a ü.txt', { format: 'stream' })) pieces.push(p)
  assert.equal(Buffer.concat(pieces).toString(), 'hello ü')
})
await check('write: Blob, ArrayBuffer, stream, empty', async () => {
  await s.files.write('blob', new Blob(['b']))
  await s.files.write('buffer', bytes('c').buffer)
  await s.files.write('stream', new Blob(['d'.repeat(100_000)]).stream())
  await s.files.write('empty', '')
  assert.equal(await s.files.read('blob'), 'b')
  assert.equal(await s.files.read('buffer'), 'c')
  assert.equal((await s.files.read('stream')).length, 100_000)
  assert.equal(await s.files.read('empty'), '')
})
await check('write several, writeFiles', async () => {
  const w = await s.files.write([{ path: 'm/1', data: 'one' }, { path: '/tmp/m/2', data: 'two' }])
  assert.deepEqual(w.map((f) => f.path), ['/home/user/m/1', '/tmp/m/2'])
  await s.files.writeFiles([{ path: 'm/3', data: 'three' }])
  assert.equal(await s.files.read('/tmp/m/2'), 'two')
  assert.equal(await s.files.read('m/3'), 'three')
})
await check('write: octet-stream, gzip, metadata', async () => {
  await s.files.write('octet', 'o', { useOctetStream: true })
  await s.files.write('gz', 'z'.repeat(100_000), { gzip: true })
  const w = await s.files.write('meta', 'm', { metadata: { owner: 'me' } })
  assert.deepEqual(w.metadata, { owner: 'me' })
  assert.equal(await s.files.read('octet'), 'o')
  assert.equal((await s.files.read('gz')).length, 100_000)
  assert.deepEqual((await s.files.getInfo('meta')).metadata, { owner: 'me' })
})
await check('32 MiB there and back', async () => {
  const big = new Uint8Array(32 << 20).map((_, i) => i * 7 + (i >> 10))
  await s.files.write('big', big.buffer)
  const back = await s.files.read('big', { format: 'bytes' })
  assert.equal(Buffer.compare(Buffer.from(back), Buffer.from(big)), 0)
})
await check('list, depth', async () => {
  await s.files.write('tree/a/b', 'x')
  await s.files.write('tree/c', 'y')
  const flat = await s.files.list('tree')
  assert.deepEqual(flat.map((e) => [e.name, e.type]).sort(), [['a', 'dir'], ['c', 'file']])
  const deep = await s.files.list('tree', { depth: 2 })
  assert.deepEqual(deep.map((e) => e.path.slice('/home/user/tree/'.length)).sort(), ['a', 'a/b', 'c'])
})
await check('getInfo, of a link, too', async () => {
  await s.commands.run('echo 12345 > six && chmod 640 six && ln -s six link')
  const i = await s.files.getInfo('six')
  assert.equal(i.size, 6)
  assert.equal(i.mode & 0o777, 0o640)
  assert.equal(i.permissions, '-rw-r-----')
  assert.ok(i.owner && i.group && i.modifiedTime instanceof Date)
  assert.equal((await s.files.getInfo('link')).symlinkTarget, '/home/user/six')
})
await check('exists, makeDir, rename, remove', async () => {
  assert.equal(await s.files.exists('new'), false)
  assert.equal(await s.files.makeDir('new/deep'), true)
  assert.equal(await s.files.makeDir('new/deep'), false)
  assert.equal(await s.files.exists('new/deep'), true)
  await s.files.write('new/f', 'moved')
  assert.equal((await s.files.rename('new/f', 'new/deep/g')).path, '/home/user/new/deep/g')
  assert.equal(await s.files.read('new/deep/g'), 'moved')
  await s.files.remove('new')
  assert.equal(await s.files.exists('new'), false)
})
await check('watchDir, recursive, with entries', async () => {
  await s.files.makeDir('w/sub')
  const events = []
  const seen = (type, name) => until(() => events.find((e) => e.type === type && e.name === name))
  const watch = await s.files.watchDir('w', (e) => void events.push(e), { recursive: true, includeEntry: true })
  await s.files.write('w/sub/f', 'x')
  await seen(FilesystemEventType.CREATE, 'sub/f')
  await seen(FilesystemEventType.WRITE, 'sub/f')
  assert.equal((await seen(FilesystemEventType.CREATE, 'sub/f')).entry.path, '/home/user/w/sub/f')
  await s.commands.run('chmod 600 w/sub/f')
  await seen(FilesystemEventType.CHMOD, 'sub/f')
  await s.files.rename('w/sub/f', 'w/sub/g')
  await seen(FilesystemEventType.RENAME, 'sub/f')
  await s.files.remove('w/sub/g')
  await seen(FilesystemEventType.REMOVE, 'sub/g')
  await watch.stop()
})
await check('watchDir: onExit at stop', async () => {
  let exits = 0
  const watch = await s.files.watchDir('w', () => {}, { onExit: () => void exits++ })
  await watch.stop()
  await until(() => exits === 1)
})
await check('downloadUrl, uploadUrl', async () => {
  await s.files.write('signed', 'content')
  const down = await s.downloadUrl('signed', { useSignatureExpiration: 100, user: 'user' })
  assert.equal(await (await fetch(byAddress(down), { headers: routed })).text(), 'content')
  const form = new FormData()
  form.append('file', new Blob(['sent']), 'x')
  const up = await s.uploadUrl('up', { useSignatureExpiration: 100 })
  const r = await fetch(byAddress(up), { method: 'POST', body: form, headers: routed })
  assert.equal(r.status, 200)
  assert.equal(await s.files.read('up'), 'sent')
})
await check('errors: a signature that is not ours, or too old', async () => {
  const url = byAddress(await s.downloadUrl('signed'))
  const wrong = await fetch(url.replace(/signature=v1_.{4}/, 'signature=v1_AAAA'), { headers: routed })
  assert.equal(wrong.status, 401)
  const past = byAddress(await s.downloadUrl('signed', { useSignatureExpiration: -10 }))
  assert.equal((await fetch(past, { headers: routed })).status, 401)
})
await check('errors: nothing there', async () => {
  await refused(s.files.read('none'), FileNotFoundError)
  await refused(s.files.list('none'), FileNotFoundError)
  await refused(s.files.getInfo('none'), FileNotFoundError)
  await refused(s.files.rename('none', 'other'), FileNotFoundError)
  await refused(s.files.watchDir('none', () => {}), FileNotFoundError)
})
await check('errors: another kind of file', async () => {
  await refused(s.files.read('tree'), InvalidArgumentError)
  await refused(s.files.list('signed'), InvalidArgumentError)
  await refused(s.files.makeDir('signed'), InvalidArgumentError)
  await refused(s.files.write('tree', 'x'), InvalidArgumentError)
})
await check('errors: depth 0, no such user', async () => {
  await refused(s.files.list('tree', { depth: 0 }), InvalidArgumentError)
  await refused(s.files.list('tree', { user: 'nobody-here' }), AuthenticationError)
})
await s.kill()
finish()

function bytes(text) {
  return new TextEncoder().encode(text)
}
