import { GatewayError } from '@llm-proxy-auth/plugin';

/** Who made a model, as Bedrock writes it in model ids; `unknown` for ARNs that do not say and for ids of no known form. */
export type Family = string;
const UNKNOWN: Family = 'unknown';

/** Vendor segments that stand behind a geography (`us.`, `apac.`, `us-gov.`, `global.`); the set of geographies is open. */
const VENDORS: ReadonlySet<string> = new Set([
  'anthropic',
  'amazon',
  'meta',
  'mistral',
  'cohere',
  'ai21',
  'deepseek',
  'openai',
  'qwen',
  'google',
  'nvidia',
  'minimax',
  'moonshot',
  'moonshotai',
  'zai',
  'writer',
  'stability',
  'twelvelabs',
  'luma',
]);
const GEOGRAPHY = /^([a-z]{2,}(?:-[a-z]+)*)\.([a-z0-9-]+)\./;
const ARN = /^arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12}|aws)?:(.+)$/;

export interface ModelId {
  /** Foundation model without geography (`anthropic.claude-opus-5-5`); undefined for ARNs of an account's own things. */
  readonly base: string | undefined;
  readonly family: Family;
  /** `us`, `eu`, `apac`, `us-gov`, `global`; undefined when the id has none. */
  readonly geography: string | undefined;
  /** What an ARN names: `foundation-model`, `inference-profile`, `application-inference-profile`, `provisioned-model`, `prompt` … */
  readonly resource: string | undefined;
  /** Region and account of an ARN; things of AWS itself have no account. */
  readonly region: string | undefined;
  readonly account: string | undefined;
}

const plain = (id: string): Pick<ModelId, 'base' | 'family' | 'geography'> => {
  const match = GEOGRAPHY.exec(id);
  const geography = match !== null && !VENDORS.has(match[1] ?? '') && VENDORS.has(match[2] ?? '') ? match[1] : undefined;
  const base = geography === undefined ? id : id.slice(geography.length + 1);
  const vendor = base.slice(0, Math.max(0, base.indexOf('.')));
  return { base: vendor === '' ? undefined : base, family: VENDORS.has(vendor) ? vendor : UNKNOWN, geography };
};
const OWN: Pick<ModelId, 'base' | 'family' | 'geography'> = Object.freeze({ base: undefined, family: UNKNOWN, geography: undefined });

/** Reads an id, a profile id or an ARN. Foundation models and profiles of AWS say their family, things of an account do not. */
export const readModelId = (id: string): ModelId => {
  const arn = ARN.exec(id);
  if (arn === null) return { ...plain(id), resource: undefined, region: undefined, account: undefined };
  const [, , , region = '', account, rest = ''] = arn;
  const resource = rest.slice(0, rest.search(/[/:]|$/));
  const name = rest.slice(resource.length + 1);
  const tells = resource === 'foundation-model' || resource === 'inference-profile';
  return { ...(tells ? plain(name) : OWN), resource, region: region === '' ? undefined : region, account: account === 'aws' ? undefined : account };
};

const FORBIDDEN = /[\s?#\\\p{Cc}]|(?:^|\/)\.{1,2}(?:\/|$)|\.\.|%[0-9a-f]{2}/iu;
const LONGEST = 2_048;
/** Throws `model_not_found` for a text that cannot be a model id and would mean another path, `invalid_request` for none. */
export const checkModelId = (id: string): string => {
  if (id !== '' && id.length <= LONGEST && !FORBIDDEN.test(id) && (!id.startsWith('arn:') || ARN.test(id))) return id;
  if (id === '') throw new GatewayError('invalid_request', 'A model must be named.', { param: 'model' });
  throw new GatewayError('model_not_found', `"${id.slice(0, 200)}" is not a model id of Bedrock; write an id, an inference profile or an ARN.`, {
    param: 'model',
  });
};
