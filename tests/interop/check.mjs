// What the JavaScript suites share: named checks with a deadline, and waiting for states.
import assert from 'node:assert/strict'
import { recordCalls, recordError, writeCalls } from './calls.mjs'

export { assert }
export const UNKNOWN = 'i00000000000000000000'
const DEADLINE_MS = 45000

recordCalls()

function deadline(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export async function check(name, test) {
  try {
    await deadline(test(), name)
    console.log(`ok   ${name}`)
  } catch (e) {
    const text = String((e && e.message) || e).replace(/\s+/g, ' ')
    console.log(`FAIL ${name}: ${(e && e.name) || 'thrown'}: ${text}`)
  }
}

// It fails with an error of that class (or one of its children), of that text.
export function refused(promise, type, text) {
  return assert.rejects(promise, (e) => {
    assert.ok(e instanceof type, `${e.name} (${e.message}) is no ${type.name}`)
    if (text) assert.match(e.message, text)
    recordError(e)
    return true
  })
}

// Asks the service until the answer is a true one; check()'s deadline ends it.
export async function until(ask) {
  for (;;) {
    const answer = await ask()
    if (answer) return answer
  }
}

// What callbacks bring, and waiting for something in it.
export class News {
  items = []
  #waiting = []
  add = (item) => {
    this.items.push(item)
    for (const wake of this.#waiting.splice(0)) wake()
  }
  async find(is) {
    for (;;) {
      const found = this.items.find(is)
      if (found) return found
      await new Promise((wake) => this.#waiting.push(wake))
    }
  }
}

// Text that comes in pieces, and waiting for a pattern in it.
export class Output {
  text = ''
  #pieces = new News()
  add = (piece) => {
    this.text += typeof piece === 'string' ? piece : Buffer.from(piece).toString()
    this.#pieces.add(this.text)
  }
  has = async (pattern) => (await this.#pieces.find((text) => pattern.test(text))).match(pattern)
}

// The suite's last line; run.sh takes a suite without it for one that died.
export function finish() {
  writeCalls()
  console.log('end of suite')
  process.exit(0)
}
