import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic0';

/** What tests with the Anthropic SDK as client send, and how they read its answers. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
export const sdks = [
  ['@anthropic-ai/sdk 1', Anthropic],
  ['@anthropic-ai/sdk 0', Anthropic0 as unknown as typeof Anthropic],
] as const;
export const user = (content: Anthropic.MessageParam['content']): Anthropic.MessageParam[] => [{ role: 'user', content }];
export const weather: Anthropic.Tool = { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };
export const time: Anthropic.Tool = { name: 'get_time', input_schema: { type: 'object', properties: {} } };
export const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
export const textOf = ({ content }: Anthropic.Message): string => content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
export const callsOf = ({ content }: Anthropic.Message) => content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
