import type { Refusal } from '@llm-proxy-auth/plugin';
import { readModelId } from './model-id.ts';

/** Whose things an instance may name. */
export interface Owner {
  readonly region: string;
  /** Undefined: nothing tells the account. */
  readonly account: string | undefined;
}
/** The account of `arn:aws:iam::123456789012:role/…`. */
export const accountOf = (arn: string | undefined): string | undefined => /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn ?? '')?.[1];

/** Why a text that may be an ARN is not the instance's: another region, another account. What is no ARN says neither. */
export const refusedArn = (text: string, { region, account }: Owner, param = 'model'): Refusal | undefined => {
  const named = readModelId(text);
  if (named.region !== undefined && named.region !== region)
    return { refuse: 'region_not_allowed', message: `The ARN names ${named.region}, but this instance is in ${region}.`, param };
  if (account !== undefined && named.account !== undefined && named.account !== account)
    return { refuse: 'operation_not_allowed', message: 'The ARN names another account than that of this instance.', param };
  return undefined;
};
const ARN_IN_PATH = /arn(?::|%3A)[a-z-]+(?::|%3A)[a-z0-9-]+(?::|%3A)[a-z0-9-]*(?::|%3A)(\d{12})(?::|%3A)/i;
/** True for a path that names a thing of another account. */
export const isForeign = (path: string, account: string): boolean => {
  const named = path.includes('arn') ? ARN_IN_PATH.exec(path)?.[1] : undefined;
  return named !== undefined && named !== account;
};
