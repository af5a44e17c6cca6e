import { type Fields, fieldsOf, isFields, listOf } from '../../openai/check.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';

/** Models that take no tools: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html */
const TOOLLESS = /^(?:meta\.llama(?:2|3-8b|3-70b)|amazon\.titan-text|cohere\.command-(?:light-)?text|anthropic\.claude-v2)/;
/** Models that take tools and choose by themselves: https://github.com/maximhq/bifrost/pull/3196 */
const CHOOSING = /^meta\./;

/** Models whose prompts are kept: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html */
const KEEPING = /^(?:anthropic\.claude-(?!v|instant|3-(?:sonnet|opus|haiku)|3-5-sonnet-20240620)|amazon\.nova)/;

const UNKEPT = 'You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information.';
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

/**
 * Nova takes a result of an empty text and none of nothing; Claude takes both. Nobody takes a failure of nothing:
 * https://github.com/aws-samples/sample-multi-agent-orchestration-chat-on-agentcore/issues/15
 */
export const checkResults = ({ family }: Model, { messages }: Fields): void => {
  for (const [index, { content }] of listOf(messages).entries()) {
    for (const [at, { toolResult }] of listOf(content).entries()) {
      if (!isFields(toolResult) || !Array.isArray(toolResult.content) || toolResult.content.length > 0) continue;
      if (toolResult.status === 'error')
        throw refuse.validation(`The content field at messages.${index}.content.${at}.toolResult cannot be empty when status value is error.`);
      if (family === 'nova')
        throw refuse.validation(
          `The content field in the ToolResultBlock object at messages.${index}.content.${at} is empty. Add a ToolResultContentBlock object to the content field and try again.`,
        );
    }
  }
};

const isMark = ({ cachePoint }: Fields): boolean => cachePoint !== undefined;
/** Refuses a mark for the cache where the model keeps no prompt, and where it keeps no tools. Throws the service's refusals. */
export const checkMarks = ({ id, family }: Model, { messages, system, toolConfig }: Fields): void => {
  const tools = listOf(fieldsOf(toolConfig).tools);
  const at = tools.findIndex(isMark);
  const blocks = [...listOf(system), ...listOf(messages).flatMap(({ content }) => listOf(content))];
  if (at < 0 && !blocks.some(isMark)) return;
  if (!KEEPING.test(id)) throw refuse.accessDenied(UNKEPT);
  if (at >= 0 && family === 'nova')
    throw refuse.validation(
      `Malformed input request: #/toolConfig/tools/${at}: extraneous key [cachePoint] is not permitted, please reformat your input and try again.`,
    );
  const found = [...tools, ...blocks].filter(isMark).length;
  if (found > 4) throw refuse.byModel(`A maximum of 4 blocks with cache_control may be provided. Found ${found}.`);
};
