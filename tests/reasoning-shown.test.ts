import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callsOf, textOf, time } from './support/anthropic-client.ts';
import { type Bench, openBench } from './support/gateway.ts';

type Fields = Record<string, unknown>;
type Message = Anthropic.MessageParam;
const refused = (status: number, param: string | null, code: string | null = null) => ({
  status,
  body: { error: { message: 'no', type: 'invalid_request_error', param, code } },
});

describe.each(['openai', 'azure'] as const)('a conversation that wants reasoning shown, at %s', (vendor) => {
  let bench: Bench;
  let serial = 0;
  beforeAll(async () => {
    bench = await openBench({ vendor, plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const sent = (): readonly { readonly path: string; readonly body: Fields }[] =>
    bench.simulator.requests
      .filter(({ method }) => method === 'POST')
      .map((request) => ({ path: request.path.replace(/^.*\/v1/, ''), body: request.json() as Fields }));
  /** A caller of its own, since what is learned is learned for a caller. */
  const caller = async () => {
    const client = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: await bench.makeKey({ name: `shown-${++serial}` }), maxRetries: 0 });
    return async (stream: boolean, messages: Message[], model = 'gpt-5.1') => {
      const body = { model, max_tokens: 9000, messages, tools: [time], thinking: { type: 'enabled' as const, budget_tokens: 2000 } };
      if (stream) return { answer: await client.messages.stream(body).finalMessage(), headers: new Headers() };
      const { data, response } = await client.messages.create(body).withResponse();
      return { answer: data, headers: response.headers };
    };
  };
  const asked: Message[] = [{ role: 'user', content: 'call get_time' }];
  const continued = (answer: Anthropic.Message): Message[] => [
    ...asked,
    { role: 'assistant', content: answer.content },
    { role: 'user', content: callsOf(answer).map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'noon' })) },
  ];
  const thoughts = ({ content }: Anthropic.Message) => content.flatMap((block) => (block.type === 'thinking' ? [block] : []));

  const itemsOf = (body: Fields = {}): readonly unknown[] => (body.input as Fields[]).map(({ type, role }) => type ?? role);

  test.each([false, true])('asks Responses, and goes on with what it sealed; streamed: %s', async (stream) => {
    const ask = await caller();
    const { answer } = await ask(stream, asked);
    expect(thoughts(answer)).toEqual([{ type: 'thinking', thinking: expect.stringMatching(/^Thought for \d+ tokens\.$/), signature: expect.any(String) }]);
    expect(thoughts(answer)[0]?.signature).not.toBe('');
    expect(textOf((await ask(stream, continued(answer))).answer)).toBe('The tool said: noon');
    const [first, second] = sent();
    expect(first).toMatchObject({
      path: '/responses',
      body: { store: false, include: ['reasoning.encrypted_content'], reasoning: { effort: 'low', summary: 'auto' } },
    });
    // The simulator reads what it sealed itself, in front of the call that it led to.
    expect(itemsOf(second?.body)).toEqual(['user', 'reasoning', 'function_call', 'function_call_output']);
  });
  test('reasoning of another model stays out, and is told', async () => {
    const ask = await caller();
    const { answer } = await ask(false, asked);
    const { headers } = await ask(false, continued(answer), 'o4-mini');
    expect(itemsOf(sent()[1]?.body)).toEqual(['user', 'function_call', 'function_call_output']);
    expect(headers.get('x-lpa-fidelity')).toContain('ignored=messages[].content[]');
  });
  test.each([
    ['a path that is not there', refused(404, null)],
    ['a model of chat alone', refused(400, 'model')],
  ])('goes on in chat after %s, and says that nothing is shown', async (_name, refusal) => {
    const ask = await caller();
    bench.simulator.script(refusal);
    const { answer, headers } = await ask(false, asked);
    expect([thoughts(answer), headers.get('x-lpa-attempts')]).toEqual([[], '2']);
    expect(headers.get('x-lpa-fidelity')).toContain('ignored=thinking.display');
    await ask(false, asked);
    expect(sent().map(({ path }) => path)).toEqual(['/responses', '/chat/completions', '/chat/completions']);
  });
  test('is asked for without summaries where the account is shown none', async () => {
    const ask = await caller();
    bench.simulator.script(refused(400, 'reasoning.summary', 'unsupported_value'));
    const { answer, headers } = await ask(false, asked);
    expect(headers.get('x-lpa-fidelity')).toContain('ignored=thinking.display');
    expect(sent().map(({ body }) => body.reasoning)).toEqual([{ effort: 'low', summary: 'auto' }, { effort: 'low' }]);
    expect(thoughts(answer)).toMatchObject([{ thinking: '' }]);
  });
  test('is asked for without what another account sealed', async () => {
    const ask = await caller();
    const { answer } = await ask(false, asked);
    bench.simulator.script(refused(400, null, 'invalid_encrypted_content'));
    expect(textOf((await ask(false, continued(answer))).answer)).toBe('The tool said: noon');
    expect(sent().map(({ body }) => itemsOf(body).includes('reasoning'))).toEqual([false, true, false]);
  });
  test('that hides its thinking stays in chat', async () => {
    const client = new Anthropic({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    await client.messages.create({
      model: 'gpt-5.1',
      max_tokens: 9000,
      messages: asked,
      thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' },
    });
    expect(sent().map(({ path }) => path)).toEqual(['/chat/completions']);
  });
});
