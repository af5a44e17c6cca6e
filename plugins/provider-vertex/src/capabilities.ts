import type { Capabilities } from '@llm-proxy-auth/plugin';

/** What generateContent can say. Parallel calls cannot be switched off, and there is no cache hint in a request. */
export const GEMINI: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: true,
  audioOut: false,
  jsonSchema: 'native',
  sampling: true,
  choices: 8,
  logprobs: 20,
  reasoning: true,
  cache: false,
  stopSequences: 5,
});
interface ClaudeRule {
  readonly has: RegExp;
  readonly sampling: boolean;
  readonly forcedTool: boolean;
}
/**
 * Claude by model, first match counts; one that no rule knows is taken for the newest. Forced tools and sampling are refused by the
 * models that think by themselves. https://platform.claude.com/docs/en/about-claude/models
 */
const CLAUDE_RULES: readonly ClaudeRule[] = Object.freeze([
  { has: /claude-(?:sonnet|opus)-5-5|claude-(?:fable|mythos)-5-[1-9]/, sampling: false, forcedTool: false },
  { has: /claude-(?:[a-z]+)-[5-9]|claude-opus-4-[78]/, sampling: false, forcedTool: true },
  { has: /claude-(?:[a-z]+)-4|claude-3|claude-v?2|claude-instant/, sampling: true, forcedTool: true },
]);
const NEWEST = Object.freeze({ sampling: false, forcedTool: true });
/** Models before this had no structured output of their own here. */
const WITHOUT_SCHEMA = /claude-(?:3|[a-z]+-4(?:-[0-5])?(?:@|$))/;

export const claude = (id: string): Capabilities => {
  const { sampling, forcedTool } = CLAUDE_RULES.find(({ has }) => has.test(id)) ?? NEWEST;
  return {
    ...GEMINI,
    audioIn: false,
    choices: 1,
    logprobs: 0,
    cache: true,
    stopSequences: 8_191,
    sampling,
    forcedTool,
    jsonSchema: WITHOUT_SCHEMA.test(id) ? 'tool' : 'native',
  };
};
/** The OpenAI-compatible endpoint and the vendors that speak the same. */
export const OPENAI: Capabilities = Object.freeze({ ...GEMINI, audioIn: false, documents: false, choices: 1, logprobs: 0, stopSequences: 4 });
