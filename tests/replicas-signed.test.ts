import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorization, type Signer, sha256, stamp } from '../plugins/auth-sigv4/test/sign.ts';
import { KEY } from './support/file-gateway.ts';
import { ask, type Got } from './support/raw.ts';
import { openReplicas, type Replica, type Replicas, WITHOUT_SERVICES } from './support/replicas.ts';

const POSTGRES = process.env.TEST_POSTGRES_URL;
test.skipIf(POSTGRES !== undefined)(`signed requests of two processes on PostgreSQL are left out: ${WITHOUT_SERVICES}`, (context) => context.skip());

const PATH = '/openai/main/v1/chat/completions';
const BODY = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] });
const PAYLOAD = sha256(BODY);
const said = ({ status, headers }: Got): string => [status, headers['x-lpa-code']].filter((part) => part !== undefined).join(' ');

describe.each([['one SQLite file', undefined] as const, ...(POSTGRES === undefined ? [] : [['one PostgreSQL', POSTGRES] as const])])(
  'two gateway processes on %s, behind one name',
  (_name, url) => {
    let all: Replicas;
    let here: Replica;
    let there: Replica;
    let signer: Signer;
    beforeAll(async () => {
      all = await openReplicas(url, {
        plugins: ['@llm-proxy-auth/auth-sigv4'],
        keyEncryption: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } },
        auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: [{ name: 'admin', key: KEY, scopes: ['admin'] }] }, { use: 'sigv4' }],
      });
      here = await all.start();
      there = await all.start();
      const { id, secret } = await here.operate<{ id: string; secret: string }>('signing-keys.create', { name: 'ci' });
      signer = { id, secret };
    });
    afterAll(() => all.close());

    /** What a client signs for the name of the load balancer; whoever sees it may send it to any replica. */
    const signed = (at: number): Readonly<Record<string, string>> => {
      const headers: readonly (readonly [string, string])[] = [
        ['host', 'gateway.example.com'],
        ['x-amz-content-sha256', PAYLOAD],
        ['x-amz-date', stamp(at)],
      ];
      const value = authorization(signer, { url: PATH, headers, at, payload: PAYLOAD });
      return { ...Object.fromEntries(headers), authorization: `AWS4-HMAC-SHA256 ${value}`, 'content-type': 'application/json' };
    };
    const send = (replica: Replica, headers: Readonly<Record<string, string>>): Promise<Got> => ask(replica.url, { path: PATH, headers, body: BODY });

    test('of twenty copies of a signed request on both exactly one is served', async () => {
      const headers = signed(Date.now());
      const answers = (await Promise.all(Array.from({ length: 20 }, (_, n) => send(n % 2 === 0 ? here : there, headers)))).map(said);
      expect(answers.filter((answer) => answer === '200')).toHaveLength(1);
      expect(answers.filter((answer) => answer === '401 invalid_credentials')).toHaveLength(19);
      expect([said(await send(here, headers)), said(await send(there, headers))]).toEqual(['401 invalid_credentials', '401 invalid_credentials']);
    });
    test.runIf(url === undefined)('while the store is away nothing that is signed is served, and keys are; then it is served once', async () => {
      const headers = signed(Date.now() - 200_000);
      const other = new DatabaseSync(join(all.site.folder, 'store.db'));
      other.exec('BEGIN IMMEDIATE');
      const [held, known] = await Promise.all([send(here, headers), here.chat(KEY)]);
      other.exec('ROLLBACK');
      other.close();
      expect([said(held), held.headers['retry-after'], known.status]).toEqual(['503 auth_unavailable', '1', 200]);
      expect([said(await send(here, headers)), said(await send(there, headers))]).toEqual(['200', '401 invalid_credentials']);
    });
    test('different requests are all served, at whichever of both', async () => {
      const at = Date.now() - 100_000;
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => send(n % 2 === 0 ? here : there, signed(at + n * 1000))));
      expect(new Set(answers.map(said))).toEqual(new Set(['200']));
    });
  },
);
