import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Component, Module } from '../../src/dsl/index.ts'
import { typescriptOf } from './typescript.ts'

const language = fileURLToPath(new URL('../../src/dsl/index.ts', import.meta.url))

/** The module that the printed TypeScript of a module describes: compiled, run, and thrown away. */
export const describedAnew = async (module: Module): Promise<Module> => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-typescript-'))
  try {
    const file = join(folder, 'printed.ts')
    writeFileSync(file, typescriptOf(module, language))
    return ((await import(file)) as { readonly default: Component }).default.module
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
