import { join } from 'node:path'
import { UserError } from '../base/user-error.ts'
import { type AddOptions, addModel, removeModel } from '../llm/store/add-model.ts'
import { modelsFolder } from '../llm/store/added-models.ts'
import { builtInModels } from '../llm/store/models.ts'
import type { Output } from './context.ts'

/** `bitloom model add`: a model gets a name. */
export const addCommand = async (
  reference: string,
  { name, file, tokenizer }: Pick<AddOptions, 'name' | 'file' | 'tokenizer'>,
  output: Output,
): Promise<void> => {
  if (reference.trim() === '') throw new UserError('E-MODEL-MISSING', 'there is no package or path; give one')
  const added = await addModel(reference, {
    progress: output.progress,
    ...(name === undefined ? {} : { name }),
    ...(file === undefined ? {} : { file }),
    ...(tokenizer === undefined ? {} : { tokenizer }),
  })
  const folder = join(modelsFolder(), added.name)
  const bytes = added.files.reduce((sum, one) => sum + one.bytes, 0)
  const { schema: _, ...said } = added
  output.result({ ...said, folder, bytes })
  output.print(`${added.name}: ${added.summary}\n${megabytes(bytes)} MB in ${folder}`)
  output.print(`use it with --model ${added.name}`)
}

/** `bitloom model remove`: the room that a model takes. */
export const removeCommand = async (name: string, output: Output): Promise<void> => {
  const bytes = await removeModel(name, { progress: output.progress })
  const builtIn = builtInModels.some(({ id }) => id === name)
  output.result({ name, bytes })
  output.print(
    `removed ${name}, ${megabytes(bytes)} MB${builtIn ? '; it is built in and fetched again where it is used' : ''}`,
  )
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
