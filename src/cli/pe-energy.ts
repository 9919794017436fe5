import { programDigest } from '../base/program-digest.ts'
import type { Progress } from '../base/progress.ts'
import { openYosys } from '../synth/yosys.ts'
import { withCache, yosysPackageVersion } from '../synth/yosys-cache.ts'
import { type Element, workFigures } from './pe-figures.ts'
import { asicLibrary } from './power-options.ts'

/** pJ of a multiply-accumulate of a PE at gate level, both ends of its band, on random data; from the cache where it is known. */
export const energyPerMac = async (pe: Element, target: string, progress: Progress) => {
  const library = asicLibrary(target)
  const yosys = withCache(openYosys())
  const table = {
    options: { target },
    library,
    program: [programDigest(), yosysPackageVersion()],
    cells: library.name,
    model: undefined,
  }
  progress.start(`energy of ${pe.spec} at gate level`, 1, 'PEs')
  try {
    const { value } = await workFigures(pe, 'random', table, yosys)
    progress.update(1)
    return {
      ...value.pj_per_mac_band,
      provenance: `${target}, ${value.vectors} vectors of random data at gate level, without glitches to with them; each result compared, ${value.mismatches} mismatches`,
    }
  } finally {
    progress.stop()
    await yosys.close()
  }
}
