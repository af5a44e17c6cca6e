import OpenAI from 'openai';
import OpenAI6 from 'openai6';

/** What tests with the OpenAI SDK as client send. */
export const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const PDF = `data:application/pdf;base64,${Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64')}`;
export const sdks = [
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
] as const;
export type Params = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
export type Message = OpenAI.Chat.ChatCompletionMessageParam;
export const user = (content: string): Message[] => [{ role: 'user', content }];
const tool = (name: string, properties: object = {}): OpenAI.Chat.ChatCompletionTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties, required: Object.keys(properties) } },
});
export const weather = tool('get_weather', { city: { type: 'string' } });
export const time = tool('get_time');
export const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
