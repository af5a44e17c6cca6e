import { BedrockRuntimeClient, ConverseStreamCommand, InvokeModelWithResponseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { type Recording, recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const MODEL = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const streams = recordings({ provider: 'bedrock' })
  .filter(({ response, file }) => response.body_base64 !== undefined && !file.includes('what-is-212'))
  .map((one) => ({ one, bytes: recordedBytes(one) }));

/** Where frames end. */
const ends = (bytes: Buffer): number[] => {
  const found: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    at += bytes.readUInt32BE(at);
    found.push(at);
  }
  return found;
};
/** Inside the first frame, round the end of some frames, before the last two, and all but one byte. */
const cutsOf = (bytes: Buffer): number[] => {
  const all = ends(bytes);
  const picked = [all[0], all[Math.floor(all.length / 2)], all.at(-3), all.at(-2)].flatMap((end) => (end === undefined ? [] : [end - 1, end, end + 1]));
  return [...new Set([1, 11, 12, 40, ...picked, bytes.length - 1])].filter((at) => at < bytes.length).sort((a, b) => a - b);
};

describe.each([
  ['transparent', true],
  ['converse', true],
  ['converse', false],
])('F12: streams of Bedrock cut at the provider: mode %s, bytes may pass: %s', (mode, pass) => {
  let bench: Bench;
  let client: BedrockRuntimeClient;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', pass, sections: { retry: { attempts: 1 } } });
    const endpoint = `${bench.url}/${mode}/main`;
    client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint, token: { token: bench.key }, authSchemePreference: ['httpBearerAuth'], maxAttempts: 1 });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(async () => {
    client.destroy();
    await bench.close();
  });

  /** Events until the end; throws what the SDK throws. */
  const read = async ({ operation }: Recording): Promise<number> => {
    let events = 0;
    if (operation === 'converse-stream') {
      const { stream } = await client.send(new ConverseStreamCommand({ modelId: MODEL, messages: [{ role: 'user', content: [{ text: 'hi' }] }] }));
      for await (const _event of stream ?? []) events += 1;
    } else {
      const { body } = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: MODEL, body: '{}', contentType: 'application/json' }));
      for await (const _event of body ?? []) events += 1;
    }
    return events;
  };
  const asked = mode === 'transparent' ? streams : streams.filter(({ one }) => one.operation === 'converse-stream');

  test.each(asked.map((stream) => [stream.one.file, stream] as const))('%s never ends cleanly', async (_file, { one, bytes }) => {
    const path = `/model/${MODEL}/${one.operation}`;
    for (const [turn, at] of cutsOf(bytes).entries()) {
      const how = turn % 2 === 0 ? 'fin' : 'rst';
      bench.simulator.replay(one, { path });
      bench.simulator.script({ cut: { at, how } });
      const outcome = await read(one).then(
        (events) => `a clean end after ${events} events`,
        () => 'an error',
      );
      expect(outcome, `${how} at ${at} of ${bytes.length}`).toBe('an error');
    }
    bench.simulator.replay(one, { path });
    const events = await read(one);
    // Written anew, an empty delta may be left out.
    if (pass) expect(events).toBe(ends(bytes).length);
    else expect(events).toBeGreaterThan(ends(bytes).length / 2);
  });
  test.skipIf(mode === 'transparent')('a transport that ends well behind the stop ends the answer, and not inside the frame that follows', async () => {
    const [stream] = asked.filter(({ bytes }) => ends(bytes).length > 4);
    if (stream === undefined) throw new Error('there is no such recording');
    const { one, bytes } = stream;
    const behind = ends(bytes).at(-2) ?? 0;
    const headers = { 'content-type': 'application/vnd.amazon.eventstream' };
    const upTo = (at: number): Promise<number> => {
      bench.simulator.script({ status: 200, headers, body: bytes.subarray(0, at), closeDelimited: true });
      return read(one);
    };
    expect(await upTo(behind)).toBeGreaterThan(0);
    for (const at of [behind - 1, behind + 3, behind + 20, bytes.length - 1]) await expect(upTo(at), `at ${at} of ${bytes.length}`).rejects.toThrow();
  });
});
