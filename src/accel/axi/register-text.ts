import {
  checkedMap,
  fieldsOf,
  maskOf,
  type Register,
  type RegisterField,
  type RegisterMap,
  resetOf,
} from './register-map.ts'

const hex = (value: number, digits = 1): string => `0x${value.toString(16).padStart(digits, '0')}`
const made = 'Made by bitloom from its register map; change that.'
/** Text that ends no comment and no cell of a table. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('*/', '* /')

const valuesOf = ({ values = [] }: RegisterField): readonly (readonly [string, number])[] =>
  values.map((name, value) => [name, value])

const about = ({ access, doc }: RegisterField): string => plain(doc === '' ? access : `${access}: ${doc}`)

/** A TypeScript module with the registers and fields of a map as one constant. */
export const registerConstants = (map: RegisterMap): string => {
  checkedMap(map)
  const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  const valuesText = (field: RegisterField): string => {
    const values = valuesOf(field).map(([name, value]) => `${camel(name)}: ${value}`)
    return values.length === 0 ? '' : `, values: { ${values.join(', ')} }`
  }
  const register = ({ name, offset, doc, fields }: Register): string[] => [
    `  /** ${plain(doc)} */`,
    `  ${camel(name)}: {`,
    `    offset: ${hex(offset)},`,
    ...fields.flatMap((field) => [
      `    /** ${about(field)} */`,
      `    ${camel(field.name)}: { low: ${field.low}, width: ${field.width}, mask: ${hex(maskOf(field), 8)}${valuesText(field)} },`,
    ]),
    '  },',
  ]
  return [
    `/** ${plain(map.doc)} ${made} */`,
    `export const ${camel(map.name)}Registers = {`,
    ...map.registers.flatMap(register),
    '} as const',
    '',
  ].join('\n')
}

/** A C99 header: for each register its offset and reset value, for each field its shift and mask. */
export const registerHeader = (map: RegisterMap): string => {
  checkedMap(map)
  const prefix = map.name.toUpperCase()
  const define = (name: string, value: string, doc?: string): string[] => [
    ...(doc === undefined ? [] : ['', `/* ${plain(doc)} */`]),
    `#define ${prefix}_${name.toUpperCase()} ${value}`,
  ]
  const word = (value: number): string => `UINT32_C(${hex(value, 8)})`
  return [
    `/* ${plain(map.doc)} ${made} */`,
    `#ifndef ${prefix}_REGISTERS_H`,
    `#define ${prefix}_REGISTERS_H`,
    '',
    '#include <stdint.h>',
    ...map.registers.flatMap((register) => [
      ...define(`${register.name}_offset`, `UINT32_C(${hex(register.offset)})`, register.doc),
      ...define(`${register.name}_reset`, word(resetOf(register))),
      ...fieldsOf({ ...map, registers: [register] }).flatMap((field) => {
        const name = `${register.name}_${field.name}`
        return [
          ...define(`${name}_shift`, String(field.low), about(field)),
          ...define(`${name}_mask`, word(maskOf(field))),
          ...valuesOf(field).flatMap(([value, code]) => define(`${name}_${value}`, `UINT32_C(${code})`)),
        ]
      }),
    ]),
    '',
    '#endif',
    '',
  ].join('\n')
}

/** A Markdown table of the map, a row a field. */
export const registerTable = (map: RegisterMap): string => {
  checkedMap(map)
  const cell = (text: string): string => plain(text).replaceAll('|', '\\|')
  return [
    '| offset | register | bits | field | access | reset | |',
    '|---|---|---|---|---|---|---|',
    ...map.registers.flatMap((register) =>
      register.fields.map((field, k) => {
        const { name, low, width, access, reset = 0, doc } = field
        const [offset, title] = k === 0 ? [`\`${hex(register.offset, 2)}\``, `\`${register.name}\``] : ['', '']
        const bits = width === 1 ? String(low) : `${low + width - 1}:${low}`
        const locked = field.lockedBy === undefined ? '' : ` Locked while \`${field.lockedBy}\`.`
        const values = valuesOf(field).map(([value, code]) => `${code} \`${value}\``)
        const named = values.length === 0 ? '' : ` Values: ${values.join(', ')}.`
        const start = access === 'ro' || access === 'w1s' ? '' : hex(reset)
        const text = name === 'value' ? `${register.doc} ${doc}`.trim() : doc
        return `| ${offset} | ${title} | ${bits} | ${name === 'value' ? '' : `\`${name}\``} | ${access} | ${start} | ${cell(text)}${named}${locked} |`
      }),
    ),
    '',
  ].join('\n')
}
