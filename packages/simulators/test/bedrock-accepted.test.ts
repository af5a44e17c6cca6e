import { describe, expect, test } from 'vitest';
import { type Recording, recordings } from '../src/index.ts';
import { readBedrock } from './bedrock-read.ts';
import { useBedrock, withClient } from './bedrock-support.ts';

const simulator = useBedrock({ contextTokens: 20, denied: ['amazon.nova-micro-v1:0'] });
const roomy = useBedrock();
const all = recordings({ provider: 'bedrock' }).filter(
  ({ operation, request }) => !/^(chat\/completions|responses)$/.test(operation) && typeof request.body === 'object' && request.body !== null,
);

/** What the stand-in does not take, each with its reason. */
const left: Readonly<Record<string, string>> = {
  'bedrock/invoke-length-arn-aws-sagemaker-us-eas-94e8df.json': 'an imported model of the recorder',
  'bedrock/converse-reasoning-claude-3-haiku-2-2cf718.json': 'the recorded answer and request were made up by the recorder',
  'bedrock/converse-stream-blocked-titan-text-express-v-57c385.json': 'the guardrail stopped it before anyone looked at the order of roles',
  'bedrock/converse-stream-length-what-is-212-degrees-fahr-f6a52c.json': 'the request is not what was sent',
};
const taken = all.filter(({ file, response }) => response.status === 200 && !(file in left));

const answered = (one: Recording) => withClient(roomy(), (client) => readBedrock(client, one), { maxAttempts: 1 });

// Without a replay the stand-in answers by itself: it must not be stricter than the service was, and refuse what the service refused.
describe('the recorded requests, answered without the recording', () => {
  test.each(taken.map((one) => [one.file, one] as const))('%s was accepted and is accepted', async (_file, one) => {
    const { errorStatus, errorMessage } = await answered(one);
    expect([errorStatus, errorMessage]).toEqual([undefined, undefined]);
  });

  test.each(all.filter(({ response }) => response.status === 400).map((one) => [one.file, one] as const))(
    '%s was refused and is refused alike',
    async (_file, one) => {
      const seen = await withClient(simulator(), (client) => readBedrock(client, one), { maxAttempts: 1 });
      expect(seen.errorMessage).toBe(JSON.parse(one.response.body ?? '').message);
    },
  );

  test('what is left out is in the table of recordings', () => {
    expect(Object.keys(left).filter((file) => !recordings({ provider: 'bedrock' }).some((one) => one.file === file))).toEqual([]);
    expect(taken.length).toBeGreaterThan(20);
  });
});
