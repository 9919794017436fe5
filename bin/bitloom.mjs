#!/usr/bin/env node
import { existsSync } from 'node:fs'

const built = new URL('../dist/cli/main.js', import.meta.url)
if (!existsSync(built)) {
  process.stderr.write('bitloom: the program is not built yet; run `npm ci` or `npm run build` in its folder\n')
  process.exit(2)
}
const { main } = await import(built)
process.exitCode = await main(process.argv.slice(2))
