// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration itself
import type { Secret } from '@llm-proxy-auth/plugin';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GOOD, makeWorld, PLUGINS, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

const withAuth = (auth: string) => GOOD.replace('{ use: badge }', `{ use: badge, ${auth} }`);
const withInstance = (keys: string) => GOOD.replace('apiKey: "a-literal-key"', keys);
const seenBy = (strategy: unknown) => (strategy as { seen: Record<string, unknown> }).seen;
const secretOf = (value: unknown): Secret => value as Secret;

describe('references', () => {
  test('text of the environment is read as number or boolean where the schema wants one', async () => {
    const env = { P: '9001', R: 'true', W: '2.5', B: '65536' };
    const graph = await world.load(
      `${withInstance('apiKey: k-literal-1, buffer: "${B}"')}server: { port: "\${P}", reusePort: "\${R}" }\nmodels: [{ name: m, targets: [{ instance: main, model: x, weight: "\${W}" }] }]\n`,
      { env },
    );
    expect(graph.settings.server).toMatchObject({ port: 9001, reusePort: true });
    expect(graph.settings.models[0]?.targets[0]?.weight).toBe(2.5);
    expect(seenBy(graph.instances.get('main')?.provider).buffer).toBe(65_536);
  });
  test('a literal text is not read as a number', async () => {
    await expect(world.problems(`${GOOD}server: { port: "8080" }\n`)).resolves.toMatchObject([
      { line: 6, column: 17, path: 'server.port', code: 'wrong_type' },
    ]);
  });
  test('a text of digits stays text where the schema wants text', async () => {
    const graph = await world.load(withInstance('apiKey: "${K}", region: "${D}"'), { env: { K: '1234567890', D: '007' } });
    expect(seenBy(graph.instances.get('main')?.provider).region).toBe('007');
    expect(secretOf(seenBy(graph.instances.get('main')?.provider).apiKey).peek()).toBe('1234567890');
  });
  test('a default stands in for a variable that is absent or empty, and is read as a number too', async () => {
    const text = `${GOOD}server: { port: "\${P:-7001}" }\n`;
    expect((await world.load(text)).settings.server.port).toBe(7001);
    expect((await world.load(text, { env: { P: '' } })).settings.server.port).toBe(7001);
    expect((await world.load(text, { env: { P: '7002' } })).settings.server.port).toBe(7002);
  });
  test('a question mark makes the key count as not written', async () => {
    const graph = await world.load(`${GOOD}server: { port: "\${P?}", tls: { cert: "\${C?}", key: "\${K?}" } }\n`);
    expect(graph.settings.server.port).toBe(8080);
    expect(graph.settings.server.tls).toEqual({ port: 8443 });
  });
  test('an absent entry of a list is left out, and the places of those after it stay right', async () => {
    const graph = await world.load(`${GOOD}server: { trustedProxies: ["\${A?}", 10.0.0.0/8] }\n`);
    expect(graph.settings.server.trustedProxies).toEqual(['10.0.0.0/8']);
    await expect(world.problems(`${GOOD}server: { trustedProxies: ["\${A?}", nonsense] }\n`)).resolves.toMatchObject([
      { line: 6, column: 37, path: 'server.trustedProxies[0]', code: 'wrong_value' },
    ]);
  });
  test('a required key that is absent is missing', async () => {
    await expect(world.problems(withInstance('apiKey: "${KEY?}"'))).resolves.toMatchObject([
      { line: 5, column: 3, path: 'instances.main.apiKey', code: 'missing_key' },
    ]);
  });
  test('several references and text around them make one text', async () => {
    const graph = await world.load(withInstance('apiKey: k-literal-1, baseUrl: "https://${HOST}:${PORT1}/v1/"'), {
      env: { HOST: 'llm.example', PORT1: '8443' },
    });
    expect(seenBy(graph.instances.get('main')?.provider).baseUrl).toBe('https://llm.example:8443/v1');
  });
  test('a missing variable is named, once for each place, and stops the start', async () => {
    const problems = await world.problems(withInstance('apiKey: "${NO_SUCH_KEY}", region: "${NO_SUCH_REGION}"'));
    expect(problems.map((p) => [p.line, p.column, p.path, p.code])).toEqual([
      [5, 35, 'instances.main.apiKey', 'variable_missing'],
      [5, 61, 'instances.main.region', 'variable_missing'],
    ]);
    expect(problems.map((p) => p.message).join()).toMatch(/NO_SUCH_KEY.*NO_SUCH_REGION/);
  });
  test('what comes out of a reference is not expanded again', async () => {
    const graph = await world.load(withInstance('apiKey: "${A}"'), { env: { A: '${B}-and-more', B: 'never' } });
    expect(secretOf(seenBy(graph.instances.get('main')?.provider).apiKey).peek()).toBe('${B}-and-more');
  });
  test('names that every object has are no variables', async () => {
    await expect(world.problems(withInstance('apiKey: "${toString}"'))).resolves.toMatchObject([{ code: 'variable_missing' }]);
  });
  test.each(['${', '${}', '${A B}', '${1A}', '${file:}', '${UPPER:x}'])('%s is no reference', async (text) => {
    await expect(world.problems(withInstance(`apiKey: "${text}"`))).resolves.toMatchObject([{ path: 'instances.main.apiKey', code: 'bad_reference' }]);
  });
  test('another secret source is refused with its name, as is the section it would need', async () => {
    const problems = await world.problems(`${withInstance('apiKey: "${vault:kv/llm#apikey}"')}secrets: { vault: { use: vault } }\n`);
    expect(problems.map((p) => [p.line, p.column, p.code])).toEqual([
      [5, 35, 'source_unavailable'],
      [6, 1, 'unknown_key'],
    ]);
    expect(problems[0]?.message).toContain('"vault"');
  });
});

describe('A107: a value of the environment stays one scalar', () => {
  test.each([
    ['line', 'x-value\nadmin: { port: 1 }\n'],
    ['alias', '*anchor-of-nothing'],
    ['template', '{{ .Values.key }}'],
    ['quotes', `"' }, other: { "`],
    ['list', '[a, b]'],
    ['comment', 'abcdefgh # not a comment'],
  ])('%s', async (_, value) => {
    const graph = await world.load(withInstance('apiKey: "${K}", region: r1, tags: { t: "${K}" }'), { env: { K: value } });
    expect(secretOf(seenBy(graph.instances.get('main')?.provider).apiKey).peek()).toBe(value);
    expect(graph.instances.get('main')?.settings.tags).toEqual({ t: value });
    expect(graph.settings.admin).toBeUndefined();
    expect([...graph.instances.keys()]).toEqual(['main']);
  });
});

describe('A105: an empty secret stops the start and is named', () => {
  test.each([
    ['literal', withAuth('pepper: ""'), {}, 'auth[0].pepper'],
    ['white space', withAuth('pepper: "  "'), {}, 'auth[0].pepper'],
    ['variable', withAuth('pepper: "${PEPPER}"'), { PEPPER: '' }, 'auth[0].pepper'],
    ['optional variable that is set', withAuth('pepper: "${PEPPER?}"'), { PEPPER: '' }, 'auth[0].pepper'],
    ['empty default', withAuth('pepper: "${PEPPER:-}"'), {}, 'auth[0].pepper'],
    ['one of many', withAuth('keys: { env: "KEY_*" }'), { KEY_A: 'a-long-enough-key', KEY_B: '' }, 'auth[0].keys.env'],
  ])('%s', async (_, text, env, path) => {
    await expect(world.problems(text, { env })).resolves.toMatchObject([{ path, code: 'empty_secret', line: 3 }]);
  });
  test('an empty file', async () => {
    world.write('config/pepper', '\n');
    await expect(world.problems(withAuth('pepper: "${file:pepper}"'))).resolves.toMatchObject([{ path: 'auth[0].pepper', code: 'empty_secret' }]);
  });
  test('an unset variable', async () => {
    await expect(world.problems(withAuth('pepper: "${UNSET}"'))).resolves.toMatchObject([{ path: 'auth[0].pepper', code: 'variable_missing' }]);
  });
});

describe('secrets', () => {
  test('are handles that show where the value comes from, however they are printed', async () => {
    world.write('config/key', 'value-from-a-file\n');
    const graph = await world.load(
      `${PLUGINS}\nauth: [{ use: badge, pepper: "\${PEPPER}", keys: [{ name: a, key: "literal-secret-1" }] }]\ninstances: { main: { provider: acme, apiKey: "\${file:key}" } }\n`,
      { env: { PEPPER: 'value-from-the-environment' } },
    );
    const auth = seenBy(graph.strategies[0]?.strategy) as { pepper: Secret; keys: { key: Secret }[] };
    const key = secretOf(seenBy(graph.instances.get('main')?.provider).apiKey);
    expect([auth.pepper.peek(), auth.keys[0]?.key.peek(), key.peek()]).toEqual(['value-from-the-environment', 'literal-secret-1', 'value-from-a-file']);
    expect([auth.pepper.ref, auth.keys[0]?.key.ref, key.ref]).toEqual(['PEPPER', 'literal', `file:${world.folder}/config/key`]);
    const printed = [graph.print(), JSON.stringify(graph.settings), String(key), JSON.stringify(auth)].join('\n');
    for (const value of graph.secrets()) expect(printed).not.toContain(value);
    expect([...graph.secrets()].toSorted()).toEqual(['literal-secret-1', 'value-from-a-file', 'value-from-the-environment']);
  });
  test('one trailing newline of a file is cut, not two', async () => {
    world.write('config/key', 'value-of-file\n\n');
    const graph = await world.load(withInstance('apiKey: "${file:./key}"'));
    expect(secretOf(seenBy(graph.instances.get('main')?.provider).apiKey).peek()).toBe('value-of-file\n');
  });
  test('a file is refused outside secret fields, and a missing one is named', async () => {
    const problems = await world.problems(withInstance('apiKey: "${file:none}", region: "${file:none}"'));
    expect(problems.map((p) => [p.path, p.code])).toEqual([
      ['instances.main.apiKey', 'file_unreadable'],
      ['instances.main.region', 'bad_reference'],
    ]);
    expect(problems[0]?.message).toContain(`${world.folder}/config/none`);
  });
  test('values shorter than 8 characters are not scrubbed', async () => {
    const graph = await world.load(withInstance('apiKey: "short"'));
    expect(graph.secrets()).toEqual([]);
  });
  test('API_KEY_* gives one handle for each variable, by the rest of its name', async () => {
    const graph = await world.load(withAuth('keys: { env: "API_KEY_*" }'), {
      env: { API_KEY_CI: 'key-of-ci-123', API_KEY_APP: 'key-of-app-123', API_KEY_: 'nameless', OTHER: 'x' },
    });
    const { keys } = seenBy(graph.strategies[0]?.strategy) as { keys: { env: Record<string, Secret> } };
    expect(Object.entries(keys.env).map(([name, s]) => [name, s.ref, s.peek()])).toEqual([
      ['APP', 'API_KEY_APP', 'key-of-app-123'],
      ['CI', 'API_KEY_CI', 'key-of-ci-123'],
    ]);
    await expect(world.problems(withAuth('keys: { env: "API_KEY_*" }'))).resolves.toMatchObject([{ code: 'variable_missing', path: 'auth[0].keys.env' }]);
  });
  test('no message shows a value of the environment, of a file or of a secret field', async () => {
    world.write('config/cert', 'canary-in-file');
    const text = `${GOOD.replace('{ use: badge }', '{ use: badge, issued: "${CANARY}", ttl: "${CANARY}", pepper: 12345678 }')}server: { port: "\${CANARY}", host: "\${CANARY}", tls: { cert: ./cert, key: "\${CANARY}" }, cors: { origins: ["\${CANARY}"] } }\nfidelity: "\${CANARY}"\n`;
    const problems = await world.problems(text, { env: { CANARY: 'canary-in-env' } });
    expect(problems.length).toBeGreaterThanOrEqual(7);
    expect(JSON.stringify(problems.map((p) => p.message))).not.toMatch(/canary-in|12345678/);
    expect(problems.find((p) => p.path === 'server.port')?.message).toContain('CANARY');
  });
});

describe('PEM fields', () => {
  const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
  test('take a path, PEM text and a reference', async () => {
    world.write('config/ca.pem', `${PEM}\n`);
    const graph = await world.load(
      `${withInstance('apiKey: k-literal-1, ca: ./ca.pem')}server: { tls: { cert: "\${CERT}", key: "\${file:ca.pem}", clientCa: "\${CA_FILE}" } }\n`,
      {
        env: { CERT: PEM, CA_FILE: `${world.folder}/config/ca.pem` },
      },
    );
    const { tls } = graph.settings.server;
    expect([tls?.cert?.peek(), tls?.key?.peek(), tls?.clientCa?.peek(), graph.instances.get('main')?.settings.ca?.peek()]).toEqual([PEM, PEM, PEM, PEM]);
    expect(tls?.clientCa?.ref).toBe('CA_FILE');
  });
  test('a path to something else is refused', async () => {
    world.write('config/text', 'no certificate');
    const problems = await world.problems(`${GOOD}server: { tls: { cert: ./text, key: ./none } }\n`);
    expect(problems.map((p) => [p.path, p.code])).toEqual([
      ['server.tls.cert', 'wrong_value'],
      ['server.tls.key', 'file_unreadable'],
    ]);
  });
});
