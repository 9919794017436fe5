import { liveNodes } from '../roots.ts'
import { type Pass, rebuild } from './rebuild.ts'

/**
 * Dead code: registers, wires, operations and instances that no output and no check ever depends on. Ports stay as they are
 * declared, except that a module left without state needs no clock.
 */
export const removeDead: Pass = (module) => {
  if (module.memories.length > 0) return module
  const { nodes, instances } = liveNodes(module)
  return rebuild(module, {
    keepsRegister: (register) => nodes.has(register.node),
    keepsWire: (wire) => nodes.has(wire.node),
    keepsInstance: (instance) => instances.has(instance.name),
  })
}
