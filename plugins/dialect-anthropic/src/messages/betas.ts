import type { Endpoint, ErrorLike, Inbound, Ledger } from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from '../wire.ts';
import type { Memo } from './memo.ts';

/** Whose endpoint takes a beta: by the profile it is reached with, `anthropic` without one. */
export type Vendor = 'anthropic' | 'bedrock-invoke' | 'vertex';

/**
 * Betas that a cloud takes; one it does not know is refused with the whole request, so that one whose sources contradict each other is
 * left out. `anthropic` takes all. Neither cloud publishes a list; what stands here is what is known elsewhere:
 * - LiteLLM's table by provider, https://github.com/BerriAI/litellm/blob/main/litellm/anthropic_beta_headers_config.json (November 2026)
 * - `claude-code-20250219`: Claude Code sends it always, and refusals of its calls name other betas only, such as
 *   https://github.com/QuantumNous/new-api/issues/2975 (Vertex) and https://github.com/anthropics/claude-code/issues/21625 (Vertex)
 * - `interleaved-thinking-2025-05-14` at Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html
 * - not at Vertex: `effort-2025-11-24` (https://github.com/anthropics/claude-code/issues/34802), fine-grained tool streaming (the table)
 */
const TAKES: Readonly<Record<Exclude<Vendor, 'anthropic'>, readonly string[]>> = Object.freeze({
  'bedrock-invoke': [
    'claude-code-20250219',
    'compact-2026-01-12',
    'computer-use-2025-01-24',
    'computer-use-2025-11-24',
    'context-1m-2025-08-07',
    'context-management-2025-06-27',
    'dangerous-tool-use-2026-09-03',
    'effort-2025-11-24',
    'fine-grained-tool-streaming-2025-05-14',
    'interleaved-thinking-2025-05-14',
    'mid-conversation-output-config-2026-07-01',
    'mid-conversation-tool-changes-2026-07-01',
    'thinking-binding-controls-2026-08-01',
    'thinking-display-updates-2026-08-18',
    'tool-search-tool-2025-10-19',
  ],
  vertex: [
    'claude-code-20250219',
    'compact-2026-01-12',
    'compact-2026-09-04',
    'computer-use-2025-01-24',
    'computer-use-2025-11-24',
    'context-1m-2025-08-07',
    'context-management-2025-06-27',
    'dangerous-tool-use-2026-09-03',
    'interleaved-thinking-2025-05-14',
    'per-turn-control-2026-07-01',
    'thinking-binding-controls-2026-08-01',
    'thinking-display-updates-2026-08-18',
    'tool-search-tool-2025-10-19',
    'web-search-2025-03-05',
  ],
});
/** What a cloud calls a beta of another name. */
const RENAMED: Readonly<Record<string, string>> = Object.freeze({ 'advanced-tool-use-2025-11-20': 'tool-search-tool-2025-10-19' });

export interface FittedBetas {
  readonly kept: readonly string[];
  readonly left: readonly string[];
}
/** The betas that a vendor takes, once each and in its own names, and those it does not. */
export const fitBetas = (asked: readonly string[], vendor: Vendor): FittedBetas => {
  const betas = [...new Set(asked)];
  if (vendor === 'anthropic') return { kept: betas, left: [] };
  const takes = new Set(TAKES[vendor]);
  const named = betas.map((beta) => (takes.has(beta) ? beta : (RENAMED[beta] ?? beta)));
  return { kept: [...new Set(named.filter((beta) => takes.has(beta)))], left: named.filter((beta) => !takes.has(beta)) };
};
/** What a model may be found to refuse. */
export const BETAS = 'betas';
/** A cloud that refuses one beta refuses the whole request, and does not say which. */
export const refusedBetas = ({ message }: Pick<ErrorLike, 'message'>, memo: unknown): readonly string[] | undefined =>
  (memo as Memo | undefined)?.betas === true && /invalid beta flag|for the [`'"]?anthropic-beta[`'"]? header/i.test(message) ? [BETAS] : undefined;
/** Values of a list header, which may come several times. */
export const betasIn = (headers: readonly string[]): readonly string[] =>
  headers
    .flatMap((value, i) => (i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'anthropic-beta' ? value.split(',') : []))
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '');
/** Betas of a client's header are this vendor's: whoever is asked in another dialect is not told of them. */
export const loseBetas = ({ headers }: Inbound, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || target.dialect === ANTHROPIC || betasIn(headers).length === 0) return;
  ledger.note('ignored', 'anthropic_beta', 'betas are of the vendor’s own API');
};
