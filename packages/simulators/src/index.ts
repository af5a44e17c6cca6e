export { type Expectations, type ExpectedError, type ExpectedToolCall, expectations } from './expectations.ts';
export type { CapturedRequest, HeaderPairs, Progress } from './http/captured.ts';
export type { Fault, Rule } from './http/fault.ts';
export type { Match, Peer, PeerOptions } from './http/peer.ts';
export { type Rechunk, rechunk } from './http/rechunk.ts';
export { type OpenaiSimulatorOptions, openaiSimulator, type Simulator } from './openai/simulator.ts';
export { type Recording, type RecordingFilter, recordedPath, recording, recordings } from './recordings.ts';
export { type ReplayOptions, recordedBytes } from './replay.ts';
