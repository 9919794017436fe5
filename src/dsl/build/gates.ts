import { domainsOf } from '../domains.ts'
import { HdlError, type Origin } from '../error.ts'
import type { Module } from '../ir.ts'

/**
 * A module with what is printed for it. Only pure logic has such a stand-in: then nothing but values can differ. Warnings
 * are about the logic; gates may leave ends open.
 */
export const withGates = (module: Module, gates: Module, declared: Origin): Module => {
  const clocked = [module, gates].findIndex((one) => domainsOf(one).length > 0)
  if (clocked >= 0)
    throw new HdlError(
      'E-GATES',
      module.name,
      `a component with 'gates' has no registers, memories and checks, and its '${clocked === 0 ? 'logic' : 'gates'}' has; move them into the component around it`,
      declared,
    )
  const { warnings, accepted } = module
  return { ...module, gates: { ...gates, warnings, accepted } }
}
