import { type Fields, fieldsOf, listOf } from '../../openai/check.ts';
import type { Model } from './models.ts';

/** Models that take no tools: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html */
const TOOLLESS = /^(?:meta\.llama(?:2|3-8b|3-70b)|amazon\.titan-text|cohere\.command-(?:light-)?text|anthropic\.claude-v2)/;
/** Models that take tools and choose by themselves: https://github.com/maximhq/bifrost/pull/3196 */
const CHOOSING = /^meta\./;

const unsupported = (member: string, where = ''): string => `This model doesn't support the ${member} field${where}. Remove ${member} and try again.`;

/** The first thing of a request that Converse says the model has not, in its words; undefined where it has all. */
export const lackingIn = ({ id, family, input }: Model, { messages, toolConfig, outputConfig }: Fields): string | undefined => {
  if (toolConfig !== undefined && TOOLLESS.test(id)) return "This model doesn't support tool use.";
  const blocks = listOf(messages).flatMap(({ content }) => listOf(content));
  if (!input.includes('IMAGE') && blocks.some(({ image }) => image !== undefined)) return unsupported('image', ' for user messages');
  const choice = Object.keys(fieldsOf(fieldsOf(toolConfig).toolChoice)).find((one) => one === 'any' || one === 'tool');
  if (choice !== undefined && CHOOSING.test(id)) return unsupported(`toolConfig.toolChoice.${choice}`);
  return family === 'llama' && outputConfig !== undefined ? unsupported('outputConfig') : undefined;
};
