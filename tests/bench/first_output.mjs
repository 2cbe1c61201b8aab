// Create, and create to first output of commands.run, through the npm package.
// usage: node first_output.mjs, beside a node_modules, with the host's variables set
import { Sandbox } from 'e2b'

const RUNS = 25
const ms = () => performance.now()
const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]
const line = (what, value, more = '') =>
  console.log(`${what.padEnd(34)} ${value.toFixed(2).padStart(9)} ms${more}`)

async function once() {
  const start = ms()
  const s = await Sandbox.create('base')
  const created = ms()
  let first
  await s.commands.run('echo first', { onStdout: () => (first ??= ms()) })
  const ended = ms()
  await s.kill()
  return { create: created - start, run: first - created, whole: first - start, end: ended - first }
}

await once() // modules and connections
const runs = []
for (let i = 0; i < RUNS; i++) runs.push(await once())
const of = (part) => median(runs.map((r) => r[part]))
const whole = of('whole')
line('create to first output, JS SDK', whole, `   (reach <= 25 ms) ${whole <= 25 ? 'pass' : 'MISS'}`)
line('  of it Sandbox.create', of('create'))
line('  of it commands.run to its output', of('run'))
line('  after it, to the end of run', of('end'))
process.exit(0)
