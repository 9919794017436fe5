/** Full Liberty files beside the repository, which hold other people's work and are no part of it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const dataFolder = fileURLToPath(new URL('../../../../shared/data/liberty/', import.meta.url))
export const nangate45File = join(dataFolder, 'nangate45_typ.lib.gz')
export const sky130File = join(dataFolder, 'sky130hd_tt.lib.gz')
export const sg13g2File = join(dataFolder, 'sg13g2_stdcell_typ_1p20V_25C.lib.gz')

/** Whether they are there; tests that need them say so where they are skipped. */
export const haveLiberty = existsSync(nangate45File) && existsSync(sky130File) && existsSync(sg13g2File)
