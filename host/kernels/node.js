// The JavaScript kernel of the code interpreter: runs cells in V8's REPL mode (names may be
// declared again, await at the top) and tells what happens as events, a line of JSON each, on
// what was its standard output. host/kernel.h has the protocol. Needs node 18 and nothing
// else. With the word "typescript" on its command line, types are taken out first.
'use strict'
const fs = require('fs')
const inspector = require('inspector')
const modules = require('module')
const path = require('path')
const util = require('util')
const { PassThrough } = require('stream')
const { pathToFileURL } = require('url')
const { promiseHooks } = require('v8')
const { Worker } = require('worker_threads')
const childProcess = require('child_process')

const protocol = 1
const frames = 0
const writeSync = fs.writeSync.bind(fs)
const reallyExit = process.reallyExit.bind(process)
const typed = process.argv.includes('typescript')
process.argv.splice(1)
process.execArgv.splice(0) // the flags that this file needs are not for children

// ---- events

function ascii(text) {
	return text.replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
}

function emit(type, fields) {
	const line = Buffer.from(ascii(JSON.stringify({ type, ...fields })) + '\n')
	let done = 0
	while (done < line.length) {
		try {
			done += writeSync(protocol, line, done)
		} catch (error) {
			if (error.code !== 'EAGAIN') reallyExit(0)
		}
	}
}

function tellOutput(kind) {
	return (chunk, encoding, callback) => {
		const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8')
		if (text) emit(kind, { text, timestamp: new Date().toISOString() })
		const done = typeof encoding === 'function' ? encoding : callback
		if (typeof done === 'function') process.nextTick(done)
		return true
	}
}

process.stdout.write = tellOutput('stdout')
process.stderr.write = tellOutput('stderr')

// Children that would share our descriptors are given pipes, so that nothing but events
// comes out of the first.
function ownOutput(options) {
	const stdio = options.stdio
	const inherits = (at, n) => at === 'inherit' || at === n || at === process.stdout || at === process.stderr
	const list = Array.isArray(stdio) ? [...stdio] : stdio === 'inherit' ? ['inherit', 'inherit', 'inherit'] : null
	if (!list) return null
	const shared = []
	if (inherits(list[0], 0)) list[0] = 'ignore'
	for (const n of [1, 2]) {
		if (!inherits(list[n], n)) continue
		list[n] = 'pipe'
		shared.push(n)
	}
	return shared.length ? { list, shared } : null
}

const spawn = childProcess.spawn
childProcess.spawn = function (command, args, options) {
	if (!Array.isArray(args)) [args, options] = [[], args]
	const own = ownOutput(options || {})
	const child = spawn.call(this, command, args, own ? { ...options, stdio: own.list } : options)
	for (const n of own ? own.shared : []) child.stdio[n].on('data', n === 1 ? process.stdout.write : process.stderr.write)
	return child
}
for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
	const real = childProcess[name]
	childProcess[name] = function (command, ...rest) {
		const at = rest.length - 1
		const options = at >= 0 && !Array.isArray(rest[at]) && rest[at] ? { ...rest[at] } : {}
		const before = at >= 0 && Array.isArray(rest[0]) ? [rest[0]] : []
		const own = ownOutput(options)
		if (own) options.stdio = own.list
		// What execSync and execFileSync do not keep of standard error they would pass on.
		else if (name !== 'spawnSync' && options.stdio === undefined) options.stdio = ['ignore', 'pipe', 'pipe']
		const result = real.call(this, command, ...before, options)
		if (own && name === 'spawnSync') {
			for (const n of own.shared) if (result.output && result.output[n]) (n === 1 ? process.stdout : process.stderr).write(result.output[n])
		} else if (own && own.shared.includes(1) && result) process.stdout.write(result)
		return result
	}
}

// ---- values

function text(value) {
	const shown = typeof value === 'string' ? value : util.inspect(value)
	return shown.length > 1 << 20 ? shown.slice(0, 1 << 20) + '...' : shown
}

const mimeKeys = {
	'text/plain': 'text', 'text/html': 'html', 'text/markdown': 'markdown', 'image/svg+xml': 'svg',
	'image/png': 'png', 'image/jpeg': 'jpeg', 'application/pdf': 'pdf', 'text/latex': 'latex',
	'application/json': 'json', 'application/javascript': 'javascript', 'e2b/data': 'data', 'e2b/chart': 'chart',
}
const displayed = Symbol.for('Jupyter.display')

function addBundle(fields, bundle) {
	for (const [mime, data] of Object.entries(bundle)) {
		if (mimeKeys[mime]) fields[mimeKeys[mime]] = data
		else fields.extra[mime] = data
	}
}

// Pictures are known by how they begin, elements of a page by their markup.
function addKnown(fields, value) {
	if (value instanceof Uint8Array) {
		const start = Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, 4)).toString('hex')
		const kind = start === '89504e47' ? 'png' : start.startsWith('ffd8ff') ? 'jpeg' : null
		if (kind) fields[kind] = Buffer.from(value).toString('base64')
	} else if (typeof value.outerHTML === 'string') {
		fields[/^<svg[\s>]/i.test(value.outerHTML) ? 'svg' : 'html'] = value.outerHTML
	}
}

async function represent(value) {
	const fields = { text: text(value), extra: {} }
	if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return fields
	if (typeof value[displayed] === 'function') addBundle(fields, await value[displayed]())
	else addKnown(fields, value)
	return fields
}

async function sendResult(value, isMain) {
	const { extra, ...fields } = await represent(value)
	emit('result', { ...fields, is_main_result: isMain, extra })
}

function tracebackOf(error) {
	const stack = error && error.stack ? String(error.stack) : 'Error: ' + text(error)
	const ours = /^\s+at .*(\(?node:|\[eval|eval at <anonymous>|new Promise \(<anonymous>\)|Session\.post)/
	return stack.split('\n').filter((line) => !ours.test(line)).join('\n')
}

function tellError(error) {
	const isError = error && typeof error === 'object' && 'message' in error
	const name = isError ? String(error.name || 'Error') : 'Error'
	const value = isError ? String(error.message) : text(error)
	emit('error', { name, value, traceback: tracebackOf(error) })
}

// ---- interrupts

class Named extends Error {
	constructor(name, message) {
		super(message)
		this.name = name
		this.stack = `${name}: ${message}`
	}
}

const interrupted = () => new Named('Interrupted', 'the execution was interrupted')
let broken = null // ends the cell that runs

function fail(error) {
	if (broken) broken(error)
	else process.stderr.write(tracebackOf(error) + '\n')
}
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

// While a cell never yields, nobody here could hear of a signal. A thread sleeps in a script
// that the signal breaks; it asks first, and as long as this thread does not answer, has the
// engine end whatever runs in it: an end that comes between two scripts is lost. That script
// is run within another of its kind, and that within a third: what comes while the sleeper is
// awake breaks the next one, which begins again by ringing, and at no time is there none, for
// then the signal would end the process.
const bell = new Int32Array(new SharedArrayBuffer(8))
const guard = `
	const { workerData: bell, parentPort } = require('worker_threads')
	const vm = require('vm')
	const inspector = require('inspector')
	const session = new inspector.Session()
	session.connectToMainThread()
	globalThis.bell = bell
	const sleep = new vm.Script('Atomics.wait(bell, 0, 0)')
	globalThis.broken = (script) => {
		try { script.runInThisContext({ breakOnSigint: true }) } catch { return }
	}
	const ring = () => {
		Atomics.store(bell, 1, 0)
		parentPort.postMessage('interrupt')
		while (Atomics.wait(bell, 1, 0, 150) === 'timed-out') session.post('Runtime.terminateExecution')
	}
	let due = false
	globalThis.watch = () => {
		for (;;) {
			if (due) ring()
			else parentPort.postMessage('watching')
			due = true
			broken(sleep)
		}
	}
	globalThis.watching = new vm.Script('watch()')
	const always = new vm.Script('for (;;) broken(watching)')
	for (;;) broken(always)`

function interrupt() {
	Atomics.store(bell, 1, 1)
	Atomics.notify(bell, 1)
	if (broken) broken(interrupted())
}
process.on('SIGINT', interrupt)
const watcher = new Worker(guard, { eval: true, workerData: bell, execArgv: [], stdin: false, resourceLimits: { maxOldGenerationSizeMb: 16 } })
let watched = false // no cell runs before
function watch() {
	if (watched) return
	watched = true
	runNext()
}
watcher.on('message', (what) => (what === 'watching' ? watch() : interrupt()))
watcher.on('error', watch)
watcher.unref()

// ---- the person's names

// The kernel's hands, out of sight: symbols that cells do not stumble over.
const hands = Symbol.for('sandtop.kernel')
let handed

function hide(name, value) {
	Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false })
}

function loadModule(name, options) {
	const isPath = /^\.{0,2}\//.test(name)
	return import(isPath ? pathToFileURL(path.resolve(name)).href : name, options)
}

hide(hands, { load: loadModule, hand: (value) => { handed = value } })
hide('require', modules.createRequire(process.cwd() + '/cell'))
hide('display', async (...values) => { for (const value of values) await sendResult(value, false) })
hide('console', new console.Console({ stdout: process.stdout, stderr: process.stderr }))
for (const name of modules.builtinModules) {
	if (/[/_]/.test(name) || name in globalThis) continue
	Object.defineProperty(globalThis, name, {
		configurable: true, enumerable: false, get: () => require(name), set: (value) => hide(name, value),
	})
}
process.exit = (code) => {
	throw new Named('ExitRefused', `process.exit(${code ?? ''}) does not end a kernel: restart the context instead`)
}

// ---- cells: from modules' words to a script's

let acorn = null
try {
	acorn = require('internal/deps/acorn/acorn/dist/acorn')
} catch {
	// another node than those we know: import is left as it is written
}

function parse(code) {
	return acorn.parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true })
}

function importNames(specifiers) {
	const all = specifiers.find((s) => s.type === 'ImportNamespaceSpecifier')
	const names = specifiers.filter((s) => s !== all).map((s) => {
		const from = s.type === 'ImportDefaultSpecifier' ? 'default' : s.imported.name ?? s.imported.value
		return `${JSON.stringify(from)}: ${s.local.name}`
	})
	return { all: all && all.local.name, names }
}

function importCall(node, code) {
	const with_ = (node.attributes || []).map((a) => code.slice(a.start, a.end))
	const options = with_.length ? `, { with: { ${with_.join(', ')} } }` : ''
	const call = `await globalThis[Symbol.for('sandtop.kernel')].load(${node.source.raw}${options})`
	const { all, names } = importNames(node.specifiers)
	if (all && names.length) return `const ${all} = ${call}, { ${names.join(', ')} } = ${all};`
	if (all) return `const ${all} = ${call};`
	return names.length ? `const { ${names.join(', ')} } = ${call};` : `${call};`
}

function findImports(node, found) {
	if (!node || typeof node !== 'object') return
	if (node.type === 'ImportDeclaration' || node.type === 'ImportExpression') found.push(node)
	if (/^Export/.test(node.type) && node.declaration) found.push(node)
	for (const key of Object.keys(node)) {
		const value = node[key]
		if (Array.isArray(value)) for (const item of value) findImports(item, found)
		else if (value && typeof value.type === 'string') findImports(value, found)
	}
}

// V8 runs scripts: `import` is written as what it does. Code that is no module is left.
function unmodule(code) {
	const found = []
	if (!acorn || !/\b(import|export)\b/.test(code)) return code
	try {
		findImports(parse(code), found)
	} catch {
		return code
	}
	for (const node of found.sort((a, b) => b.start - a.start)) {
		if (node.type === 'ImportDeclaration') {
			code = code.slice(0, node.start) + importCall(node, code) + code.slice(node.end)
		} else if (node.type === 'ImportExpression') {
			const call = "globalThis[Symbol.for('sandtop.kernel')].load"
			code = code.slice(0, node.start) + call + code.slice(node.start + 'import'.length)
		} else if (node.type === 'ExportNamedDeclaration') {
			code = code.slice(0, node.start) + code.slice(node.declaration.start)
		}
	}
	return code
}

// "{ a: 1 }" is meant as an object by who types it into a cell.
function unblock(code) {
	if (!acorn || !/^\s*\{/.test(code) || /;\s*$/.test(code)) return code
	try {
		parse(`(${code.trim()}\n)`)
		return `(${code.trim()}\n)`
	} catch {
		return code
	}
}

function isJavaScript(code) {
	try {
		return Boolean(acorn && parse(code))
	} catch {
		return false
	}
}

function compiler() {
	const places = [process.cwd(), path.resolve(process.execPath, '../../lib')]
	try {
		return require(require.resolve('typescript', { paths: places }))
	} catch {
		return null
	}
}

function untype(code) {
	if (!typed || isJavaScript(code)) return code
	if (modules.stripTypeScriptTypes) {
		const warn = process.emitWarning
		process.emitWarning = () => {} // that this is new
		try {
			return modules.stripTypeScriptTypes(code, { mode: 'transform' })
		} finally {
			process.emitWarning = warn
		}
	}
	const ts = compiler()
	if (ts) return ts.transpile(code, { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true })
	throw new Named('TypeScriptMissing', `types need node 22.13 or newer in the sandbox (this is ${process.version}), or the npm package typescript; plain JavaScript runs`)
}

// ---- cells: running

const session = new inspector.Session()
session.connect()

function post(method, options) {
	return new Promise((resolve, reject) => session.post(method, options, (error, said) => (error ? reject(error) : resolve(said))))
}

// The value itself; the session tells of it only.
async function valueOf(remote) {
	handed = undefined
	const what = remote.objectId ? { objectId: remote.objectId }
		: remote.unserializableValue ? { unserializableValue: remote.unserializableValue } : { value: remote.value }
	const holder = await post('Runtime.evaluate', { expression: "globalThis[Symbol.for('sandtop.kernel')]", objectGroup: 'cell' })
	await post('Runtime.callFunctionOn', { objectId: holder.result.objectId, functionDeclaration: 'function (value) { this.hand(value) }', arguments: [what] })
	const value = handed
	handed = undefined
	return value
}

// A cell that awaits what never comes is garbage to the engine, which would tell the session
// of it from where no script may run. So the cell's own promise is kept until it settles.
const pending = new Set()

function start(expression) {
	let own = null
	let settled = false
	const stop = promiseHooks.onInit((promise) => { own = own || promise })
	return new Promise((resolve, reject) => {
		own = null
		session.post('Runtime.evaluate', { expression, replMode: true, awaitPromise: true, objectGroup: 'cell' }, (error, said) => {
			settled = true
			pending.delete(own)
			if (error) reject(error)
			else resolve(said)
		})
		stop()
		if (!settled) pending.add(own)
	})
}

async function evaluate(code, name) {
	let said
	try {
		said = await start(`${code}\n//# sourceURL=${name}`)
	} catch {
		throw interrupted() // all that the session refuses is what was ended
	}
	const value = await valueOf(said.exceptionDetails ? said.exceptionDetails.exception : said.result)
	await post('Runtime.releaseObjectGroup', { objectGroup: 'cell' })
	if (said.exceptionDetails) throw value
	return value
}

function run(code, name) {
	return new Promise((resolve, reject) => {
		broken = reject
		evaluate(code, name).then(resolve, reject)
	}).finally(() => (broken = null))
}

let count = 0

async function execute(request) {
	const kept = {}
	emit('number_of_executions', { execution_count: ++count })
	for (const [key, value] of Object.entries(request.env_vars || {})) {
		kept[key] = process.env[key]
		process.env[key] = value
	}
	try {
		const value = await run(unblock(unmodule(untype(request.code || ''))), `cell-${count}`)
		if (value !== undefined) await sendResult(value, true)
	} catch (error) {
		tellError(error)
	}
	for (const [key, value] of Object.entries(kept)) {
		if (value === undefined) delete process.env[key]
		else process.env[key] = value
	}
	emit('end_of_execution', {})
	running = false
	runNext()
}

// Ending a cell that never yields drops promises' jobs that wait, ours too: what is between
// two cells must not be one.
const waiting = []
let running = false
let ended = false

function runNext() {
	if (running || !watched) return
	if (waiting.length) {
		running = true
		execute(waiting.shift())
	} else if (ended) {
		session.disconnect()
		reallyExit(0)
	}
}

// ---- frames: a number of bytes, a line end, the bytes

let held = Buffer.alloc(0)

function refuse(why) {
	fs.writeSync(2, `the kernel was told nonsense: ${why}\n`)
	session.disconnect()
	reallyExit(1)
}

function takeFrame() {
	const end = held.indexOf(10)
	if (end < 0 && held.length < 20) return null
	const size = held.subarray(0, Math.max(end, 0)).toString('latin1')
	if (!/^[0-9]{1,10}$/.test(size)) refuse('no length of a frame')
	if (held.length < end + 1 + Number(size)) return null
	const frame = held.subarray(end + 1, end + 1 + Number(size)).toString()
	held = held.subarray(end + 1 + Number(size))
	try {
		const request = JSON.parse(frame)
		if (request && typeof request.code === 'string') return request
	} catch {
		// said below
	}
	return refuse('a frame that is no request')
}

const input = fs.createReadStream(null, { fd: frames, autoClose: false })
Object.defineProperty(process, 'stdin', { value: new PassThrough().end(), configurable: true })
emit('ready', {})
input.on('data', (chunk) => {
	held = Buffer.concat([held, chunk])
	for (let request = takeFrame(); request; request = takeFrame()) waiting.push(request)
	runNext()
})
input.on('end', () => {
	ended = true
	runNext()
})
