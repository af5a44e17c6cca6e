import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../openai/check.ts';
import { count } from '../../openai/tokens.ts';
import { account } from '../credentials.ts';
import type { Context } from './context.ts';
import { readConverse } from './converse.ts';
import { readMessages } from './messages.ts';
import type { Model, Profile } from './models.ts';
import { refuse } from './refusal.ts';
import { promptTokens } from './talk.ts';

const since = '2024-12-02T00:00:00Z';

const summary = (call: Context, model: Model): Fields => ({
  customizationsSupported: [],
  inferenceTypesSupported: [
    ...(model.onDemand ? ['ON_DEMAND'] : []),
    ...(model.family === 'anthropic' || model.family === 'nova' ? ['INFERENCE_PROFILE'] : []),
  ],
  inputModalities: model.input,
  modelArn: call.models.arn(model),
  modelId: model.id,
  modelLifecycle: { status: model.id === 'anthropic.claude-v2' ? 'LEGACY' : 'ACTIVE', startOfLifeTime: since },
  modelName: model.name,
  outputModalities: [model.output],
  providerName: model.provider,
  responseStreamingSupported: model.output === 'TEXT' && !model.family.endsWith('-rerank'),
});

const keeps = (query: URLSearchParams, name: string, values: readonly string[]): boolean => {
  const wanted = query.get(name);
  return wanted === null || values.some((value) => value.toLowerCase() === wanted.toLowerCase());
};

/** ListFoundationModels: no pages. */
export const foundationModels = (call: Context, query: URLSearchParams): Fields => ({
  modelSummaries: call.models
    .list()
    .filter(
      (model) =>
        keeps(query, 'byProvider', [model.provider]) &&
        keeps(query, 'byOutputModality', [model.output]) &&
        keeps(query, 'byInferenceType', model.onDemand ? ['ON_DEMAND'] : []),
    )
    .map((model) => summary(call, model)),
});

export const foundationModel = (call: Context, id: string): Fields => {
  const found = call.models.find(id);
  if (found === undefined || found.profile !== undefined) throw refuse.validation('The provided model identifier is invalid.');
  return { modelDetails: summary(call, found.model) };
};

/** GetFoundationModelAvailability. */
export const availability = (call: Context, id: string): Fields => {
  const found = call.models.find(id);
  if (found === undefined || found.profile !== undefined) throw refuse.validation('The provided model identifier is invalid.');
  const granted = call.models.isDenied(found.model) ? 'NOT_AVAILABLE' : 'AVAILABLE';
  return {
    modelId: id,
    agreementAvailability: { status: granted },
    authorizationStatus: granted === 'AVAILABLE' ? 'AUTHORIZED' : 'NOT_AUTHORIZED',
    entitlementAvailability: granted,
    regionAvailability: 'AVAILABLE',
  };
};

const profileOf = (call: Context, profile: Profile): Fields => ({
  createdAt: since,
  description: `Routes requests to ${profile.model.name} in several regions.`,
  inferenceProfileArn: profile.arn,
  inferenceProfileId: profile.id,
  inferenceProfileName: profile.name,
  models: [{ modelArn: call.models.arn(profile.model) }],
  status: 'ACTIVE',
  type: profile.type,
  updatedAt: since,
});

const place = (token: string | null): number => {
  if (token === null) return 0;
  const at = Number(Buffer.from(token, 'base64url').toString('utf8').replace('at ', ''));
  if (!Number.isInteger(at)) throw refuse.validation('The provided token is invalid.');
  return at;
};

/** ListInferenceProfiles: pages of `maxResults`, 100 if absent. */
export const inferenceProfiles = (call: Context, query: URLSearchParams): Fields => {
  const most = Number(query.get('maxResults') ?? 100);
  if (!Number.isInteger(most) || most < 1 || most > 1000) {
    throw refuse.validation(
      `1 validation error detected: Value '${query.get('maxResults')}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000`,
    );
  }
  const all = call.models.profiles().filter(({ type }) => keeps(query, 'type', [type]));
  const from = place(query.get('nextToken'));
  const rest = from + most < all.length;
  return {
    inferenceProfileSummaries: all.slice(from, from + most).map((profile) => profileOf(call, profile)),
    ...(rest ? { nextToken: Buffer.from(`at ${from + most}`).toString('base64url') } : {}),
  };
};

export const inferenceProfile = (call: Context, id: string): Fields => {
  const found = call.models.profiles().find((one) => one.id === id || one.arn === id);
  if (found === undefined) throw refuse.notFound('The provided inference profile identifier could not be found.');
  return profileOf(call, found);
};

/** CountTokens takes ids of foundation models only, and only Claudes. */
export const countTokens = (call: Context, id: string, body: Fields): Fields => {
  const found = call.models.find(id);
  if (found === undefined) throw refuse.validation('The provided model identifier is invalid.');
  if (found.profile !== undefined || found.model.family !== 'anthropic') throw refuse.validation("The provided model doesn't support counting tokens.");
  const input = fieldsOf(body.input);
  if (isFields(input.converse)) return { inputTokens: promptTokens(readConverse(found.model, input.converse)) };
  const invoke = fieldsOf(input.invokeModel).body;
  if (typeof invoke !== 'string')
    throw refuse.validation("1 validation error detected: Value null at 'input' failed to satisfy constraint: Member must have exactly one member set");
  try {
    return { inputTokens: promptTokens(readMessages(found.model, fieldsOf(JSON.parse(Buffer.from(invoke, 'base64').toString('utf8'))))) };
  } catch (cause) {
    if (cause instanceof SyntaxError) throw refuse.validation('Malformed input request, please reformat your input and try again.');
    throw cause;
  }
};

/** ApplyGuardrail: intervenes where a text says `trip the filter`. */
export const applyGuardrail = (call: Context, id: string, version: string, body: Fields): Fields => {
  if (!/^(\d+|DRAFT)$/.test(version)) throw refuse.validation('The guardrail identifier or version provided in the request does not exist.');
  if (body.source !== 'INPUT' && body.source !== 'OUTPUT') {
    throw refuse.validation(
      `1 validation error detected: Value '${String(body.source)}' at 'source' failed to satisfy constraint: Member must satisfy enum value set: [OUTPUT, INPUT]`,
    );
  }
  const texts = listOf(body.content).map((one) => textOf(fieldsOf(one.text).text));
  const blocked = texts.some((text) => /\btrip the filter\b/i.test(text));
  const guardrailArn = id.startsWith('arn:') ? id : `arn:aws:bedrock:${call.region}:${account}:guardrail/${id}`;
  const applied = { guardrailId: id, guardrailVersion: version, guardrailArn, guardrailOrigin: ['REQUEST'] };
  const units = Math.max(1, Math.ceil(texts.join('').length / 1000));
  const usage = {
    topicPolicyUnits: units,
    contentPolicyUnits: units,
    wordPolicyUnits: 0,
    sensitiveInformationPolicyUnits: 0,
    sensitiveInformationPolicyFreeUnits: 0,
    contextualGroundingPolicyUnits: 0,
  };
  const topic = { topicPolicy: { topics: [{ name: 'filter', type: 'DENY', action: 'BLOCKED', detected: true }] } };
  const characters = count(texts.join(''));
  return {
    action: blocked ? 'GUARDRAIL_INTERVENED' : 'NONE',
    actionReason: blocked ? 'Guardrail blocked.' : 'No action.',
    assessments: [
      {
        ...(blocked ? topic : {}),
        appliedGuardrailDetails: applied,
        invocationMetrics: { guardrailProcessingLatency: 100, usage, guardrailCoverage: { textCharacters: { guarded: characters, total: characters } } },
      },
    ],
    guardrailCoverage: { textCharacters: { guarded: characters, total: characters } },
    output: blocked ? [{ text: 'Sorry, the model cannot answer this question.' }] : [],
    outputs: blocked ? [{ text: 'Sorry, the model cannot answer this question.' }] : [],
    usage,
  };
};
