import type { Module, Warning } from '../ir.ts'
import { liveNodes } from '../roots.ts'

/** Inputs, registers, memories and instances that no output and no check ever depends on. */
export const unusedIn = (module: Module): Warning[] => {
  const { nodes, instances } = liveNodes(module)
  const idle = (what: string, name: string): Warning => ({
    code: 'W-UNUSED',
    about: [name],
    message: `${what} '${name}' changes no output and no check; read it or leave it out`,
  })
  const at = ({ source }: { readonly source?: Warning['source'] }): Pick<Warning, 'source'> =>
    source ? { source } : {}
  const declared = module.outputs[0]?.source
  return [
    ...module.inputs
      .filter((input) => !nodes.has(input))
      .map(({ name }) => ({ ...idle('input', name), ...(declared ? { source: declared } : {}) })),
    ...module.registers
      .filter((register) => !nodes.has(register.node))
      .map((register) => ({ ...idle('register', register.name), ...at(register) })),
    ...module.memories
      .filter(({ reads, lookups }) => ![...reads.map(({ node }) => node), ...lookups].some((node) => nodes.has(node)))
      .map((memory) => ({ ...idle('memory', memory.name), ...at(memory) })),
    ...module.instances
      .filter((instance) => !instances.has(instance.name))
      .map((instance) => ({ ...idle('instance', instance.name), ...at(instance) })),
  ]
}
