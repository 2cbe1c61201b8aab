// Which public methods of the packages the suites call, and which errors they meet: each
// suite adds to the file in INTEROP_CALLS, a line "public Class.method" for each there is
// and "called Class.method" for each it called itself. run.sh compares.
import { appendFileSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as interpreter from '@e2b/code-interpreter'
import * as e2b from 'e2b'

const SHOWN = new Set([
  'Sandbox', 'Commands', 'CommandHandle', 'Pty', 'Filesystem', 'WatchHandle', 'FilesystemWatchHandle',
  'SandboxPaginator', 'SnapshotPaginator', 'Git', 'TemplateBase', 'ReadyCmd',
])
// What the packages' own types call private or protected.
const hidden = new Set()
for (const name of ['e2b', '@e2b/code-interpreter']) {
  const types = join(dirname(createRequire(import.meta.url).resolve(name)), 'index.d.ts')
  for (const m of readFileSync(types, 'utf8').matchAll(/^\s+(?:private|protected) (?:static )?(\w+)/gm)) hidden.add(m[1])
}
const lines = new Set()
const wrapped = new Set()

// Called by a suite and not by the package itself.
const isOurs = () => {
  const caller = new Error().stack.split('\n')[3] ?? ''
  return !caller.includes('node_modules') && !caller.includes('calls.mjs')
}

const owned = (o) => Object.getOwnPropertyNames(o).filter((n) => !['constructor', 'length', 'name', 'prototype'].includes(n) && !n.startsWith('_'))

function wrapAll(holder, shown) {
  for (const name of owned(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name)
    const label = `${shown}.${name}`
    if (typeof property.value !== 'function' || !property.writable || hidden.has(name)) continue
    lines.add(`public ${label}`)
    holder[name] = function (...args) {
      if (isOurs()) lines.add(`called ${label}`)
      const result = property.value.apply(this, args)
      if (result instanceof Promise) return result.then((r) => (look(r), r))
      look(result)
      return result
    }
  }
}

// A class with the classes it extends, as one: people see one object.
function wrapClass(type, shown) {
  for (let t = type; typeof t === 'function' && t !== Function.prototype; t = Object.getPrototypeOf(t)) {
    if (wrapped.has(t)) continue
    wrapped.add(t)
    wrapAll(t, shown)
    if (t.prototype) wrapAll(t.prototype, shown)
  }
}

// Classes that are not exported are met in what methods give back.
function look(value) {
  if (!value || typeof value !== 'object') return
  if (Array.isArray(value)) return value.forEach(look)
  const type = value.constructor
  const name = type?.name?.replace(/^_+|\d+$/g, '')
  if (!SHOWN.has(name)) return
  wrapClass(type, name)
  if (name === 'Sandbox') [value.commands, value.pty, value.files, value.git].forEach(look)
}

// An error that a suite provoked and looked at.
export function recordError(e) {
  for (let t = e?.constructor; typeof t === 'function' && t.name; t = Object.getPrototypeOf(t)) lines.add(`called errors.${t.name}`)
}

export function recordCalls() {
  for (const name of Object.keys(e2b)) if (/Error$/.test(name)) lines.add(`public errors.${name}`)
  wrapClass(e2b.Sandbox, 'Sandbox')
  wrapClass(interpreter.Sandbox, 'Sandbox')
  wrapClass(e2b.Git, 'Git')
  wrapClass(e2b.TemplateBase, 'TemplateBase')
  if (e2b.Template !== e2b.TemplateBase) wrapAll(e2b.Template, 'TemplateBase')
}

export function writeCalls() {
  if (process.env.INTEROP_CALLS) appendFileSync(process.env.INTEROP_CALLS, [...lines].map((l) => l + '\n').join(''))
}
