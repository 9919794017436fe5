import { defaultThreads } from '../../accel/product-runner.ts'
import { UserError } from '../../base/user-error.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import type { Gpu } from '../gpu/device.ts'
import { bitmodProducts } from './bitmod-product.ts'
import { exactArithmeticOf } from './exact.ts'
import { exactProducts } from './exact-product.ts'
import { cpuSums } from './exact-sums.ts'
import { gpuBitmodProducts } from './gpu/bitmod.ts'
import { gpuSums } from './gpu/exact.ts'
import { gpuRoundedProducts } from './gpu/rounded.ts'
import type { HardwareArithmetic } from './product.ts'
import { roundedArithmeticOf, roundedProducts } from './rounded-product.ts'

/** How kernels run. */
export interface ArithmeticOptions {
  /** Threads that work together, this one among them; default one a core. Results are the same bits for any number. */
  readonly threads?: number
}

/** The arithmetic of a PE on the CPU; a UserError where there are no kernels for it. */
export const openArithmetic = (
  pe: ProcessingElement | TiledElement,
  { threads = defaultThreads() }: ArithmeticOptions = {},
): HardwareArithmetic => {
  if ('tile' in pe) return bitmodProducts(pe, threads)
  const exact = exactArithmeticOf(pe)
  if (exact) return exactProducts(pe, exact, cpuSums(threads))
  const rounded = roundedArithmeticOf(pe)
  if (rounded) return roundedProducts(pe, rounded, threads)
  throw withoutKernels(pe)
}

/** The same arithmetic on a GPU. */
export const openGpuArithmetic = (pe: ProcessingElement | TiledElement, gpu: Gpu): HardwareArithmetic => {
  if ('tile' in pe) return gpuBitmodProducts(pe, gpu)
  const exact = exactArithmeticOf(pe)
  if (exact) return exactProducts(pe, exact, gpuSums(gpu))
  const rounded = roundedArithmeticOf(pe)
  if (rounded) return gpuRoundedProducts(rounded, gpu)
  throw withoutKernels(pe)
}

const withoutKernels = ({ spec }: Pick<ProcessingElement, 'spec'>): UserError =>
  new UserError('E-ARITHMETIC-PE', `there are no kernels for the arithmetic of ${spec}`)
