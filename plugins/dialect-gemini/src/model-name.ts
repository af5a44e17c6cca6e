import { type Inbound, invalid, type Json } from '@llm-proxy-auth/plugin';

/** Whose models go by their bare name. */
export const OWNER = 'google';
const PLACE = /^(?:projects\/[^/]+\/locations\/[^/]+\/)?(?:publishers\/([^/]+)\/)?models\//;
/** `x` of `models/x`, `publishers/google/models/x` and longer names of the same; `meta/x` of `publishers/meta/models/x`. */
export const bareName = (name: string): string =>
  name.replace(PLACE, (_all, owner: string | undefined) => (owner === undefined || owner === OWNER ? '' : `${owner}/`));
/** Throws 400 where a body names another model than its path does, as the service has them say the same. */
export const checkModel = (named: Json, { model }: Inbound, param: string): void => {
  if (typeof named === 'string' && model !== undefined && bareName(named) !== bareName(model)) throw invalid(param, 'Path and body name different models.');
};
/** The name by which Vertex shows a model. */
export const publishedName = (id: string): string => {
  const slash = id.indexOf('/');
  return slash < 1 ? `publishers/${OWNER}/models/${id}` : `publishers/${id.slice(0, slash)}/models/${id.slice(slash + 1)}`;
};
