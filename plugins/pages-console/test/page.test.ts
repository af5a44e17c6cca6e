import { describe, expect, test } from 'vitest';

/** The page's modules are plain JavaScript, served as they are. */
interface Field {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
}
interface FieldsModule {
  fieldsOf(schema: object): readonly Field[];
  inputOf(fields: readonly Field[], written: object): object;
  inputFor(operation: object, row: object): object | undefined;
}
interface Gateway {
  signIn(user: string, secret: string): void;
  signOut(): void;
  readonly signedIn: boolean;
  operations(): Promise<unknown>;
  run(name: string, input: object): Promise<unknown>;
}
type Send = (url: string, init: RequestInit) => Promise<Response>;
interface GatewayModule {
  createGateway(send: Send): Gateway;
}
const module = async <T>(name: string): Promise<T> => (await import(new URL(`../page/${name}`, import.meta.url).href)) as T;
const { fieldsOf, inputOf, inputFor } = await module<FieldsModule>('fields.js');
const { createGateway } = await module<GatewayModule>('gateway.js');

const SCHEMA = {
  required: ['name', 'scopes'],
  properties: {
    name: { type: 'string', description: 'Unique.' },
    scopes: { type: 'array', items: { enum: ['admin', 'viewer'] }, default: [] },
    models: { type: 'array', items: { type: 'string' } },
    kind: { anyOf: [{ const: 'intent' }, { const: 'settle' }] },
    limit: { type: 'integer', default: 10 },
    totp: { type: 'boolean' },
    svg: { type: 'boolean', default: true },
    file: { type: 'string', lpa: 'file' },
    more: { type: 'object' },
  },
};
const EMPTY = { name: '', scopes: [], models: '', kind: '', limit: '', totp: false, svg: true, file: '', more: '' };

describe('forms', () => {
  test('each kind of field has its control, and what has a default is not demanded', () => {
    expect(fieldsOf(SCHEMA).map(({ name, kind, required }) => [name, kind, required])).toEqual([
      ['name', 'text', true],
      ['scopes', 'choices', false],
      ['models', 'lines', false],
      ['kind', 'choice', false],
      ['limit', 'number', false],
      ['totp', 'flag', false],
      ['svg', 'flag', false],
      ['file', 'long', false],
      ['more', 'json', false],
    ]);
  });
  test('what is left empty is left out, and the rest has the type of the schema', () => {
    const fields = fieldsOf(SCHEMA);
    expect(inputOf(fields, EMPTY)).toEqual({});
    expect(
      inputOf(fields, {
        name: 'ci',
        scopes: ['viewer'],
        models: ' gpt-*\n\nclaude-* ',
        kind: 'settle',
        limit: '5',
        totp: true,
        svg: false,
        file: '[]',
        more: '{"a":1}',
      }),
    ).toEqual({
      name: 'ci',
      scopes: ['viewer'],
      models: ['gpt-*', 'claude-*'],
      kind: 'settle',
      limit: 5,
      totp: true,
      svg: false,
      file: '[]',
      more: { a: 1 },
    });
    expect(() => inputOf(fields, { ...EMPTY, more: '{' })).toThrow('more');
  });
  test('a row is named by the member that the operation asks for, or by its id; what makes something is about no row', () => {
    const row = { id: 'k1', name: 'ci' };
    expect(inputFor({ name: 'keys.revoke', input: { required: ['key'] } }, row)).toEqual({ key: 'k1' });
    expect(inputFor({ name: 'users.remove', input: { required: ['name'] } }, row)).toEqual({ name: 'ci' });
    expect(inputFor({ name: 'keys.create', input: { required: ['name'] } }, row)).toBeUndefined();
    expect(inputFor({ name: 'keys.reencrypt', input: {} }, row)).toBeUndefined();
  });
});

describe('calls', () => {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const gatewayThat = (answer: () => Response): Gateway => {
    asked.length = 0;
    return createGateway(async (url, init) => {
      asked.push({ url, init });
      return answer();
    });
  };
  const authorization = (): unknown => new Headers(asked.at(-1)?.init.headers).get('authorization');

  test('go to this origin alone; the credential stands in one header, and after signing out nowhere', async () => {
    const gateway = gatewayThat(() => Response.json({ operations: [] }));
    await gateway.operations();
    expect([asked[0]?.url, authorization()]).toEqual(['/admin/v1/operations', null]);
    gateway.signIn('', 'lpa_key');
    await gateway.run('keys.list', {});
    expect([asked[1]?.url, authorization(), asked[1]?.init.body]).toEqual(['/admin/v1/keys.list', 'Bearer lpa_key', '{}']);
    gateway.signIn('änn', 'pass:word');
    await gateway.run('keys.list', {});
    expect(authorization()).toBe(`Basic ${Buffer.from('änn:pass:word').toString('base64')}`);
    gateway.signOut();
    await gateway.operations();
    expect([gateway.signedIn, authorization()]).toEqual([false, null]);
    for (const { url, init } of asked) {
      expect(url).not.toMatch(/lpa_key|pass/);
      expect(init).toMatchObject({ credentials: 'same-origin', redirect: 'error', cache: 'no-store' });
    }
  });
  test('a refusal has the code of the gateway; what is no answer of a gateway says so', async () => {
    const refused = gatewayThat(() => Response.json({ error: { message: 'No.', code: 'scope_required', param: null } }, { status: 403 }));
    await expect(refused.operations()).rejects.toMatchObject({ code: 'scope_required', status: 403, message: 'No.' });
    const page = gatewayThat(() => new Response('<html>', { status: 200 }));
    await expect(page.operations()).rejects.toMatchObject({ code: '', name: 'Refusal' });
    const away = createGateway(() => Promise.reject(new TypeError('failed to fetch')));
    await expect(away.operations()).rejects.toMatchObject({ status: 0, name: 'Refusal' });
  });
});
