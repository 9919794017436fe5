import { UserError } from '../base/user-error.ts'
import { HdlError } from '../dsl/error.ts'

/**
 * What is said of an error, and the exit code: a user's mistake is its sentence, a fault of ours goes with its stack. The
 * components behind the commands are all ours, and so is what their JavaScript throws.
 */
export const failureOf = (error: unknown): { readonly text: string; readonly exitCode: number } => {
  const isOurs = !(error instanceof UserError) || (error instanceof HdlError && error.code === 'E-LOGIC')
  if (!isOurs) return { text: error.message, exitCode: error.exitCode }
  const at = error instanceof HdlError ? `${error.message}: ` : ''
  const thrown = error instanceof HdlError ? error.thrown : error
  return {
    text: `a fault of bitloom itself, please report it: ${at}${(thrown as Error | undefined)?.stack ?? thrown}`,
    exitCode: 1,
  }
}
