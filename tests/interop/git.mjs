// sandbox.git of the npm package, on repositories inside the sandbox; root; network rules.
import * as e2b from 'e2b'
import { assert, check, finish, refused, until } from './check.mjs'

const { GitAuthError, GitUpstreamError, InvalidArgumentError, Sandbox, SandboxError } = e2b
const s = await Sandbox.create({ timeoutMs: 300_000 })
const g = s.git

await check('commands.run: root has uid 0', async () => {
  assert.equal((await s.commands.run('id -u', { user: 'root' })).stdout, '0\n')
})
await check('updateNetwork: cut off and given back; rules are refused', async () => {
  await s.updateNetwork({ denyOut: ['0.0.0.0/0'] })
  assert.equal((await s.getInfo()).allowInternetAccess, false)
  await s.updateNetwork({})
  assert.notEqual((await s.getInfo()).allowInternetAccess, false)
  await refused(s.updateNetwork({ allowOut: ['1.1.1.1'] }), SandboxError, /allowOut/)
})
if ((await s.commands.run('command -v git || true')).stdout === '') {
  console.log('skip git: this machine has none, so its sandboxes have none')
  await s.kill()
  finish()
}
await check('init, configureUser, setConfig, getConfig', async () => {
  await g.init('r', { initialBranch: 'main' })
  await g.init('hub.git', { bare: true, initialBranch: 'main' })
  await g.configureUser('Tester', 'tester@example.invalid')
  await g.setConfig('pull.rebase', 'false')
  assert.equal(await g.getConfig('user.name'), 'Tester')
})
await check('add, commit, status', async () => {
  await s.files.write('r/a', 'one\n')
  assert.equal((await g.status('r')).isClean, false)
  await g.add('r')
  await g.commit('r', 'first')
  assert.equal((await g.status('r')).isClean, true)
})
await check('createBranch, checkoutBranch, branches, deleteBranch', async () => {
  await g.createBranch('r', 'side')
  assert.equal((await g.branches('r')).currentBranch, 'side')
  await g.checkoutBranch('r', 'main')
  await g.deleteBranch('r', 'side')
  assert.deepEqual((await g.branches('r')).branches, ['main'])
})
await check('remoteAdd, remoteGet, push, clone, pull', async () => {
  const to = { remote: 'origin', branch: 'main' }
  await g.remoteAdd('r', 'origin', '/home/user/hub.git')
  assert.equal(await g.remoteGet('r', 'origin'), '/home/user/hub.git')
  await g.push('r', to)
  await g.clone('/home/user/hub.git', { path: 'copy' })
  assert.equal(await s.files.read('copy/a'), 'one\n')
  await s.files.write('r/a', 'two\n')
  await g.add('r')
  await g.commit('r', 'second')
  await g.push('r', to)
  await g.pull('copy')
  assert.equal(await s.files.read('copy/a'), 'two\n')
})
await check('restore, reset', async () => {
  await s.files.write('r/a', 'spoilt\n')
  await g.restore('r', { paths: ['a'] })
  assert.equal(await s.files.read('r/a'), 'two\n')
  await g.reset('r', { mode: 'hard', target: 'HEAD~1' })
  assert.equal(await s.files.read('r/a'), 'one\n')
})
await check('dangerouslyAuthenticate: kept for that host', async () => {
  await g.dangerouslyAuthenticate({ username: 'me', password: 'secret', host: 'git.example.com' })
  assert.match(await s.files.read('.git-credentials'), /^https:\/\/me:secret@git\.example\.com/)
})
await check('errors: a password is asked for, no upstream', async () => {
  const answer = 'HTTP/1.0 401 No\\r\\nWWW-Authenticate: Basic realm=git\\r\\nContent-Length: 0\\r\\n\\r\\n'
  const script = `import socket\nl = socket.create_server(("127.0.0.1", 8418))\nwhile True:\n c = l.accept()[0]\n c.recv(4096)\n c.sendall(b"${answer}")\n c.close()\n`
  await s.files.write('closed.py', script)
  const server = await s.commands.run('exec python3 closed.py', { background: true })
  await until(async () => (await s.commands.run('ss -ltn')).stdout.includes(':8418'))
  await refused(g.clone('http://127.0.0.1:8418/r.git', { path: 'none' }), GitAuthError)
  await server.kill()
  await g.init('lonely', { initialBranch: 'main' })
  await refused(g.pull('lonely'), GitUpstreamError)
})
await check('errors: no repository, nothing to commit, no such branch, no paths', async () => {
  await refused(g.status('/tmp'), Error)
  await refused(g.commit('r', 'empty'), Error)
  await refused(g.checkoutBranch('r', 'none'), Error)
  await refused(g.restore('r', { paths: [] }), InvalidArgumentError)
})
await s.kill()
finish()
