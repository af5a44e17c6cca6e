import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { expect } from 'vitest';
import { conformance, lastSent, thrown, user } from './support/conformance.ts';

const line = conformance(['translated'], { vendor: 'anthropic' });
const tools = [{ type: 'function' as const, name: 'get_time', strict: false, parameters: { type: 'object', properties: {} } }];
const asking = {
  model: 'claude-sonnet-4-6',
  store: false,
  include: ['reasoning.encrypted_content' as const],
  reasoning: { effort: 'high' as const },
  max_output_tokens: 4000,
  tools,
};
const question: ResponseInputItem = { role: 'user', content: 'call get_time' };
const result = (callId: string): ResponseInputItem => ({ type: 'function_call_output', call_id: callId, output: 'noon' });

line('100', 'what a provider signed goes round in reasoning.encrypted_content, and a changed one is 400', async ({ client, bench }) => {
  for (const streaming of [false, true]) {
    const first = streaming
      ? await client()
          .responses.stream({ ...asking, input: [question] })
          .finalResponse()
      : await client().responses.create({ ...asking, input: [question] });
    const [reasoning, call] = first.output;
    if (reasoning?.type !== 'reasoning' || call?.type !== 'function_call') throw new Error('No reasoning and call');
    const second = await client().responses.create({ ...asking, input: [question, reasoning, call, result(call.call_id)] });
    expect(second.output_text).toBe('The tool said: noon');
    // The stand-in verifies the signature as well.
    expect(lastSent(bench).messages[1]).toMatchObject({ content: [{ type: 'thinking', signature: expect.any(String) }, { type: 'tool_use' }] });
    const before = bench.simulator.requests.length;
    const sealed = reasoning.encrypted_content ?? '';
    const middle = Math.floor(sealed.length / 2);
    const other = sealed[middle] === 'A' ? 'B' : 'A';
    for (const changed of [`${sealed.slice(0, middle)}${other}${sealed.slice(middle + 1)}`, sealed.slice(0, -8)]) {
      const input = [question, { ...reasoning, encrypted_content: changed }, call, result(call.call_id)];
      expect(await thrown(client().responses.create({ ...asking, input }))).toMatchObject({ status: 400, type: 'invalid_request_error' });
    }
    expect(bench.simulator.requests).toHaveLength(before);
  }
});

line('45b', 'runTools works when the assistant turn comes back without what it does not know: the thinking is found by the id of the call', async (under) => {
  const { client, bench } = under;
  for (const stream of [false, true]) {
    const common = {
      model: asking.model,
      messages: user('call get_time'),
      reasoning_effort: 'high' as const,
      max_completion_tokens: 4000,
      tools: [
        {
          type: 'function' as const,
          function: { name: 'get_time', description: 'time', parameters: { type: 'object', properties: {} }, function: () => 'noon' },
        },
      ],
    };
    const { completions } = client().chat;
    const answer = stream ? completions.runTools({ ...common, stream }).finalContent() : completions.runTools({ ...common, stream }).finalContent();
    expect(await answer).toBe('The tool said: noon');
    const sent = bench.simulator.requests.at(-1)?.body.toString('utf8') ?? '';
    expect(lastSent(bench).messages[1]).toMatchObject({
      content: [
        { type: 'thinking', signature: expect.any(String) },
        { type: 'tool_use', id: expect.stringMatching(/^toolu_/) },
      ],
    });
    expect(sent).not.toMatch(/thinking_blocks|lpatool_/);
  }
});
