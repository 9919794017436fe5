import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/base/user-error.ts'
import { failureOf } from '../../src/cli/failure.ts'
import { component, type HdlError, s } from '../../src/dsl/index.ts'

const thrownBy = (make: () => unknown): unknown => {
  try {
    make()
  } catch (error) {
    return error
  }
  return undefined
}

describe('what a command says of an error', () => {
  it("is a user's sentence without a stack, with its exit code", () => {
    expect(failureOf(new UserError('E-SPEC-KEY', 'no such key; choose another'))).toEqual({
      text: 'no such key; choose another',
      exitCode: 2,
    })
    expect(failureOf(new UserError('E-CHECK', 'two sums differ', { exitCode: 1 })).exitCode).toBe(1)
    const error = thrownBy(() => s(0))
    expect(failureOf(error)).toEqual({ text: (error as HdlError).message, exitCode: 2 })
  })

  it('is the stack of what is no mistake of theirs, in a component of ours too', () => {
    const { text, exitCode } = failureOf(new TypeError('x is undefined'))
    expect(text).toMatch(
      /^a fault of bitloom itself, please report it: TypeError: x is undefined\n {4}at .*failure\.test/,
    )
    expect(exitCode).toBe(1)
    const Broken = component('broken', (_: object) => ({
      in: {},
      out: {},
      logic() {
        throw new TypeError('x is undefined')
      },
    }))
    expect(failureOf(thrownBy(() => Broken({}).module)).text).toMatch(
      /^a fault .* E-LOGIC in broken \(test\/cli\/failure\.test\.ts:\d+\): .*: TypeError: x is undefined\n {4}at .*failure\.test/,
    )
  })
})
