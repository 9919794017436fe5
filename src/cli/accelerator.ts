import { knownName } from '../base/suggestion.ts'

/** What an array stands in, the default first: nothing, or a co-processor with AXI buses. */
export const acceleratorNames = ['array', 'axi'] as const
export type AcceleratorName = (typeof acceleratorNames)[number]

/** The accelerator of that name, an array unless said; another name is a UserError. */
export const acceleratorNamed = (name: string = acceleratorNames[0]): AcceleratorName =>
  knownName('E-ACCEL', 'accelerator', name, acceleratorNames)

/** What stays in an array's cells, the default first: sums, or weights. */
export const dataflowNames = ['output-stationary', 'weight-stationary'] as const
export type DataflowName = (typeof dataflowNames)[number]

/** The dataflow of that name, output-stationary unless said; another name is a UserError. */
export const dataflowNamed = (name: string = dataflowNames[0]): DataflowName =>
  knownName('E-DATAFLOW', 'dataflow', name, dataflowNames)
