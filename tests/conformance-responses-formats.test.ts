import { recordings } from '@llm-proxy-auth/simulators';
import { zodTextFormat } from 'openai/helpers/zod';
import { zodTextFormat as zodTextFormat6 } from 'openai6/helpers/zod';
import { expect } from 'vitest';
import { z } from 'zod';
import { conformance, MODEL, thrown } from './support/conformance.ts';

const line = conformance(['passing', 'translated', 'emulated'], {
  sections: { policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }], retry: { attempts: 1 } },
});
const Place = z.object({ city: z.string(), days: z.number().int() });

line('99', 'responses.parse() gives the object of the schema', async ({ client, sdk }) => {
  const format = (sdk === 'openai 7' ? zodTextFormat : (zodTextFormat6 as typeof zodTextFormat))(Place, 'place');
  const answer = await client().responses.parse({ model: MODEL, input: 'a place', text: { format } });
  expect(answer.output_parsed).toEqual({ city: 'text', days: expect.any(Number) });
  expect(answer.text?.format).toMatchObject({ type: 'json_schema', name: 'place' });
});

line(
  '101',
  'store is taken, the answer says false, and nothing can be retrieved',
  async ({ client, Sdk }) => {
    const answer = await client().responses.create({ model: MODEL, input: 'Hello', store: true });
    expect((answer as unknown as { store: unknown }).store).toBe(false);
    const error = await thrown(client().responses.retrieve(answer.id));
    expect(error).toBeInstanceOf(Sdk.NotFoundError);
    expect(error.headers?.get('x-lpa-code')).toBe('operation_not_supported');
  },
  { on: ['emulated'] },
);

/** Families of the vendor's events; what is not here makes the SDK's helpers throw. */
const KNOWN =
  /^(error|response\.(created|queued|in_progress|completed|incomplete|failed|output_item\.(added|done)|content_part\.(added|done)|output_text\.(delta|done|annotation\.added)|refusal\.(delta|done)|function_call_arguments\.(delta|done)|custom_tool_call_input\.(delta|done)|reasoning_summary_part\.(added|done)|reasoning_summary_text\.(delta|done)|reasoning_text\.(delta|done)|web_search_call\.\w+|file_search_call\.\w+|code_interpreter_call(_code)?\.\w+|image_generation_call\.\w+|mcp_(call|call_arguments|list_tools)\.\w+))$/;
line(
  '102',
  'no event has a name that the vendor does not have',
  async ({ bench, post, path }) => {
    const names = async (body: object): Promise<string[]> => {
      const text = await (await post('/responses', { ...body, stream: true })).text();
      return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (JSON.parse(data ?? '') as { type: string }).type);
    };
    const recorded =
      path === 'emulated' ? [] : recordings({ provider: 'openai', operation: 'responses' }).filter((one) => one.stream && one.response.status < 400);
    for (const recording of recorded) {
      const undo = bench.simulator.replay(recording);
      const seen = await names(recording.request.body as object);
      undo();
      expect(seen.length, recording.file).toBeGreaterThan(3);
      expect(
        seen.filter((name) => !KNOWN.test(name)),
        recording.file,
      ).toEqual([]);
    }
    for (const input of ['Hello', 'please refuse', 'trip the filter']) {
      const seen = await names({ model: MODEL, input });
      expect(seen.filter((name) => !KNOWN.test(name))).toEqual([]);
      expect(seen[0]).toBe('response.created');
    }
  },
  { wire: true },
);
