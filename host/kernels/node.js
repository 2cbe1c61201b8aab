// The JavaScript kernel of the code interpreter: runs cells as a REPL would and tells what
// happens as events, a line of JSON each, on what was its standard output. host/kernel.h has
// the protocol. Needs node 18 and nothing else.
'use strict'
const fs = require('fs')
const repl = require('repl')
const util = require('util')
const vm = require('vm')
const { PassThrough } = require('stream')
const childProcess = require('child_process')

const protocol = 1
const frames = 0
const writeSync = fs.writeSync.bind(fs)
const readSync = fs.readSync.bind(fs)

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
			if (error.code !== 'EAGAIN') process.reallyExit(0)
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

function represent(value) {
	const fields = { text: text(value) }
	const extra = {}
	const bundles = value && value[Symbol.for('Jupyter.display')]
	if (typeof bundles === 'function') {
		for (const [mime, data] of Object.entries(bundles.call(value))) {
			if (mimeKeys[mime]) fields[mimeKeys[mime]] = data
			else extra[mime] = data
		}
	} else if (value && typeof value === 'object' && (Array.isArray(value) || plainPrototypes.has(Object.getPrototypeOf(value)))) {
		try {
			fields.json = JSON.parse(JSON.stringify(value))
		} catch {
			// it goes round in circles: the text must do
		}
	}
	return { ...fields, extra }
}

function sendResult(value, isMain) {
	emit('result', { ...represent(value), is_main_result: isMain })
}

function tellError(error) {
	const isError = error && typeof error === 'object' && 'message' in error
	const name = isError ? String(error.name || 'Error') : 'Error'
	const value = isError ? String(error.message) : text(error)
	const stack = isError && error.stack ? String(error.stack) : name + ': ' + value
	const traceback = stack.split('\n').filter((line) => !/\(?node:|\[eval\]|at new Promise \(<anonymous>\)/.test(line)).join('\n')
	emit('error', { name, value, traceback })
}

// ---- cells

const silent = new PassThrough()
silent.resume()
const shell = repl.start({ input: new PassThrough(), output: silent, prompt: '', terminal: false, useGlobal: false, breakEvalOnSigint: true })
const plainPrototypes = new Set([null, Object.prototype, vm.runInContext('Object.prototype', shell.context)])
// A REPL shows what is thrown by itself; here the cell that threw it ends.
if (shell._domain) {
	shell._domain.removeAllListeners('error')
	shell._domain.on('error', (error) => fail(error))
}
shell.context.process = process
shell.context.display = (...values) => values.forEach((value) => sendResult(value, false))
for (const name of ['fetch', 'structuredClone', 'Buffer', 'URL', 'AbortController'])
	if (globalThis[name] && !shell.context[name]) shell.context[name] = globalThis[name]
shell.context.console = new console.Console({ stdout: process.stdout, stderr: process.stderr })

class Exit extends Error {
	get name() { return 'ExitRefused' }
}
process.exit = (code) => { throw new Exit(`process.exit(${code ?? ''}) does not end a kernel: restart the context instead`) }

let broken = null // ends the cell that runs

function fail(error) {
	if (broken) broken(error)
	else process.stderr.write(text(error) + '\n')
}
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
process.on('SIGINT', () => broken && broken(new Error('the execution was interrupted')))

function evaluate(code) {
	return new Promise((resolve, reject) => {
		broken = reject
		shell.eval(code, shell.context, 'cell', (error, value) => (error ? reject(error) : resolve(value)))
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
		const value = await evaluate((request.code || '') + '\n')
		if (value !== undefined) sendResult(value, true)
	} catch (error) {
		tellError(error instanceof repl.Recoverable ? error.err : error)
	}
	for (const [key, value] of Object.entries(kept)) {
		if (value === undefined) delete process.env[key]
		else process.env[key] = value
	}
	emit('end_of_execution', {})
}

// ---- frames: a number of bytes, a line end, the bytes

let held = Buffer.alloc(0)

function takeFrame() {
	const end = held.indexOf(10)
	if (end < 0) return null
	const size = Number(held.subarray(0, end).toString())
	if (held.length < end + 1 + size) return null
	const frame = held.subarray(end + 1, end + 1 + size)
	held = held.subarray(end + 1 + size)
	return JSON.parse(frame.toString())
}

let busy = Promise.resolve()
const input = fs.createReadStream(null, { fd: frames, autoClose: false })
Object.defineProperty(process, 'stdin', { value: new PassThrough().end(), configurable: true })
emit('ready', {})
input.on('data', (chunk) => {
	held = Buffer.concat([held, chunk])
	for (let request = takeFrame(); request; request = takeFrame()) {
		const next = request
		busy = busy.then(() => execute(next))
	}
})
input.on('end', () => busy.then(() => process.reallyExit(0)))
