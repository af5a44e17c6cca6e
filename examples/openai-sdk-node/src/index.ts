import OpenAI from 'openai';
import type { RunnableToolFunctionWithParse } from 'openai/lib/RunnableFunction';

// OPENAI_BASE_URL and OPENAI_API_KEY are the SDK's own variables: nothing in this file knows of the gateway.
const client = new OpenAI();
const model = process.env.MODEL ?? 'gpt-4.1-mini';
const embeddingModel = process.env.EMBEDDING_MODEL ?? 'text-embedding-3-small';

const chat = async (): Promise<void> => {
  const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Name the colours of a rainbow.' }] });
  console.log(`chat: ${answer.choices[0]?.message.content}`);
};

const stream = async (): Promise<void> => {
  let text = '';
  for await (const chunk of await client.chat.completions.create({ model, stream: true, messages: [{ role: 'user', content: 'Count to five.' }] })) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  console.log(`stream: ${text}`);
};

const tools = async (): Promise<void> => {
  const getWeather: RunnableToolFunctionWithParse<{ city: string }> = {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Weather in a city now.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      parse: JSON.parse,
      function: ({ city }) => `It is sunny in ${city}.`,
    },
  };
  const content = 'What is the weather in Paris? (call get_weather with {"city":"Paris"})';
  const runner = client.chat.completions.runTools({ model, messages: [{ role: 'user', content }], tools: [getWeather] });
  const result = await runner.finalFunctionToolCallResult();
  console.log(`tools: ${result} ${await runner.finalContent()}`);
};

const embeddings = async (): Promise<void> => {
  const { data } = await client.embeddings.create({ model: embeddingModel, input: ['a cat', 'a kitten'] });
  console.log(`embeddings: ${data.length} vectors of ${data[0]?.embedding.length} numbers`);
};

for (const step of [chat, stream, tools, embeddings]) await step();
