import { ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { expect, test } from 'vitest';
import { useBedrock, withClient } from './bedrock-support.ts';

const simulator = useBedrock();
const SMALL = 'meta.llama3-8b-instruct-v1:0';
const LARGE = 'us.meta.llama4-maverick-17b-instruct-v1:0';
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const tools = [{ toolSpec: { name: 't', inputSchema: { json: { type: 'object' } } } }];
const toolChoice = { tool: { name: 't' } };
const image = { image: { format: 'png' as const, source: { bytes: png } } };
const outputConfig = {
  textFormat: { type: 'json_schema' as const, structure: { jsonSchema: { name: 'a', schema: '{"type":"object","additionalProperties":false}' } } },
};

const answered = (modelId: string, more: object, content: readonly object[] = []): Promise<string> =>
  withClient(simulator(), (client) =>
    client.send(new ConverseCommand({ modelId, messages: [{ role: 'user', content: [{ text: 'Hi' }, ...(content as never[])] }], ...more })).then(
      () => 'taken',
      (error: Error) => `${error.name}: ${error.message}`,
    ),
  );

test.each([
  [SMALL, { toolConfig: { tools } }, [], "ValidationException: This model doesn't support tool use."],
  [SMALL, {}, [image], "ValidationException: This model doesn't support the image field for user messages. Remove image and try again."],
  [LARGE, { toolConfig: { tools } }, [image], 'taken'],
  [
    LARGE,
    { toolConfig: { tools, toolChoice } },
    [],
    "ValidationException: This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.",
  ],
  [LARGE, { outputConfig }, [], "ValidationException: This model doesn't support the outputConfig field. Remove outputConfig and try again."],
] as const)('%s is asked for what it may have not', async (model, more, content, expected) => {
  expect(await answered(model, more, content)).toBe(expected);
});
