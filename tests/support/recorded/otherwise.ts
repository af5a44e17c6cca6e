import type { CLIENTS } from './clients.ts';

type Dialect = keyof typeof CLIENTS;
/** How a client reads a recording otherwise than its vendor's own, and why. */
export interface Otherwise {
  readonly clients: readonly Dialect[];
  readonly why: string;
  /** False: it is asked without thinking. */
  readonly asksThoughts?: false;
  /** What it is shown of the thinking. */
  readonly thoughts?: string;
}
const RESPONSES: Otherwise = {
  clients: ['anthropic', 'converse', 'gemini'],
  why: 'who wants thinking of a reasoning model of OpenAI is answered by Responses: tests/reasoning-shown.test.ts; what was recorded is of chat',
  asksThoughts: false,
};
const UNSIGNED: Otherwise = {
  clients: ['openai'],
  why: 'thinking that nobody signed has no place in chat completions, as the dialect’s README says',
  thoughts: '',
};
/** The exceptions of tests/recordings-clients.test.ts; every other recorded conversation says to each client what it says to its vendor's own. */
export const OTHERWISE: Readonly<Record<string, Otherwise>> = {
  'azure_openai/chat-completions-stream-reasoning-o4-mini-e9eaa8.json': RESPONSES,
  'azure_openai/chat-completions-stream-tools-o4-mini-2a361e.json': RESPONSES,
  'watsonx/text-chat-reasoning-gpt-oss-ca8534.json': UNSIGNED,
  'watsonx/text-chat-stream-reasoning-gpt-oss-ce52c7.json': UNSIGNED,
};
