import type { CapturedRequest } from '../../http/captured.ts';
import { refuse } from './refusal.ts';

/** What a path of the resource asks for. */
export type Place = {
  /** As OpenAI's own API has it: `/v1/chat/completions`. */
  readonly path: string;
  readonly api: 'v1' | 'dated' | 'models';
  /** `2024-10-21`, without `-preview`; of v1 nothing. */
  readonly version: string | undefined;
  /** Of the path; in v1 the body says it. */
  readonly deployment: string | undefined;
};
/** Versions that the service knows. https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle */
const versions: ReadonlySet<string> = new Set([
  '2022-12-01',
  '2023-05-15',
  '2023-07-01-preview',
  '2024-02-01',
  '2024-02-15-preview',
  '2024-05-01-preview',
  '2024-06-01',
  '2024-08-01-preview',
  '2024-09-01-preview',
  '2024-10-21',
  '2024-12-01-preview',
  '2025-03-01-preview',
  '2025-04-01-preview',
]);
const deployed = /^\/(?:(?:chat\/)?completions|embeddings|images\/(?:generations|edits)|audio\/(?:speech|transcriptions|translations)|batches)$/;
const beside = /^\/(?:responses|files|uploads|batches|models|fine_tuning|evals)(?:\/|$)/;
const inV1 =
  /^\/(?:chat\/completions|completions|embeddings|images\/(?:generations|edits)|audio|moderations|responses|files|uploads|batches|models|conversations|videos|fine_tuning|evals)(?:\/|$)/;
const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw refuse.notFound();
  }
};
const dateOf = (version: string | null): string => {
  if (version === null || !versions.has(version)) throw refuse.notFound();
  return version.slice(0, 10);
};

/** Where a request goes; an unknown path or version is the same 404. */
export const locate = (request: CapturedRequest): Place => {
  const version = new URLSearchParams(request.target.slice(request.path.length)).get('api-version');
  const [, v1] = /^\/openai\/v1(\/.*)$/.exec(request.path) ?? [];
  if (v1 !== undefined) {
    if (!inV1.test(v1)) throw refuse.notFound();
    if (version !== null && !/^(?:v1|preview|latest)$/.test(version)) throw refuse.version();
    return { path: `/v1${v1}`, api: 'v1', version: undefined, deployment: undefined };
  }
  const [, model] = /^\/models(\/(?:chat\/completions|embeddings|info))$/.exec(request.path) ?? [];
  if (model !== undefined) return { path: `/v1${model}`, api: 'models', version: dateOf(version), deployment: undefined };
  const [, deployment, operation] = /^\/openai\/deployments\/([^/]+)(\/.+)$/.exec(request.path) ?? [];
  if (deployment !== undefined && operation !== undefined) {
    if (!deployed.test(operation)) throw refuse.notFound();
    return { path: `/v1${operation}`, api: 'dated', version: dateOf(version), deployment: decoded(deployment) };
  }
  const [, own] = /^\/openai(\/.*)$/.exec(request.path) ?? [];
  const date = dateOf(version);
  if (own === undefined || !beside.test(own) || (own.startsWith('/responses') && date < '2025-03-01')) throw refuse.notFound();
  return { path: `/v1${own}`, api: 'dated', version: date, deployment: undefined };
};
