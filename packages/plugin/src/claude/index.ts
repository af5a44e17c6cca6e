/** What the models of Anthropic take, for every dialect and provider that has them. */
export { type ClaudeFamily, claudeOf, nearestEffort } from './families.ts';
export { withShown } from './shown.ts';
