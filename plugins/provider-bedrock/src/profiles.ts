import { asList, asObject, asText, parseJson, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import { encode } from '@llm-proxy-auth/plugin/sigv4';
import { readModelId } from './model-id.ts';
import type { ControlPlane } from './models.ts';
import { type Owner, refusedArn } from './own-arn.ts';

/** Which models application inference profiles of an account stand for. */
export interface Profiles {
  /** The foundation model of a profile, where it is known. */
  stands(arn: string): string | undefined;
  /** Asks AWS for one that is not known; undefined: there is nothing new. Never rejects. */
  learn(arn: string): Promise<void> | undefined;
  /** Takes down what a list said. */
  know(arn: string, modelArn: string): void;
}
/** A profile is never changed, so that what it stands for stays; callers name profiles, so that few are kept. */
const MOST_KNOWN = 1_000;
/** How long a profile that AWS did not tell of is left alone. */
const LEFT_ALONE_MS = 600_000;
/** A call waits no longer than this for an answer that it can do without. */
const PATIENCE_MS = 2_000;

const RESOURCE = 'application-inference-profile';
const first = (body: Uint8Array): string | undefined => {
  try {
    return asText(asObject(asList(asObject(parseJson(body))?.models)[0])?.modelArn);
  } catch {
    return undefined;
  }
};
const keep = <V>(map: Map<string, V>, key: string, value: V): void => {
  if (map.size >= MOST_KNOWN) map.clear();
  map.set(key, value);
};

/** Learns by GetInferenceProfile, each profile once, however many calls name it at a time. */
export const profilesOf = (plane: ControlPlane, owner: Owner): Profiles => {
  const { host } = plane;
  const models = new Map<string, string>();
  const untold = new Map<string, number>();
  const asked = new Map<string, Promise<void>>();
  /** Known since a list, which nobody who asks has been told yet. */
  const news = new Set<string>();
  const know = (arn: string, modelArn: string): void => {
    const { base } = readModelId(modelArn);
    if (base === undefined || models.has(arn) || readModelId(arn).resource !== RESOURCE) return;
    keep(models, arn, base);
    if (news.size >= MOST_KNOWN) news.clear();
    news.add(arn);
  };
  const ask = async (arn: string): Promise<void> => {
    const request: UpstreamRequest = {
      method: 'GET',
      origin: plane.origin,
      path: `${plane.path}/inference-profiles/${encode(arn)}`,
      headers: ['accept', 'application/json'],
      body: undefined,
    };
    const signal = AbortSignal.any([host.signal, AbortSignal.timeout(PATIENCE_MS)]);
    await plane.sign(request, signal);
    const reply = await host.fetch(request, signal);
    const modelArn = reply.status === 200 ? first(reply.body) : undefined;
    if (modelArn !== undefined) know(arn, modelArn);
    if (!models.has(arn)) throw new Error(`AWS answered GetInferenceProfile with status ${reply.status} and no model`);
  };
  return {
    stands: (arn) => models.get(arn),
    know,
    learn(arn) {
      if (!arn.startsWith('arn:')) return undefined;
      if (models.has(arn)) return news.delete(arn) ? Promise.resolve() : undefined;
      if ((untold.get(arn) ?? 0) > host.now()) return undefined;
      if (readModelId(arn).resource !== RESOURCE || refusedArn(arn, owner) !== undefined) return undefined;
      const under = asked.get(arn);
      if (under !== undefined) return under;
      const asking = ask(arn)
        .catch((error: unknown) => {
          keep(untold, arn, host.now() + LEFT_ALONE_MS);
          host.log.warn({ error: messageOf(error) }, 'what an application inference profile stands for cannot be learned');
        })
        .finally(() => {
          asked.delete(arn);
          news.delete(arn);
        });
      asked.set(arn, asking);
      return asking;
    },
  };
};
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
