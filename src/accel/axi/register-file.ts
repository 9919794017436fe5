import { refuse } from '../../dsl/error.ts'
import {
  type Bits,
  type Bool,
  bits,
  bool,
  cat,
  component,
  type IntShape,
  mux,
  type RegisterShapes,
  record,
  reset,
  u,
} from '../../dsl/index.ts'
import { axiLiteFromMaster, axiLiteToMaster, responseCode } from './channels.ts'
import { checkedMap, type FieldAccess, fieldsOf, type PlacedField, type RegisterMap } from './register-map.ts'

export interface RegisterFileParameters {
  readonly map: RegisterMap
  /** Of `s_axi`; as many as the map needs and at least 12, unless said. Registers that are not there answer SLVERR. */
  readonly addressBits?: number
}

/**
 * A register map as an AXI4-Lite slave of 32 bits, `s_axi`. Addresses and data of writes may come in any order; the low two bits of
 * addresses mean nothing. SLVERR answers where no register is, where a register has nothing to write, and for locked fields.
 * Hardware says `ro` fields and sets bits of `w1c` fields by `hardware`, named by their paths; it reads `rw`, `w1c` and, for
 * one cycle, `w1s` fields from `software`. `irq` is a level.
 */
export const registerFile = ({ map, addressBits }: RegisterFileParameters) => {
  checkedMap(map)
  const last = Math.max(...map.registers.map(({ offset }) => offset))
  const needed = Math.max(12, Math.ceil(Math.log2(last + 4)))
  if (addressBits !== undefined && (addressBits < needed || addressBits > 64))
    refuse(
      'E-PARAMETER',
      map.name,
      `the registers need ${needed} to 64 bits of address, got ${addressBits}; give as many`,
    )
  return RegisterFile({ map: { ...map, identity: JSON.stringify(map) }, addressBits: addressBits ?? needed })
}

/** A map with a text that tells it from others, so that it may be a parameter. */
interface IdentifiedMap extends RegisterMap {
  readonly identity: string
}

const RegisterFile = component('register_file', (p: { map: IdentifiedMap; addressBits: number }) => {
  const fields = fieldsOf(p.map)
  const shape = { addressBits: p.addressBits, busBits: 32 }
  const portsOf = (...access: readonly FieldAccess[]): Record<string, IntShape> =>
    Object.fromEntries(
      fields.filter((field) => access.includes(field.access)).map(({ path, width }) => [path, u(width)]),
    )
  return {
    name: `${p.map.name}_registers`,
    in: { s_axi: axiLiteFromMaster(shape), hardware: record(portsOf('ro', 'w1c')) },
    out: {
      s_axi: axiLiteToMaster(shape),
      software: record(portsOf('rw', 'w1c', 'w1s')),
      irq: bool,
    },
    accepted: {
      'W-UNUSED': { s_axi_awprot: 'whoever may reach the registers may use them', s_axi_arprot: 'likewise' },
    },
    logic({ s_axi, hardware }, { regs, when }) {
      const word = u(p.addressBits - 2)
      const r = regs({
        address_held: bool,
        address: word,
        data_held: bool,
        data: bits(32),
        strobe: bits(4),
        answered: bool,
        answer: u(2),
        reads: bool,
        read_data: bits(32),
        read_answer: u(2),
      })
      const kept: RegisterShapes = Object.fromEntries(
        fields
          .filter(({ access }) => access === 'rw' || access === 'w1c')
          .map((field) => [field.path, reset(bits(field.width), field.reset ?? 0)]),
      )
      const values = regs(kept) as Readonly<Record<string, Bits & { set next(value: Bits) }>>

      const awready = r.address_held.not()
      when(s_axi.awvalid.and(awready), () => {
        r.address_held.next = true
        r.address.next = s_axi.awaddr.shr(2)
      })
      const wready = r.data_held.not()
      when(s_axi.wvalid.and(wready), () => {
        r.data_held.next = true
        r.data.next = s_axi.wdata.bits()
        r.strobe.next = s_axi.wstrb.bits()
      })

      const mask = cat(
        ...[3, 2, 1, 0].map((byte) => cat(...Array.from({ length: 8 }, () => r.strobe.bit(byte).bits()))),
      ).named('written_bits')
      const part = (word: Bits, { low, width }: PlacedField): Bits => word.slice(low + width - 1, low)
      const chosen = new Map(
        p.map.registers.map((register) => [
          register,
          r.address.eq(register.offset / 4).named(`write_at_${register.name}`),
        ]),
      )
      const writes = r.address_held.and(r.data_held).and(r.answered.not()).named('write_is_here')
      const writable = p.map.registers.filter(({ fields }) =>
        fields.some(({ access }) => /^(rw|w1c|w1s)$/.test(access)),
      )
      const locked = fields.flatMap((field) => {
        if (field.lockedBy === undefined) return []
        const written = part(mask, field).and(field.access === 'w1s' ? part(r.data, field) : 2 ** field.width - 1)
        return chosen.get(field.register)!.and(written.any()).and(hardware[field.lockedBy]!.bit(0))
      })
      const exists = anyOf(writable.map((register) => chosen.get(register)!))!
      const takes = exists.and(anyOf(locked)?.named('write_is_locked').not() ?? true)
      const effective = writes.and(takes).named('write_takes_effect')
      when(writes, () => {
        r.address_held.next = false
        r.data_held.next = false
        r.answered.next = true
        r.answer.next = mux(takes, responseCode.okay, responseCode.slverr)
      })
      when(r.answered.and(s_axi.bready), () => {
        r.answered.next = false
      })

      for (const field of fields) {
        const value = values[field.path]
        if (!value) continue
        const written = part(mask, field)
        const data = part(r.data, field)
        const effect = effective.and(chosen.get(field.register)!)
        if (field.access === 'rw')
          when(effect, () => {
            value.next = value.and(written.not()).or(data.and(written))
          })
        else {
          const set = hardware[field.path]!.bits(field.width)
          value.next = value.or(set)
          when(effect, () => {
            value.next = value.and(written.and(data).not()).or(set)
          })
        }
      }
      const pulse = (field: PlacedField): Bits => {
        const bits = part(mask, field).and(part(r.data, field))
        return mux(effective.and(chosen.get(field.register)!), bits, 0)
      }

      const arready = r.reads.not()
      const target = s_axi.araddr.shr(2)
      const contents = (field: PlacedField): Bits | undefined => {
        if (field.access === 'ro') return hardware[field.path]!.bits(field.width)
        return values[field.path]
      }
      const readings = p.map.registers.map((register) => {
        const own = fields.filter((field) => field.register === register)
        const constant = own.reduce(
          (sum, field) => sum + (field.access === 'constant' ? (field.reset ?? 0) * 2 ** field.low : 0),
          0,
        )
        const word = own.reduce<Bits | undefined>((sum, field) => {
          const value = contents(field)
          if (!value) return sum
          const placed = value.unsigned().shl(field.low).bits(32)
          return sum?.or(placed) ?? placed
        }, undefined)
        return { here: target.eq(register.offset / 4), word: word?.or(constant) ?? constant }
      })
      when(s_axi.arvalid.and(arready), () => {
        r.reads.next = true
        r.read_data.next = 0
        r.read_answer.next = responseCode.slverr
        for (const { here, word } of readings)
          when(here, () => {
            r.read_answer.next = responseCode.okay
            r.read_data.next = word
          })
      })
      when(r.reads.and(s_axi.rready), () => {
        r.reads.next = false
      })

      const interrupts = fields.flatMap(({ path, interruptEnabledBy }) =>
        interruptEnabledBy === undefined ? [] : values[path]!.bit(0).and(values[interruptEnabledBy]!.bit(0)),
      )
      return {
        s_axi: {
          awready,
          wready,
          bvalid: r.answered,
          bresp: r.answer,
          arready,
          rvalid: r.reads,
          rdata: r.read_data.unsigned(),
          rresp: r.read_answer,
        },
        software: Object.fromEntries(
          fields.flatMap((field) => {
            if (field.access === 'w1s') return [[field.path, pulse(field).unsigned()] as const]
            const value = values[field.path]
            return value ? [[field.path, value.unsigned()] as const] : []
          }),
        ),
        irq: anyOf(interrupts) ?? false,
      }
    },
  }
})

const anyOf = (conditions: readonly Bool[]): Bool | undefined =>
  conditions.reduce<Bool | undefined>((some, each) => some?.or(each) ?? each, undefined)
