import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Chromium's SwiftShader, a Vulkan driver without a GPU. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** What a process needs to find SwiftShader where no other driver is named; undefined where it is not installed. */
export const swiftShaderEnvironment = (): Readonly<Record<string, string>> | undefined =>
  existsSync(swiftShader)
    ? {
        VK_DRIVER_FILES: process.env.VK_DRIVER_FILES ?? swiftShader,
        XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? mkdtempSync(join(tmpdir(), 'bitloom-run-')),
      }
    : undefined
