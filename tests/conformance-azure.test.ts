import { AzureOpenAI, toFile } from 'openai';
import { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import { expect } from 'vitest';
import { conformance } from './support/conformance.ts';
import { type Directory, openDirectory } from './support/entra.ts';

const line = conformance(['passing'], {
  vendor: 'azure',
  sections: { policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }] },
  instances: (url) => ({
    dated: {
      provider: 'azure',
      endpoint: url,
      apiVersion: '2025-04-01-preview',
      apiKey: 'sk-provider-canary-0123456789abcdefghijklmnop',
      insecureUpstream: true,
    },
  }),
});
const inDirectory = async (check: (directory: Directory) => Promise<void>): Promise<void> => {
  const directory = await openDirectory();
  try {
    await check(directory);
  } finally {
    await directory.close();
  }
};

line('106', 'batches go to the paths that Azure has, by either client', async ({ bench, client, sdk }) => {
  const lines = Buffer.from(
    `${JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'a' } })}\n`,
  );
  const file = await client().files.create({ file: await toFile(lines, 'lines.jsonl'), purpose: 'batch' });
  const asked = { input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' } as const;
  const batch = await client().batches.create(asked);
  expect(bench.simulator.requests.at(-1)?.target).toBe('/openai/v1/batches');
  expect((await client().batches.retrieve(batch.id)).status).toBe('in_progress');
  const Azure = sdk === 'openai 7' ? AzureOpenAI : (AzureOpenAI6 as unknown as typeof AzureOpenAI);
  const azure = new Azure({ baseURL: `${bench.url}/openai/dated`, apiKey: bench.key, apiVersion: '2024-10-21', maxRetries: 0 });
  const upload = await azure.files.create({ file: await toFile(lines, 'lines.jsonl'), purpose: 'batch' });
  const made = await azure.batches.create({ ...asked, input_file_id: upload.id });
  expect(bench.simulator.requests.at(-1)?.target).toBe('/openai/batches?api-version=2025-04-01-preview');
  expect((await azure.batches.retrieve(made.id)).id).toBe(made.id);
});

line(
  '114',
  'Entra ID is down past the end of a token: nothing dies, calls are 503 with a wait, and it recovers without a restart',
  () =>
    inDirectory(async ({ open, asked, secret, advance, entra }) => {
      const bench = await open(secret);
      expect((await asked(bench)).status).toBe(200);
      const end = entra.script({ cut: { at: 'head', how: 'rst' }, times: Number.POSITIVE_INFINITY });
      const unhandled: unknown[] = [];
      const note = (cause: unknown): void => void unhandled.push(cause);
      process.on('unhandledRejection', note);
      advance(55 * 60_000);
      expect((await asked(bench)).status).toBe(200);
      advance(10 * 60_000);
      expect(await asked(bench)).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^[1-9]\d*$/) });
      end();
      advance(60_000);
      expect((await asked(bench)).status).toBe(200);
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    }),
  { wire: true },
);

line(
  '115',
  'a hundred cold calls at once fetch one token',
  () =>
    inDirectory(async ({ open, asked, secret, entra }) => {
      const bench = await open(secret);
      const answers = await Promise.all(Array.from({ length: 100 }, () => asked(bench)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(entra.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    }),
  { wire: true },
);
