import type { Answer } from '../../http/answer.ts';
import { json } from '../../http/answer.ts';
import type { CapturedRequest } from '../../http/captured.ts';
import type { Fields } from '../../openai/check.ts';
import { checkContents } from './contents.ts';
import { type Context, invalid, noModel, permissionDenied, unknownName } from './context.ts';
import { embedContent, predict } from './embeddings.ts';
import { findModel, listModels } from './garden.ts';
import { chunks, eventsOf, listPieces, speak, whole } from './generate.ts';
import { checkGenerate, tokensOf } from './generate-check.ts';
import { type Gemini, geminiOf } from './models.ts';
import { rank } from './rank.ts';
import { camelised, fieldsIn } from './request.ts';
import { cancelJob, createCache, createJob, find, listOf, moveCache } from './stored.ts';

const answered = (value: Fields): Answer => ({ status: 200, headers: [['content-type', 'application/json; charset=UTF-8']], body: json(value) });
type Asked = { readonly call: Context; readonly request: CapturedRequest; readonly query: URLSearchParams };

/** A tuned model stands for the newest of the second generation. */
const TUNED = 'gemini-2.5-flash';
const geminiIn = ({ call }: Asked, id: string, tuned: boolean): Gemini => {
  const found = geminiOf(tuned ? TUNED : id);
  if (found === undefined) throw noModel(`projects/${call.project}/locations/${call.location}/publishers/google/models/${id}`);
  return found;
};
const COUNTED: ReadonlySet<string> = new Set(['model', 'instances', 'contents', 'systemInstruction', 'tools', 'generationConfig']);
const countTokens = (asked: Asked, model: Gemini): Answer => {
  const body = camelised(fieldsIn(asked.request)) as Fields;
  const stranger = Object.keys(body).find((key) => !COUNTED.has(key));
  if (stranger !== undefined) throw unknownName(stranger, '');
  const contents = checkContents(body.contents, model);
  const total = tokensOf([contents, body.systemInstruction, body.tools]);
  return answered({ totalTokens: total, totalBillableCharacters: total * 4, promptTokensDetails: [{ modality: 'TEXT', tokenCount: total }] });
};
const stream = (asked: Asked, model: Gemini): Answer => {
  const { call, request, query } = asked;
  const spoken = speak(call, checkGenerate(call, fieldsIn(request), model), model);
  if (query.get('alt') === 'sse') return { status: 200, headers: [['content-type', 'text/event-stream']], body: eventsOf(chunks(spoken)) };
  return { status: 200, headers: [['content-type', 'application/json; charset=UTF-8']], body: listPieces(chunks(spoken)) };
};

/** Verbs of Gemini and of Google's embedders. */
const google = (asked: Asked, id: string, verb: string, tuned: boolean): Answer => {
  const { call, request } = asked;
  if (verb === 'predict') return answered(predict(call, id, fieldsIn(request)));
  if (verb === 'embedContent') return answered(embedContent(call, id, fieldsIn(request)));
  const model = geminiIn(asked, id, tuned);
  if (verb === 'countTokens') return countTokens(asked, model);
  if (verb === 'streamGenerateContent') return stream(asked, model);
  if (verb === 'generateContent') return answered(whole(speak(call, checkGenerate(call, fieldsIn(request), model), model)));
  throw invalid(`${verb} is not supported by this model.`);
};
const publisherModel = (asked: Asked, publisher: string, id: string, verb: string): Answer => {
  const { call, request } = asked;
  const resource = `projects/${call.project}/locations/${call.location}/publishers/${publisher}/models/${id}`;
  if (call.denied.includes(id)) throw permissionDenied('aiplatform.endpoints.predict', resource);
  if (publisher === 'google') return google(asked, id, verb, false);
  if (verb !== 'rawPredict' && verb !== 'streamRawPredict') throw invalid(`${verb} is not supported by this model.`);
  if (publisher === 'anthropic')
    return id === 'count-tokens' ? call.claude.count(request) : call.claude.answer(request, id, resource, verb === 'streamRawPredict');
  if (publisher === 'mistralai' || publisher === 'ai21') return call.openai.answer(request, '/chat/completions');
  throw noModel(resource);
};

const STORED = /^(cachedContents|batchPredictionJobs)(?:\/([^/:]+)(?::(cancel))?)?$/;
const stored = ({ call, request }: Asked, kind: string, id: string | undefined, verb: string | undefined): Answer | undefined => {
  const { method } = request;
  const caches = kind === 'cachedContents';
  const all = caches ? call.caches : call.jobs;
  if (id === undefined) {
    if (method === 'GET') return answered(listOf(all, kind));
    return method === 'POST' ? answered(caches ? createCache(call, fieldsIn(request)) : createJob(call, fieldsIn(request))) : undefined;
  }
  if (verb === 'cancel') return method === 'POST' && !caches ? answered(cancelJob(call, id)) : undefined;
  const found = find(all, id, caches ? 'cached content' : 'batch prediction job');
  if (method === 'GET') return answered(found);
  if (method === 'PATCH' && caches) return answered(moveCache(call, id, fieldsIn(request)));
  if (method !== 'DELETE') return undefined;
  (caches ? call.caches : call.jobs).delete(id);
  return answered({});
};

const HOME = /^\/v1(?:beta1)?\/projects\/([^/]+)\/locations\/([^/]+)\/(.+)$/;
const GARDEN = /^\/v1(?:beta1)?\/publishers\/([^/]+)\/models(?:\/([^/:]+))?$/;
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const within = (asked: Asked, rest: string): Answer | undefined => {
  const { request, call } = asked;
  const model = /^publishers\/([^/]+)\/models\/([^/]+):([A-Za-z]+)$/.exec(rest);
  if (model !== null && request.method === 'POST') return publisherModel(asked, model[1] ?? '', decode(model[2] ?? ''), model[3] ?? '');
  const shared = /^endpoints\/openapi(\/chat\/completions|\/completions|\/embeddings)$/.exec(rest)?.[1];
  if (shared !== undefined && request.method === 'POST') return call.openai.answer(request, shared);
  const tuned = /^endpoints\/([^/:]+):([A-Za-z]+)$/.exec(rest);
  if (tuned !== null && request.method === 'POST') return google(asked, tuned[1] ?? '', tuned[2] ?? '', true);
  if (/^endpoints\/\d+\/chat\/completions$/.test(rest) && request.method === 'POST') return call.openai.answer(request, '/chat/completions');
  const resource = STORED.exec(rest);
  return resource === null ? undefined : stored(asked, resource[1] ?? '', resource[2], resource[3]);
};

const RANK = /^rankingConfigs\/default_ranking_config:rank$/;
/** The answer, or undefined for a path that the front does not know. */
export const operate = (call: Context, request: CapturedRequest): Answer | undefined => {
  const asked: Asked = { call, request, query: new URLSearchParams(request.target.slice(request.path.length)) };
  const garden = GARDEN.exec(request.path);
  if (garden !== null && request.method === 'GET') {
    const [, publisher = '', id] = garden;
    return answered(id === undefined ? listModels(publisher, asked.query) : findModel(call, publisher, decode(id)));
  }
  const home = HOME.exec(request.path);
  if (home === null) return undefined;
  const [, project = '', location = '', rest = ''] = home;
  const ranks = RANK.test(rest) && request.method === 'POST';
  // Documents are ranked in no region.
  if (location !== call.location && !(ranks && /^(?:global|us|eu)$/.test(location))) return undefined;
  if (project !== call.project && project !== call.projectNumber)
    throw permissionDenied(
      ranks ? 'discoveryengine.rankingConfigs.rank' : 'aiplatform.endpoints.predict',
      `projects/${project}/locations/${location}/${rest.replace(/:.*$/, '')}`,
    );
  return ranks ? answered(rank(fieldsIn(request))) : within(asked, rest);
};
