/** Widths of a weight in bits, in the order of columns. */
export const widths = [8, 6, 4, 3] as const
export type Width = (typeof widths)[number]

/** A row of a table: a quantiser at the widths that it has. */
export interface Row {
  readonly title: string
  /** The quantiser of each width, for groups of that many weights; absent where there is none. */
  readonly specs: Readonly<Partial<Record<Width, (group: number) => string>>>
}

type OfWidth = (width: Width, group: number) => string

/** A row whose quantiser is written alike at all widths. */
const row = (title: string, of: OfWidth, has: readonly Width[] = widths): Row => ({
  title,
  specs: Object.fromEntries(has.map((width) => [width, (group: number) => of(width, group)])),
})

/** A row with the text of each width. */
const formats = (
  title: string,
  names: Partial<Record<Width, string>>,
  of: (name: string, group: number) => string,
): Row =>
  row(
    title,
    (width, group) => of(names[width]!, group),
    widths.filter((width) => names[width] !== undefined),
  )

/** Parameters of integers that are not the usual ones, each with its comma. */
const integers =
  (more = ''): OfWidth =>
  (width, group) =>
    `group-integer(w=int${width}, group=${group}${more})`

const bitmodNames = { 8: 'int8', 6: 'int6', 4: 'fp4', 3: 'fp3' } as const
const bitmod: OfWidth = (width, group) => `bitmod(w=${bitmodNames[width]}, group=${group})`
const scaled = (name: string, group: number): string => `scaled(w=${name}, group=${group})`
const block = (name: string): string => `block(w=${name})`
const around =
  (outer: string, inner: OfWidth): OfWidth =>
  (width, group) =>
    `${outer}(of=${inner(width, group)})`

const symmetric = integers(', weights=symmetric')
const asymmetric = integers()
const quantisedInputs = integers(', weights=symmetric, a=int8')

/** Every row, in the order of the page and of measuring. */
export const rows: readonly Row[] = [
  row('integers, symmetric', symmetric),
  row('integers, asymmetric', asymmetric),
  row('integers, asymmetric, a channel', (width) => `group-integer(w=int${width}, per=channel)`),
  row('BitMoD', bitmod),
  row('GPTQ, asymmetric', around('gptq', asymmetric)),
  row('GPTQ, BitMoD', around('gptq', bitmod)),
  row('AWQ, asymmetric', around('awq', asymmetric)),
  row('AWQ, BitMoD', around('awq', bitmod), [4, 3]),
  row('GPTQ, symmetric', around('gptq', symmetric)),
  row('AWQ and GPTQ, BitMoD', around('awq', around('gptq', bitmod)), [4, 3]),
  row('Hadamard, asymmetric', around('hadamard', asymmetric)),
  formats('`e4m3`, `e2m3`, `fp4`, `fp3`', { 8: 'e4m3', 6: 'e2m3', 4: 'fp4', 3: 'fp3' }, scaled),
  formats('`posit(8,0)`, `e3m2`, `posit(4,1)`', { 8: 'posit(8,0)', 6: 'e3m2', 4: 'posit(4,1)' }, scaled),
  formats('NF4', { 4: 'nf4' }, scaled),
  formats('MXFP8 E4M3, MXFP6 E2M3, MXFP4', { 8: 'mxfp8(e4m3)', 6: 'mxfp6(e2m3)', 4: 'mxfp4' }, block),
  formats('MXINT8, MXFP6 E3M2, NVFP4', { 8: 'mxint8', 6: 'mxfp6(e3m2)', 4: 'nvfp4' }, block),
  formats('NVINT4', { 4: 'nvint4' }, block),
  row('MixPE, FP16 activations', (width, group) => `mixpe(w=int${width}, group=${group}, a=fp16)`),
  row('integers, symmetric, INT8 activations', quantisedInputs),
  row('SmoothQuant, symmetric, INT8 activations', around('smoothquant', quantisedInputs)),
  row('OliVe, a channel', (width) => `olive(normal=int${width})`, [8, 4]),
  row('OliVe, a group', (width, group) => `olive(normal=int${width}, per=group, group=${group})`, [8, 4]),
  row('MixPE, INT8 activations', (width, group) => `mixpe(w=int${width}, group=${group})`),
  row('ANT, a channel', (width) => `ant(bits=${width})`),
  row('ANT, a type a group', (width, group) => `ant(bits=${width}, per=group, group=${group}, type=scale)`),
  row('integers, asymmetric, clipped', integers(', clip=mse')),
  formats(
    'XR-NPE, activations as weights: `posit(8,0)`, `fp4`',
    { 8: 'posit(8,0)', 4: 'fp4' },
    (name, group) => `xrnpe(w=${name}, group=${group}, a=${name})`,
  ),
]
