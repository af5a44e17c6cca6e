import type { Answer } from '../../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../../http/captured.ts';
import { type Fields, isFields } from '../../openai/check.ts';
import { Refusal } from '../../openai/refusal.ts';
import { asyncOperations } from './async-invoke.ts';
import { claudeMessages, mantleMessages } from './claude-messages.ts';
import type { Context } from './context.ts';
import { applyGuardrail, availability, countTokens, foundationModel, foundationModels, inferenceProfile, inferenceProfiles } from './control.ts';
import { converse, converseStream } from './converse.ts';
import { invoke, invokeStream } from './invoke.ts';
import { fieldsIn, jsonAnswer, type Operation, stream } from './operation.ts';
import { refuse } from './refusal.ts';

/** InvokeModel hands the body to a model, which words its refusals itself. */
const invokeBody = (request: CapturedRequest): Fields => {
  const type = request.header('content-type') ?? 'application/json';
  if (!type.startsWith('application/json')) throw refuse.validation(`Invalid content type: ${type}`);
  const identifier = request.header('x-amzn-bedrock-guardrailidentifier');
  if (identifier !== undefined && request.header('x-amzn-bedrock-guardrailversion') === undefined) {
    throw refuse.validation('Guardrail identifier and version must be provided together.');
  }
  try {
    const value = request.json();
    if (isFields(value)) return value;
  } catch {}
  throw refuse.validation('Malformed input request, please reformat your input and try again.');
};

/** Families that speak OpenAI's format refuse in its words, as a ValidationException. */
const inBedrockWords = <T>(make: () => T): T => {
  try {
    return make();
  } catch (cause) {
    throw cause instanceof Refusal ? refuse.validation(cause.message) : cause;
  }
};

const tierOf = (request: CapturedRequest): HeaderPairs => {
  const tier = request.header('x-amzn-bedrock-service-tier');
  return tier === undefined ? [] : [['X-Amzn-Bedrock-Service-Tier', tier]];
};

/** Lists of what this account has none of. */
const empty: readonly Operation[] = [
  ['custom-models', 'modelSummaries'],
  ['imported-models', 'modelSummaries'],
  ['provisioned-model-throughputs', 'provisionedModelSummaries'],
  ['prompt-routers', 'promptRouterSummaries'],
  ['guardrails', 'guardrails'],
].map(([name, member = '']) => ({ method: 'GET', path: new RegExp(`^/${name}$`), handle: () => jsonAnswer({ [member]: [] }) }));

const operations: readonly Operation[] = [
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/converse$/,
    handle: ({ call, request, params: [id = ''] }) => jsonAnswer(converse(call, call.models.require(id), fieldsIn(request))),
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/converse-stream$/,
    handle: ({ call, request, params: [id = ''] }) => ({
      status: 200,
      headers: stream,
      body: converseStream(call, call.models.require(id), fieldsIn(request)),
    }),
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/invoke$/,
    handle: ({ call, request, params: [id = ''] }) => {
      const model = call.models.require(id);
      const { body, input, output } = inBedrockWords(() => invoke(call, model, invokeBody(request)));
      return jsonAnswer(body, [
        ['X-Amzn-Bedrock-Input-Token-Count', String(input)],
        ...(model.output === 'TEXT' ? [['X-Amzn-Bedrock-Output-Token-Count', String(output)] as const] : []),
        ['X-Amzn-Bedrock-Invocation-Latency', '400'],
        ...tierOf(request),
      ]);
    },
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/invoke-with-response-stream$/,
    handle: ({ call, request, params: [id = ''] }) => {
      const model = call.models.require(id);
      const body = inBedrockWords(() => invokeStream(call, model, invokeBody(request)));
      return { status: 200, headers: [...stream, ['X-Amzn-Bedrock-Content-Type', 'application/json'], ...tierOf(request)], body };
    },
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/count-tokens$/,
    handle: ({ call, request, params: [id = ''] }) => jsonAnswer(countTokens(call, id, fieldsIn(request))),
  },
  {
    method: 'POST',
    path: /^\/guardrail\/([^/]+)\/version\/([^/]+)\/apply$/,
    handle: ({ call, request, params: [id = '', version = ''] }) => jsonAnswer(applyGuardrail(call, id, version, fieldsIn(request))),
  },
  { method: 'GET', path: /^\/foundation-models$/, handle: ({ call, query }) => jsonAnswer(foundationModels(call, query)) },
  { method: 'GET', path: /^\/foundation-models\/([^/]+)$/, handle: ({ call, params: [id = ''] }) => jsonAnswer(foundationModel(call, id)) },
  { method: 'GET', path: /^\/inference-profiles$/, handle: ({ call, query }) => jsonAnswer(inferenceProfiles(call, query)) },
  { method: 'GET', path: /^\/inference-profiles\/([^/]+)$/, handle: ({ call, params: [id = ''] }) => jsonAnswer(inferenceProfile(call, id)) },
  { method: 'GET', path: /^\/foundation-model-availability\/([^/]+)$/, handle: ({ call, params: [id = ''] }) => jsonAnswer(availability(call, id)) },
  claudeMessages,
  ...asyncOperations,
  ...empty,
];

/** A slash that stands in an id as it is cuts it in two (wire §1.3). */
const CUT_ID = /^\/model\/[^/]+\/.+\/(?:invoke|invoke-with-response-stream|converse|converse-stream|count-tokens)$/;

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** The answer of the operation that the method and the raw path name. `mantle`: of the host that speaks the APIs of OpenAI and Anthropic alone. */
export const operate = (call: Context, request: CapturedRequest, mantle = false): Answer => {
  const openai = call.openai.answer(request);
  if (openai !== undefined) return openai;
  for (const { method, path, handle } of mantle ? mantleMessages : operations) {
    const match = path.exec(request.path);
    if (match === null || method !== request.method) continue;
    const query = new URLSearchParams(request.target.slice(request.path.length));
    return handle({ call, request, params: match.slice(1).map(decoded), query });
  }
  if (!mantle && request.method === 'POST' && CUT_ID.test(request.path)) throw refuse.validation('The provided model identifier is invalid.');
  return {
    status: 404,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-ErrorType', 'UnknownOperationException:http://internal.amazon.com/coral/com.amazon.coral.service/'],
    ],
    body: Buffer.from(JSON.stringify({ Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' })),
  };
};
