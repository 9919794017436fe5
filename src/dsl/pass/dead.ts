import { liveNodes } from '../roots.ts'
import { type Pass, rebuild } from './rebuild.ts'

/**
 * Dead code: registers, memories, their read ports, wires, operations and instances that no output and no check ever depends
 * on. The module's ports stay as they are declared, except that a module left without state needs no clock.
 */
export const removeDead: Pass = (module) => {
  const { nodes, instances } = liveNodes(module)
  const memories = module.memories
    .map((memory) => ({ ...memory, reads: memory.reads.filter(({ node }) => nodes.has(node)) }))
    .filter(({ reads, lookups }) => reads.length > 0 || lookups.some((lookup) => nodes.has(lookup)))
  return rebuild(
    { ...module, memories },
    {
      keepsRegister: (register) => nodes.has(register.node),
      keepsWire: (wire) => nodes.has(wire.node),
      keepsInstance: (instance) => instances.has(instance.name),
    },
  )
}
