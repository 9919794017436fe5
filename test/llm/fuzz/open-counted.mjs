// Opens models, one after the other, and prints a line of JSON for each: how it went, how long it took, and the bytes of the typed
// arrays and buffers that were made on the way. Run by model-files.test.ts in a process of its own, with a small heap.
//   node open-counted.mjs <dist folder as URL> <cases.json>
import { readFileSync } from 'node:fs'

let made = 0
const shared = globalThis.SharedArrayBuffer
const names = ['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array']
for (const name of [...names, 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'ArrayBuffer', 'SharedArrayBuffer']) {
  const plain = globalThis[name]
  const counted = new Proxy(plain, {
    construct: (target, args, as) => {
      const result = Reflect.construct(target, args, as === counted ? target : as)
      const isView = args[0] instanceof ArrayBuffer || args[0] instanceof shared
      if (!isView) made += result.byteLength
      return result
    },
  })
  // What slice, map and their like make.
  plain.prototype.constructor = counted
  globalThis[name] = counted
}

const [dist, list] = process.argv.slice(2)
const { openModel } = await import(new URL('llm/open-model.js', dist))
const { generate } = await import(new URL('llm/generate.js', dist))
const { decodeWeights } = await import(new URL('llm/weights.js', dist))
const { failureOf } = await import(new URL('cli/failure.js', dist))

// The table of all FP16 values is made once, and is of no file.
decodeWeights({ kind: 'float16', data: new Uint16Array(1) }, 0, new Float32Array(1))

for (const { path, tokenizer } of JSON.parse(readFileSync(list, 'utf8'))) {
  // Said before, so that it is known which one ends the process.
  process.stdout.write(`${JSON.stringify({ path })}\n`)
  const started = performance.now()
  made = 0
  let result
  try {
    const opened = await openModel(path, tokenizer === undefined ? {} : { tokenizer })
    result = { outcome: 'opened', made }
    opened.chatTemplate()?.([{ role: 'user', content: 'a' }])
    await generate({ ...opened, prompt: 'a', tokens: 1 })
  } catch (error) {
    const { text, exitCode } = failureOf(error)
    result = { made, ...result, outcome: exitCode === 2 ? 'refused' : 'fault', text }
  }
  process.stdout.write(`${JSON.stringify({ path, ...result, milliseconds: performance.now() - started })}\n`)
}
