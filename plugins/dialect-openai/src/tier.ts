import type { ChatRequest, Lost } from '@llm-proxy-auth/plugin';

const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast']);
/** A tier of this vendor; another vendor's word for one would be refused. `mine`: its own client wrote it. */
export const tierOf = ({ tier }: Pick<ChatRequest, 'tier'>, mine: boolean, lost: Lost): string | undefined => {
  if (tier === undefined || mine || TIERS.has(tier)) return tier;
  lost('tier', 'the provider has no such tier');
  return undefined;
};
