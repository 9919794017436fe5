/** What sees each net, all lists in one array: `items[from[net]]` up to `items[from[net + 1]]` are those of a net. */
export interface SeenBy {
  readonly from: Int32Array
  /** Numbers of cells. */
  readonly cells: Int32Array
  /** The bit of the net's variable in the situation of that cell. */
  readonly masks: Int32Array
  /** 1 where the variable is the inverse of the net. */
  readonly inverted: Uint8Array
}

/** One way in which a cell sees a net. */
export interface Sight {
  readonly net: number
  readonly cell: number
  readonly mask: number
  readonly inverted: boolean
}

/** Sorts by nets, numbers below `nets`; those of a net stay in their order. */
export const seenByNet = (nets: number, sights: readonly Sight[]): SeenBy => {
  const from = new Int32Array(nets + 1)
  for (const { net } of sights) from[net + 1]!++
  for (let net = 0; net < nets; net++) from[net + 1]! += from[net]!
  const next = from.slice()
  const [cells, masks] = [new Int32Array(sights.length), new Int32Array(sights.length)]
  const inverted = new Uint8Array(sights.length)
  for (const sight of sights) {
    const at = next[sight.net]!++
    cells[at] = sight.cell
    masks[at] = sight.mask
    inverted[at] = sight.inverted ? 1 : 0
  }
  return { from, cells, masks, inverted }
}
