export type { SignalPattern } from './select.ts'
export { type Radix, type TextWaveOptions, textWave } from './text.ts'
export { type Trace, type TraceOptions, trace } from './trace.ts'
export { type VcdOptions, vcdText, writeVcd } from './vcd.ts'
export {
  signalsOf,
  valueIn,
  type WaveClock,
  type WaveScope,
  type WaveSignal,
  type Waves,
} from './waves.ts'
