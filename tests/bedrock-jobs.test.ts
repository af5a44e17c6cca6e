import { BedrockRuntimeClient, GetAsyncInvokeCommand, ListAsyncInvokesCommand, StartAsyncInvokeCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const start = {
  modelId: 'amazon.nova-lite-v1:0',
  modelInput: { taskType: 'TEXT_VIDEO' },
  outputDataConfig: { s3OutputDataConfig: { s3Uri: 's3://bucket/x' } },
};
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'bedrock',
    sections: { retry: { attempts: 1 }, policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }] },
  });
});
afterAll(() => bench.close());
const client = (token = bench.key) =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${bench.url}/transparent/main`,
    token: { token },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
  });
const statusOf = (work: Promise<unknown>): Promise<number | undefined> =>
  work.then(
    () => 200,
    (cause: { $metadata?: { httpStatusCode?: number } }) => cause.$metadata?.httpStatusCode,
  );

describe('an asynchronous job of Bedrock by the AWS SDK', () => {
  test('is started, and looked at by who started it alone', async () => {
    const { invocationArn } = await client().send(new StartAsyncInvokeCommand(start));
    expect(invocationArn).toMatch(/^arn:aws:bedrock:us-east-1:\d{12}:async-invoke\//);
    expect((await client().send(new GetAsyncInvokeCommand({ invocationArn }))).status).toBe('InProgress');
    const theirs = client(await bench.makeKey());
    expect(await statusOf(theirs.send(new GetAsyncInvokeCommand({ invocationArn })))).toBe(404);
  });
  test('is no matter of a key for certain models, of another region, or of a list', async () => {
    const reached = bench.simulator.requests.length;
    const limited = client(await bench.makeKey({ models: ['amazon.nova-*'] }));
    expect(await statusOf(limited.send(new StartAsyncInvokeCommand(start)))).toBe(403);
    const modelId = 'arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0';
    expect(await statusOf(client().send(new StartAsyncInvokeCommand({ ...start, modelId })))).toBe(403);
    expect(await statusOf(client().send(new ListAsyncInvokesCommand({})))).toBe(403);
    expect(bench.simulator.requests.length).toBe(reached);
  });
  test('belongs to the class stateful, which is not allowed unless a policy says so', async () => {
    const strict = await openBench({ vendor: 'bedrock' });
    try {
      const aws = new BedrockRuntimeClient({
        region: 'us-east-1',
        endpoint: `${strict.url}/transparent/main`,
        token: { token: strict.key },
        authSchemePreference: ['httpBearerAuth'],
        maxAttempts: 1,
      });
      expect(await statusOf(aws.send(new StartAsyncInvokeCommand(start)))).toBe(403);
    } finally {
      await strict.close();
    }
  });
});
