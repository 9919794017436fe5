import {
  bits,
  bool,
  clock,
  component,
  enumeration,
  fixed,
  on,
  range,
  record,
  s,
  stream,
  u,
  vec,
} from '../../../src/dsl/index.ts'
import { maker } from '../maker.ts'
import type { Faults } from './faults.ts'

/** Shapes, parameters and descriptions that cannot be. */
export const shapes: Faults = {
  file: import.meta.filename,
  all: {
    'a width of nothing': () => u(0), // <-
    'half a bit': () => s(2.5), // <-
    'a width that is text': () => bits('8' as never), // <-
    'a width that fills the memory': () => u(2 ** 40), // <-
    'a range the wrong way round': () => range(4, -4), // <-
    'a bound that is not exact': () => range(0, 2 ** 60), // <-
    'a range of a million bits': () => range(0, 1n << 1_000_000n), // <-
    'a vector of nothing': () => vec(0, bool), // <-
    'a vector without a shape': () => vec(4, undefined as never), // <-
    'a vector of streams': () => vec(4, stream(bool) as never), // <-
    'a vector of vectors that fills the memory': () => vec(50_000, vec(50_000, bool)), // <-
    'a stream of a stream': () => stream(stream(bool) as never), // <-
    'a stream whose data is on a clock alone': () => stream(on(clock('pixel'), bool)), // <-
    'half a term': () => s(8).sumOf(1.5), // <-
    'bits behind the point that are not there': () => fixed(s(8), -1), // <-
    'a record of nothing': () => record({}), // <-
    'a field called next': () => record({ next: bool }), // <-
    'a field called 0': () => record({ 0: bool }), // <-
    'a field without a shape': () => record({ sign: 1 as never }), // <-
    'an enumeration with a space in it': () => enumeration('my mode', ['a', 'b']), // <-
    'an enumeration of one': () => enumeration('mode', ['only']), // <-
    'a value called 1': () => enumeration('mode', ['0', '1']), // <-
    'a value that is there twice': () => enumeration('mode', ['idle', 'load', 'idle']), // <-
    'values that differ in case alone': () => enumeration('mode', ['idle', 'Idle']), // <-
    'a shape inside a component': () =>
      maker({}, {}, (_, { regs }) => {
        regs({ held: u(65).sumOf(-1) }) // <-
        return {}
      }),

    'an input without a shape': () =>
      component('ports', (_: object) => ({ in: { a: 8 as never }, out: {}, logic: () => ({}) }))({}).module, // <-
    'an output with the function of a shape': () => {
      const Ports = component('ports', (_: object) => ({ in: {}, out: { y: u }, logic: () => ({}) }) as never) // <-
      return Ports({}).module
    },
    'a register without a shape': () =>
      maker({}, {}, (_, { regs }) => {
        regs({ held: 8 as never }) // <-
        return {}
      }),
    'a wire without a shape': () =>
      maker({}, {}, (_, { wires }) => {
        wires({ back: { bits: 8 } as never }) // <-
        return {}
      }),
    'a description without parentheses': () => component('mac', () => undefined as never)({}), // <-
    'a description without logic': () => component('mac', () => ({ in: {}, out: {} }) as never)({}), // <-
    'no parameters at all': () =>
      component('mac', (_: { width: number }) => ({ in: {}, out: {}, logic: () => ({}) }))(undefined as never), // <-
    'a list with a table in it': () =>
      component('mac', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({ tables: [new Map(), 2] }), // <-
    'a parameter that goes in circles': () => {
      const circle: Record<string, unknown> = {}
      circle.self = circle
      return component('mac', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({ circle }) // <-
    },
    'a parameter that is a function': () =>
      component('mac', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({ round: Math.floor }), // <-
    'a module that is called like nothing': () =>
      component('', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({}), // <-
    'a module that is called like a keyword': () =>
      component('module', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({}), // <-
  },
}
