import type { Principal } from '@llm-proxy-auth/plugin';
import type { Strategy } from '../graph.ts';

/** A credential by its id, as it was when somebody was let in with it. */
export type Held = Pick<Principal, 'strategy' | 'credential' | 'owner' | 'secretVersion'>;

/** Whom a credential lets in now, by the first strategy that knows it. */
const currentOf = async (strategies: readonly Strategy[], credential: string): Promise<Principal | undefined> => {
  for (const { strategy } of strategies) {
    const holder = await strategy.current?.(credential);
    if (holder !== undefined) return holder;
  }
  return undefined;
};
/** Who holds a credential now; undefined when it no longer lets in, or has become another's. Throws what strategies throw that cannot say now. */
export const holderOf = async (strategies: readonly Strategy[], { strategy: kind, credential, owner, secretVersion }: Held): Promise<Principal | undefined> => {
  const ofKind = strategies.filter(({ kind: own }) => own === kind);
  const holder = await currentOf(ofKind, credential);
  return holder?.owner === owner && holder.secretVersion === secretVersion ? holder : undefined;
};
/** Who owns a credential now, by its id alone; undefined when no strategy lets it in. Throws what strategies throw that cannot say now. */
export const ownerOf = async (strategies: readonly Strategy[], credential: string): Promise<string | undefined> =>
  (await currentOf(strategies, credential))?.owner;
/** Whether an owner is there, by the first strategy that knows it; undefined when none keeps a list of its kind. */
export const knows = async (strategies: readonly Strategy[], owner: string): Promise<boolean | undefined> => {
  let told: boolean | undefined;
  for (const { strategy } of strategies) {
    const known = await strategy.knows?.(owner);
    if (known === true) return true;
    told ??= known;
  }
  return told;
};
