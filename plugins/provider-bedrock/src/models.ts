import { dayOf, type Fields, GatewayError, type Host, isObject, type ModelInfo, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';

export interface ControlPlane {
  readonly origin: string;
  readonly path: string;
  readonly host: Host;
  readonly sign: (request: UpstreamRequest, signal: AbortSignal) => void | Promise<void>;
}
const text = (v: unknown): string | undefined => (typeof v === 'string' && v !== '' ? v : undefined);
const texts = (v: unknown): readonly string[] => (Array.isArray(v) ? v.filter((each) => typeof each === 'string') : []);
const parsed = (reply: UpstreamReply): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(reply.body));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
const MOST_PAGES = 50;

const RIGHTS = 'AWS refused to list models; the credential needs bedrock:ListFoundationModels and bedrock:ListInferenceProfiles.';
/** Asks one path. Throws GatewayError `upstream_auth_failed` or `upstream_bad_response`, without a word of AWS's. */
export const askList = async (
  plane: ControlPlane,
  path: string,
  list: string,
  signal: AbortSignal,
  rights = RIGHTS,
): Promise<{ readonly items: readonly Fields[]; readonly next: string | undefined }> => {
  const request: UpstreamRequest = {
    method: 'GET',
    origin: plane.origin,
    path: `${plane.path}${path}`,
    headers: ['accept', 'application/json'],
    body: undefined,
  };
  await plane.sign(request, signal);
  const reply = await plane.host.fetch(request, signal);
  if (reply.status === 401 || reply.status === 403) throw new GatewayError('upstream_auth_failed', rights);
  const body = reply.status === 200 ? parsed(reply) : undefined;
  const items = body?.[list];
  if (body === undefined || !Array.isArray(items))
    throw new GatewayError('upstream_bad_response', `AWS answered the model list with status ${reply.status} and no list.`);
  return { items: items.filter(isObject), next: text(body.nextToken) };
};

const SHOWN: ReadonlySet<string> = new Set(['TEXT', 'EMBEDDING', 'IMAGE', 'VIDEO', 'SPEECH']);
/** Models that can be called now; enumerations of AWS grow, so that unknown words pass. */
const foundationModel = (v: Fields): ModelInfo | undefined => {
  const id = text(v.modelId);
  const cycle = isObject(v.modelLifecycle) ? v.modelLifecycle : {};
  if (id === undefined || (cycle.status !== undefined && cycle.status !== 'ACTIVE' && cycle.status !== 'LEGACY')) return undefined;
  const outputs = texts(v.outputModalities);
  if (outputs.length > 0 && !outputs.some((each) => SHOWN.has(each))) return undefined;
  const created = Date.parse(text(cycle.startOfLifeTime) ?? '');
  return {
    id,
    owner: text(v.providerName)?.toLowerCase(),
    created: Number.isNaN(created) ? undefined : Math.floor(created / 1000),
    deprecated: dayOf(cycle.legacyTime),
    retires: dayOf(cycle.endOfLifeTime),
    capabilities: { images: texts(v.inputModalities).includes('IMAGE') },
  };
};
type Know = (arn: string, modelArn: string) => void;
/** A profile is called by its id; one of an account by its ARN. */
const profile =
  (models: ReadonlyMap<string, ModelInfo>, know: Know) =>
  (v: Fields): ModelInfo | undefined => {
    const own = v.type === 'APPLICATION';
    const id = text(own ? v.inferenceProfileArn : v.inferenceProfileId);
    if (id === undefined || (v.status !== undefined && v.status !== 'ACTIVE')) return undefined;
    const first: unknown = Array.isArray(v.models) ? v.models[0] : undefined;
    const arn = isObject(first) ? (text(first.modelArn) ?? '') : '';
    if (own && arn !== '') know(id, arn);
    const model = models.get(arn.slice(arn.lastIndexOf('/') + 1));
    const created = Date.parse(text(v.createdAt) ?? '');
    return { ...model, id, ...(own && !Number.isNaN(created) ? { created: Math.floor(created / 1000) } : {}) };
  };

/** ListFoundationModels and every page of ListInferenceProfiles; `know` is told what profiles of the account stand for. */
export const listModels =
  (plane: ControlPlane, know: Know) =>
  async (signal: AbortSignal): Promise<readonly ModelInfo[]> => {
    const { items } = await askList(plane, '/foundation-models', 'modelSummaries', signal);
    const models = new Map(items.flatMap((each) => foundationModel(each) ?? []).map((m) => [m.id, m]));
    const profiles: ModelInfo[] = [];
    let next: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = next === undefined ? '' : `&nextToken=${encodeURIComponent(next)}`;
      const found = await askList(plane, `/inference-profiles?maxResults=100${query}`, 'inferenceProfileSummaries', signal);
      profiles.push(...found.items.flatMap((each) => profile(models, know)(each) ?? []));
      next = found.next;
      if (next === undefined) break;
    }
    return [...models.values(), ...profiles];
  };
