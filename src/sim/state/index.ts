export { designDigest } from './digest.ts'
export { type EngineState, restoreState, saveState, stateOfText, stateText } from './state.ts'
