import {
  asNumber,
  asObject,
  type Call,
  type ChatRequest,
  type Fields,
  GatewayError,
  look,
  lostTo,
  type Surface,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { replyObject } from '../chat/read-reply.ts';
import { INFERENCE } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';
import { withSafeNames } from '../tool-names.ts';
import { writeRequest } from './request.ts';

/** Members of `POST /responses/input_tokens` that count. https://platform.openai.com/docs/api-reference/responses/input-tokens */
const COUNTED: readonly string[] = Object.freeze(['model', 'instructions', 'input', 'tools', 'tool_choice', 'parallel_tool_calls', 'text']);
/** How an answer is made counts nothing of what is asked. */
const STEERING = ['maxTokens', 'stop', 'sampling', 'reasoning', 'logprobs', 'user', 'tier', 'metadata', 'prediction', 'verbosity'] as const;

const write = (request: ChatRequest, call: Call): { readonly body: Fields } => {
  for (const name of STEERING) look(request[name]);
  const { turns, tools, toolChoice, parallelTools, output, webSearch } = withSafeNames(request, lostTo(call.ledger)).request;
  const body = writeRequest({ turns, tools, toolChoice, parallelTools, output, webSearch, choices: 1 }, { ...call, stream: false });
  return { body: Object.fromEntries(COUNTED.filter((name) => body[name] !== undefined).map((name) => [name, body[name]])) };
};
const read = (reply: UpstreamReply): { readonly input: number } => {
  const input = asNumber(asObject(replyObject(reply))?.input_tokens);
  if (input === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without a count.');
  return { input };
};
/** Counting for clients of other dialects; OpenAI's own pass. */
export const countTokens: Surface<'countTokens'> = Object.freeze({
  name: 'count-tokens',
  operation: 'countTokens',
  routes: [],
  body: ['json'],
  governed: { model: ['model'], stream: 'route' },
  reach: INFERENCE,
  framing: 'json',
  provider: { write, read },
  tap: jsonTap,
} satisfies Surface<'countTokens'>);
