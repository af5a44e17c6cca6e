// What becomes of each parameter at each provider, asked of a running gateway (`x-lpa-explain`): nothing here is written by hand.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startGateway } from '@llm-proxy-auth/core';
import { anthropic } from './anthropic.ts';
import { completions } from './completions.ts';
import { converse } from './converse.ts';
import { embeddings } from './embeddings.ts';
import { embedContent, gemini } from './gemini.ts';
import { openai } from './openai.ts';
import { rerank } from './rerank.ts';
import { responses } from './responses.ts';
import type { Column, ParameterTable, Sample } from './sample.ts';

type Fields = Readonly<Record<string, unknown>>;
const KEY = '0123456789abcdef0123456789abcdef0123456789abcdef';
const names = (...list: readonly string[]): readonly string[] => list.map((name) => `@llm-proxy-auth/${name}`);
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const ocid = (type: string): string => `ocid1.${type}.oc1..aaaa`;
const fingerprint = Array.from({ length: 16 }, () => '00').join(':');
const oci = { type: 'api-key', tenancy: ocid('tenancy'), user: ocid('user'), fingerprint, privateKey };
const INSTANCES = {
  openai: { provider: 'openai', apiKey: KEY },
  compatible: { provider: 'openai', baseUrl: 'https://models.example.com/v1', apiKey: KEY },
  azure: { provider: 'azure', endpoint: 'https://acme.openai.azure.com', apiKey: KEY },
  anthropic: { provider: 'anthropic', apiKey: KEY },
  bedrock: { provider: 'bedrock', region: 'us-east-1', credentials: { type: 'static', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: KEY } },
  vertex: { provider: 'vertex', project: 'acme', location: 'us-central1', credentials: { type: 'token', token: KEY } },
  ranking: { provider: 'vertex', project: 'acme', location: 'global', credentials: { type: 'token', token: KEY } },
  watsonx: { provider: 'watsonx', region: 'us-south', projectId: '12ac4cf1-252f-424b-b52d-5cdd9814987f', apiKey: KEY },
  oci: { provider: 'oci', region: 'us-chicago-1', compartmentId: 'ocid1.compartment.oc1..aaaa', credentials: oci },
};
/** Of conversations. */
const COLUMNS: readonly Column[] = [
  ['OpenAI', 'openai', 'gpt-4.1'],
  ['OpenAI, from gpt-5.6', 'openai', 'gpt-5.6'],
  ['Azure', 'azure', 'gpt-4.1'],
  ['Anthropic', 'anthropic', 'claude-sonnet-4-5'],
  ['Bedrock, Claude', 'bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['Bedrock, Nova', 'bedrock', 'amazon.nova-lite-v1:0'],
  ['Vertex, Gemini', 'vertex', 'gemini-2.5-flash'],
  ['Vertex, Claude', 'vertex', 'claude-sonnet-4-5'],
  ['watsonx', 'watsonx', 'ibm/granite-3-3-8b-instruct'],
  ['OCI, generic', 'oci', 'meta.llama-3.3-70b-instruct'],
  ['OCI, Cohere', 'oci', 'cohere.command-r-plus-08-2024'],
  ['OCI, Cohere V2', 'oci', 'cohere.command-a-reasoning-08-2025'],
];
const GATEWAY = {
  plugins: [
    ...names('dialect-openai', 'dialect-anthropic', 'dialect-converse', 'dialect-gemini', 'auth-api-key', 'store-sqlite'),
    ...names(...new Set(Object.values(INSTANCES).map(({ provider }) => `provider-${provider}`))),
  ],
  server: { port: 0 },
  ops: { port: 0 },
  log: { level: 'fatal' },
  // A busy machine is no answer to what becomes of a parameter.
  limits: { eventLoopDelay: '60s' },
  store: { use: 'sqlite', path: ':memory:' },
  auth: [{ use: 'api-key', pepper: KEY, keys: [{ name: 'docs', key: KEY, scopes: ['explain'] }] }],
  instances: INSTANCES,
  policies: [{ match: { principal: 'key:*' }, allow: { modes: ['protocol'] } }],
};

/** Headers that say nothing of a parameter. */
const MOVING = new Set(['content-length', 'x-client-request-id', 'x-request-id', 'opc-request-id']);
interface Note {
  readonly kind: string;
  readonly param: string;
}
interface Explained {
  readonly refused?: string | undefined;
  readonly sent?: readonly unknown[];
  readonly body?: Fields;
  readonly notes: readonly Note[];
}
interface Target {
  readonly request: { readonly url: string; readonly headers: readonly string[]; readonly body?: string };
  readonly fidelity: readonly Note[];
}
const explained = async (url: string, path: string, body: Fields): Promise<Explained> => {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'x-lpa-explain': '1' },
    body: JSON.stringify(body),
  });
  const said = (await answer.json()) as { readonly targets?: readonly Target[] };
  const target = said.targets?.[0];
  const code = answer.headers.get('x-lpa-code') ?? String(answer.status);
  if (target === undefined) return { refused: answer.status === 404 ? 'the caller’s own alone' : `rejected (\`${code}\`)`, notes: [] };
  const { request, fidelity } = target;
  const headers = request.headers.filter((_, i, all) => !MOVING.has(all[i - (i % 2)] ?? ''));
  return { sent: [request.url, headers], body: request.body === undefined ? {} : (JSON.parse(request.body) as Fields), notes: fidelity };
};
/** True when the body holds the value under that name, wherever. */
const holds = (body: unknown, name: string, value: unknown): boolean => {
  if (typeof body !== 'object' || body === null) return false;
  if (Object.hasOwn(body, name) && isDeepStrictEqual((body as Fields)[name], value)) return true;
  return Object.values(body).some((member) => holds(member, name, value));
};
const KINDS = ['ignored', 'clamped', 'emulated', 'defaulted'];
const silent = (row: string, name: string): never => {
  throw new Error(`${row}: ${name} changes nothing upstream and no note says so`);
};
/** A parameter that is asked for by one member of it is that member. */
const wholeName = (name: string, value: unknown): string => {
  const [only, ...others] = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  return only === undefined || others.length > 0 ? name : `${name}.${only}`;
};
const verdictOf = (sample: Sample, name: string, value: unknown, before: Explained, after: Explained, row: string): string => {
  if (after.refused !== undefined) return after.refused;
  const known = new Set(before.notes.map(({ kind, param }) => `${kind} ${param}`));
  const notes = after.notes.filter(({ kind, param }) => !known.has(`${kind} ${param}`));
  const of = (all: readonly Note[]): readonly string[] => KINDS.filter((kind) => all.some((note) => note.kind === kind));
  const whole = wholeName(name, value);
  const inner = notes.filter(({ param }) => param.startsWith(`${whole}.`));
  const kinds = of(notes.filter((note) => !inner.includes(note)));
  const same = isDeepStrictEqual(before.body, after.body) && isDeepStrictEqual(before.sent, after.sent);
  const [told] = of(notes);
  if (same) return told ?? sample.unchanged ?? silent(row, name);
  const native = value !== undefined && Object.hasOwn(after.body ?? {}, name) && holds(after.body, name, value);
  const verdict = kinds.length === 0 ? (native ? 'native' : 'translated') : kinds.map((kind) => (kind === 'ignored' ? 'partly ignored' : kind)).join(', ');
  return [verdict, ...inner.map(({ kind, param }) => `\`${param.slice(name.length + 1)}\` ${kind}`)].join('; ');
};

const tableOf = async (url: string, dialect: ParameterTable): Promise<readonly (readonly string[])[]> => {
  const rows: (readonly string[])[] = [];
  for (const [title, sample] of Object.entries(dialect.samples)) {
    const name = sample.name ?? title;
    const cells: string[] = [];
    for (const [column, instance, model] of dialect.columns ?? COLUMNS) {
      const base = { ...dialect.base(model), ...sample.with };
      const value = sample.body?.[name] ?? sample.value;
      const path = dialect.path(instance, model);
      const before = await explained(url, path, base);
      const after = await explained(url, path, { ...base, ...(sample.body ?? { [name]: sample.value }) });
      if (before.refused !== undefined) cells.push(before.refused);
      else cells.push(verdictOf(sample, name, value, before, after, `${title} to ${column} (${model})`));
    }
    rows.push([`\`${title}\``, ...cells]);
  }
  return rows;
};

export interface Shown {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
/** The page, as its parts: an introduction, and for each dialect a title, the head of its table and its rows. */
export const parameters = async (): Promise<readonly Shown[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-parameters-'));
  const running = await startGateway({
    text: JSON.stringify(GATEWAY),
    folder,
    env: {},
    allowLocalPlugins: false,
    pluginRoots: [],
    destination: { write: () => undefined },
    probeEveryMs: 3_600_000,
  });
  try {
    const tables: Shown[] = [];
    for (const dialect of [openai, responses, completions, anthropic, gemini, converse, embeddings, embedContent, rerank])
      tables.push({
        title: dialect.title,
        head: ['parameter', ...(dialect.columns ?? COLUMNS).map(([title]) => title)],
        rows: await tableOf(running.urls.server, dialect),
      });
    return tables;
  } finally {
    await running.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
