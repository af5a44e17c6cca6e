import {
  asNumber,
  asObject,
  type Call,
  type ChatRequest,
  ENVELOPE,
  type Endpoint,
  type Fields,
  GatewayError,
  look,
  lostTo,
  type Seal,
  type Surface,
  stringifyJson,
  type UpstreamReply,
  withSafeNames,
} from '@llm-proxy-auth/plugin';
import { replyObject } from '../chat/read-reply.ts';
import { furtherModels } from '../further-models.ts';
import { IDS } from '../named-ids.ts';
import { route } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';
import { names, spellings } from './names.ts';
import { plainly } from './plainly.ts';
import { isOwn, readRequest, writeRequest } from './request.ts';
import { OPENAI } from './wire.ts';

const NAME = 'responses-input-tokens';

/** Members of `POST /responses/input_tokens` that count. https://platform.openai.com/docs/api-reference/responses/input-tokens */
const COUNTED: readonly string[] = Object.freeze(['model', 'instructions', 'input', 'tools', 'tool_choice', 'parallel_tool_calls', 'text']);
/** How an answer is made counts nothing of what is asked. */
const STEERING = ['maxTokens', 'stop', 'sampling', 'reasoning', 'logprobs', 'user', 'tier', 'metadata', 'prediction', 'verbosity'] as const;

const write = (request: ChatRequest, call: Call): { readonly body: Fields } => {
  if (isOwn(request)) return { body: writeRequest(request, { ...call, stream: false }) };
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
const isOwnSurface = (target: Endpoint | undefined): boolean => target === undefined || (target.dialect === OPENAI && target.surface === NAME);
/** `POST /responses/input_tokens`: what an input comes to, at every provider that counts. `seal` opens what other vendors signed. */
export const countTokens = (seal: Seal): Surface<'countTokens'> =>
  Object.freeze({
    name: NAME,
    operation: 'countTokens',
    routes: route('POST', '/responses/input_tokens'),
    body: ['json'],
    governed: { model: ['model'], stream: 'route' },
    reach: { class: 'inference', ids: IDS.counting },
    framing: 'json',
    marks: [`"${ENVELOPE}`],
    client: {
      names,
      spellings,
      read: (inbound, ledger, target) =>
        isOwnSurface(target) ? readRequest(inbound, seal, 'carry', ledger) : readRequest(plainly(inbound, ledger), seal, 'refuse', ledger),
      write: ({ input }) => ({
        headers: ['content-type', 'application/json'],
        body: stringifyJson({ object: 'response.input_tokens', input_tokens: input }),
      }),
    },
    provider: { write, read },
    furtherModels,
    tap: jsonTap,
  } satisfies Surface<'countTokens'>);
