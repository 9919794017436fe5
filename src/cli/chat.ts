import { createInterface } from 'node:readline'
import { UserError } from '../base/user-error.ts'
import { type Answer, openChat } from '../llm/chat.ts'
import { parameterCountOf } from '../llm/model.ts'
import { openModel } from '../llm/open-model.ts'
import { createSampler } from '../llm/sample.ts'
import { type BackendRequest, backendOf, checkBackend } from './backend.ts'
import type { Output } from './context.ts'
import { textsOf } from './lines.ts'
import { ownQuantiser, quantiserFrom } from './quantiser-from.ts'
import { type CalibrationRequest, calibratorFor } from './windows.ts'

export interface ChatRequest extends BackendRequest, CalibrationRequest {
  readonly model: string
  readonly tokenizer?: string
  /** One message; without it messages are typed, or are the lines of standard input. */
  readonly prompt?: string
  /** Most tokens of an answer. */
  readonly tokens: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  /** `float` unless given. */
  readonly quant?: string
  /** Longest conversation, in tokens. */
  readonly context?: number
}

/** Longest conversation unless said: keys and values of a token are kept, as float32. */
const usualContext = 4096

interface Exchange extends Answer {
  readonly prompt: string
}

/** `bitloom chat`: answers of a model as they come, to one message or to many. */
export const chatCommand = async (request: ChatRequest, output: Output): Promise<void> => {
  const asked = quantiserFrom(request.quant ?? 'float')
  const calibrationOf = calibratorFor([asked], request)
  checkBackend(request.backend)
  const sampler = createSampler(request)
  const { progress } = output
  const opened = await openModel(request.model, {
    progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  const { model } = opened
  const quantiser = ownQuantiser(opened, request.quant) ?? asked
  const template = opened.chatTemplate()
  const context = contextOf(request, model.config.sequence, model.name)
  const typed = request.prompt === undefined && process.stdin.isTTY === true
  const calibration = calibrationOf(opened)
  const quantised = await quantiser.prepare(model, { ...(calibration ? { calibration } : {}), progress })
  progress.stop()
  const backend = await backendOf(quantised, request, output)
  const exchanges: Exchange[] = []
  const chat = openChat({ backend, opened, template, sampler, tokens: request.tokens, context })
  /** The answer that is on its way. */
  let current: { tokens: number; since: number } | undefined
  const ask = async (prompt: string): Promise<Exchange> => {
    current = { tokens: 0, since: performance.now() }
    // A text that is continued is shown whole, when it is known that it can be.
    let before = template ? '' : prompt
    const write = (text: string): void => {
      output.write(before + text)
      before = ''
    }
    const said = await chat.say(prompt, (text) => {
      if (current?.tokens === 0) current.since = performance.now()
      if (current) current.tokens++
      write(text)
    })
    current = undefined
    write('')
    output.print('')
    if (said.forgotten > 0)
      progress.say(`the conversation grew too long: its first ${said.forgotten} exchanges are forgotten`)
    return { prompt, ...said }
  }
  const interrupted = (): void => {
    // The next listener ends the process.
    output.print('')
    const seconds = (performance.now() - (current?.since ?? 0)) / 1000
    const partial = current ? [{ ...nothing, tokens: current.tokens, seconds }] : []
    progress.say(`interrupted; ${closingLine(sumsOf([...exchanges, ...partial]), backend.name)}`)
  }
  process.prependListener('SIGINT', interrupted)
  if (request.prompt === undefined && !template)
    progress.say(`${model.name} has no chat template: each line is the beginning of a text, which it continues`)
  try {
    for await (const prompt of request.prompt === undefined ? messagesOf(typed) : [request.prompt]) {
      try {
        exchanges.push(await ask(prompt))
      } catch (error) {
        if (!typed || !(error instanceof UserError)) throw error
        output.complain(`bitloom: ${error.message}`)
      }
    }
    if (exchanges.length === 0 && !typed)
      throw new UserError('E-PROMPT-EMPTY', 'there is no message: give --prompt, or lines on standard input')
    const sums = sumsOf(exchanges)
    output.result({
      model: model.name,
      quantiser: quantiser.spec,
      backend: backend.name,
      template: template !== undefined,
      exchanges: exchanges.map(({ prompt, answer, promptTokens, tokens, stopped }) => ({
        prompt,
        answer,
        prompt_tokens: promptTokens,
        tokens,
        stopped,
      })),
      ...sums,
      provenance: {
        model: opened.source,
        model_sha256: opened.sha256,
        parameters: parameterCountOf(model),
        weights: quantiser.weights,
        activations: quantiser.activations,
        sampling:
          request.temperature === 0
            ? 'greedy'
            : `temperature ${request.temperature}, top-p ${request.topP}, seed ${request.seed}`,
        context_tokens: context,
        rates:
          'tokensPerSecond of answers behind their first token, promptTokensPerSecond of what was read before them',
      },
    })
    if (exchanges.length > 0) progress.say(closingLine(sums, backend.name))
  } finally {
    process.removeListener('SIGINT', interrupted)
    chat.close()
    backend.close()
  }
}

const contextOf = ({ context }: ChatRequest, sequence: number, name: string): number => {
  if (context !== undefined && context > sequence)
    throw new UserError('E-OPTION', `--context ${context} does not fit model ${name}; give 2 to ${sequence} tokens`)
  return context ?? Math.min(sequence, usualContext)
}

/** Messages that are not empty: typed ones, or lines of standard input. */
const messagesOf = (typed: boolean): AsyncGenerator<string> => (typed ? typedLines() : pipedLines())

async function* typedLines(): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, prompt: '> ' })
  // The terminal is raw while lines are read, and Ctrl-C a key like others.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    lines.prompt()
    for await (const line of lines) {
      if (line.trim() !== '') yield line
      lines.prompt()
    }
  } finally {
    lines.close()
  }
}

async function* pipedLines(): AsyncGenerator<string> {
  for await (const lines of textsOf(process.stdin)) for (const line of lines) if (line.trim() !== '') yield line
}

interface Counts {
  readonly tokens: number
  readonly seconds: number
  readonly promptTokens: number
  readonly promptSeconds: number
}
const nothing: Counts = { tokens: 0, seconds: 0, promptTokens: 0, promptSeconds: 0 }

interface Sums {
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly promptTokens: number
  readonly promptTokensPerSecond: number
  readonly seconds: number
}

const sumsOf = (answers: readonly Counts[]): Sums => {
  const sum = (key: keyof Counts): number => answers.reduce((total, counts) => total + counts[key], 0)
  const rate = (count: number, seconds: number): number => (count <= 0 ? 0 : Number((count / seconds).toPrecision(3)))
  const [tokens, promptTokens] = [sum('tokens'), sum('promptTokens')]
  // The first token of an answer comes out of its prompt.
  const behindFirst = answers.reduce((total, counts) => total + Math.max(0, counts.tokens - 1), 0)
  return {
    tokens,
    tokensPerSecond: rate(behindFirst, sum('seconds')),
    promptTokens,
    promptTokensPerSecond: rate(promptTokens, sum('promptSeconds')),
    seconds: Number((sum('seconds') + sum('promptSeconds')).toFixed(3)),
  }
}

/** `20 tokens at 5.2 tokens/s behind 51 of prompts at 55.6 tokens/s (cpu)`, without a rate where there is none. */
const closingLine = (sums: Sums, backend: string): string => {
  const at = (rate: number): string => (rate === 0 ? '' : ` at ${rate} tokens/s`)
  const { tokens, tokensPerSecond, promptTokens, promptTokensPerSecond } = sums
  const prompts = promptTokens === 0 ? '' : ` behind ${promptTokens} of prompts${at(promptTokensPerSecond)}`
  return `${tokens} token${tokens === 1 ? '' : 's'}${at(tokensPerSecond)}${prompts} (${backend})`
}
