import { type ClaudeFamily, claudeOf } from '@llm-proxy-auth/plugin/claude';

/** What a family of models takes; applied when a request of another dialect is translated. */
export type Family = ClaudeFamily;
/** Compatible servers refuse nothing we know of; they are asked as the newest generation is. */
const OTHER: Family = Object.freeze({
  maxOutput: 8192,
  limited: false,
  sampling: 'any',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  adaptive: 'default',
  budget: true,
  off: 'disabled',
  tools: true,
  forced: true,
  structured: true,
  midSystem: true,
});
/** The rules for a model; one that is no Claude is of a compatible server. */
export const familyOf = (model: string): Family => claudeOf(model) ?? OTHER;
