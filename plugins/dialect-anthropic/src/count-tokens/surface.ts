import { Buffer } from 'node:buffer';
import {
  asNumber,
  asObject,
  type Building,
  type Call,
  type ChatRequest,
  ENVELOPE,
  type Fields,
  GatewayError,
  type Seal,
  type Surface,
  stringifyJson,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { familyOf } from '../families.ts';
import { furtherModels } from '../further-models.ts';
import { refusedBetas } from '../messages/betas.ts';
import { discloseRequest } from '../messages/foreign-thinking.ts';
import { names, spellings } from '../messages/names.ts';
import { refuseOwnMedia } from '../messages/own-media.ts';
import { readRequest } from '../messages/read-request.ts';
import { replyObject } from '../messages/reply.ts';
import { writeRequest } from '../messages/write-request.ts';
import { COUNTING } from '../named-ids.ts';
import { route } from '../routes.ts';
import { jsonTap } from '../tap-json.ts';

/** Members of messages that a count refuses: what steers the answer, or bills it. */
const REFUSED: readonly string[] = Object.freeze([
  'max_tokens',
  'stream',
  'stop_sequences',
  'metadata',
  'temperature',
  'top_p',
  'top_k',
  'service_tier',
  'inference_geo',
  'container',
  'diagnostics',
]);
/** Places in the conversation that count nothing, so that nothing is lost with them. */
const STEERING: ReadonlySet<string> = new Set(['maxTokens', 'stop', 'sampling', 'user', 'tier', 'verbosity', 'metadata', 'prediction', 'choices', 'logprobs']);
const counting = (ledger: Call['ledger']): Call['ledger'] => ({
  note(kind, param, why) {
    if (!STEERING.has(param.split('.', 1)[0] ?? '')) ledger.note(kind, param, why);
  },
});
const BEDROCK = 'bedrock-invoke';
/** Bedrock counts a whole body of InvokeModel, which has a limit of tokens, and one above what the model may think. */
const enveloped = (body: Fields, { model, like }: Call): Fields => {
  const limit = Math.max(familyOf(like ?? model).maxOutput, (asNumber(asObject(body.thinking)?.budget_tokens) ?? 0) + 1);
  return { input: { invokeModel: { body: Buffer.from(stringifyJson({ ...body, max_tokens: limit })).toString('base64') } } };
};
const write = (request: ChatRequest, call: Call) => {
  const { body, headers, memo } = writeRequest(
    { ...request, choices: 1, logprobs: undefined, maxTokens: undefined },
    { ...call, stream: false, ledger: counting(call.ledger) },
  );
  const counted: Building = { ...body };
  for (const name of REFUSED) delete counted[name];
  return { body: call.endpoint.profile === BEDROCK ? enveloped(counted, call) : counted, headers, memo };
};
const read = (reply: UpstreamReply, { endpoint }: Call): { readonly input: number } => {
  const o = replyObject(reply);
  const input = asNumber(endpoint.profile === BEDROCK ? o.inputTokens : o.input_tokens);
  if (input === undefined) throw new GatewayError('upstream_bad_response', 'The provider answered without a count.');
  return { input };
};

/** `POST /messages/count_tokens`. `seal` opens what other vendors signed. */
export const countTokens = (seal: Seal): Surface<'countTokens'> =>
  Object.freeze({
    name: 'count_tokens',
    operation: 'countTokens',
    routes: route('POST', '/messages/count_tokens', { stream: false }),
    body: ['json'],
    governed: { model: ['model'], stream: 'route' },
    reach: COUNTING,
    marks: [`"${ENVELOPE}`],
    framing: 'json',
    client: {
      names,
      spellings,
      read: (inbound, _ledger, target) => discloseRequest(refuseOwnMedia(readRequest(inbound), target), seal),
      write: ({ input }) => ({ headers: ['content-type', 'application/json'], body: stringifyJson({ input_tokens: input }) }),
    },
    provider: { write, read, refusal: refusedBetas },
    furtherModels,
    tap: jsonTap,
  } satisfies Surface<'countTokens'>);
