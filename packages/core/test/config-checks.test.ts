// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration itself
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError, formatProblem } from '../src/config/problem.ts';
import { GOOD, makeWorld, PLUGINS, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

const INSTANCES = 'instances: { main: { provider: acme, apiKey: a-literal-key } }\n';
const brief = async (text: string, env: Record<string, string> = {}) =>
  (await world.problems(text, { env })).map((p) => `${p.line}:${p.column} ${p.path} ${p.code}`);

describe('unknown keys', () => {
  test('are told with file, line, column and the nearest name', async () => {
    const problems = await world.problems(GOOD.replace('apiKey', 'apiKeey'));
    const [missing, unknown] = problems;
    expect(unknown).toMatchObject({ file: `${world.folder}/config/gateway.yaml`, line: 5, column: 27, path: 'instances.main', code: 'unknown_key' });
    expect(unknown?.message).toContain('did you mean "apiKey"?');
    expect(missing).toMatchObject({ path: 'instances.main.apiKey', code: 'missing_key' });
    expect(unknown === undefined ? '' : formatProblem(unknown)).toMatch(/^\/.*gateway\.yaml:5:27 instances\.main: /);
  });
  test.each([
    ['root', `${GOOD}sever: {}\n`, '6:1  unknown_key', 'server'],
    ['nested', `${GOOD}server: { timeouts: { haed: 1s } }\n`, '6:23 server.timeouts unknown_key', 'head'],
    ['in a list', `${GOOD}models: [{ name: a, targets: [{ instance: main, model: m, wieght: 1 }] }]\n`, '6:59 models[0].targets[0] unknown_key', 'weight'],
    ['of a strategy', GOOD.replace('{ use: badge }', '{ use: badge, peper: x }'), '3:19 auth[0] unknown_key', 'pepper'],
    ['common to instances', GOOD.replace('apiKey:', 'timeoutss: {}, apiKey:'), '5:27 instances.main unknown_key', 'timeouts'],
    ['inside a union', GOOD.replace('apiKey:', 'credentials: { type: static, tokn: x }, apiKey:'), '5:56 instances.main.credentials unknown_key', 'token'],
  ])('%s', async (_, text, place, near) => {
    const problems = await world.problems(text);
    expect(problems.map((p) => `${p.line}:${p.column} ${p.path} ${p.code}`)).toContain(place);
    expect(problems.find((p) => p.code === 'unknown_key')?.message).toContain(`"${near}"`);
  });
  test.each(['secrets', 'routing', 'hooks', 'telemetry', 'imageFetch'])('%s, which is not built yet, is one of them', async (key) => {
    await expect(brief(`${GOOD}${key}: {}\n`)).resolves.toEqual(['6:1  unknown_key']);
  });
});

describe('all problems at once', () => {
  test('of the file, of plugins, of values and between keys, in the order of the file, none twice', async () => {
    const text = `${PLUGINS}
auth:
  - { use: bagde }
server: { port: 99999, host: 0.0.0.0, nonsense: 1, bodyLimit: 3 furlongs }
instances:
  main: { provider: acme, apiKey: "\${NO_KEY}", region: "NOT/OK" }
  v1: { provider: acmee, apiKey: x }
models:
  - { name: a, match: b, targets: [{ instance: mian, model: m }] }
  - { name: a2, targets: [] }
  - { name: a2, targets: [{ instance: main, model: m, weight: 0 }], strategy: orderd }
policies:
  - { match: { cidr: 10.0.0.0/99, strategy: bdage }, allow: { instances: [nowhere], modes: [protocoll] } }
retry: { budget: 20 }
`;
    const problems = await world.problems(text);
    expect(problems.map((p) => `${p.line}:${p.column} ${p.path} ${p.code}`)).toEqual([
      '3:12 auth[0].use unknown_kind',
      '4:17 server.port wrong_value',
      '4:39 server unknown_key',
      '4:63 server.bodyLimit wrong_value',
      '6:35 instances.main.apiKey variable_missing',
      '6:56 instances.main.region wrong_value',
      '7:3 instances.v1 reserved_name',
      '7:19 instances.v1.provider unknown_kind',
      '9:5 models[0] wrong_value',
      '9:48 models[0].targets[0].instance unknown_name',
      '10:26 models[1].targets wrong_value',
      '11:13 models[2].name duplicate_name',
      '11:63 models[2].targets[0].weight wrong_value',
      '11:79 models[2].strategy wrong_value',
      '13:22 policies[0].match.cidr wrong_value',
      '13:45 policies[0].match.strategy unknown_name',
      '13:75 policies[0].allow.instances[0] unknown_name',
      '13:93 policies[0].allow.modes[0] wrong_value',
      '14:18 retry.budget wrong_type',
    ]);
    expect(new Set(problems.map(formatProblem)).size).toBe(problems.length);
  });
  test('an error of more than eight unknown keys names every one', async () => {
    const keys = Array.from({ length: 30 }, (_, i) => `unknown${i}: 1`).join('\n');
    await expect(brief(`${GOOD}${keys}\n`)).resolves.toHaveLength(30);
  });
  test('the error stands for exit code 78 and prints a line a problem', async () => {
    const error = await world.load(`${GOOD}a: 1\nb: 2\n`).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    const configuration = error as ConfigurationError;
    expect(configuration.exitCode).toBe(78);
    expect(
      configuration
        .format()
        .split('\n')
        .map((l) => l.replace(/^.*gateway/, 'gateway').replace(/: .*/, '')),
    ).toEqual(['gateway.yaml:6:1', 'gateway.yaml:7:1']);
  });
});

describe('A106: authentication fails closed', () => {
  test.each([
    ['not written', `${PLUGINS}\n${INSTANCES}`, {}, '1:1 auth auth_missing'],
    ['without a value', `${PLUGINS}\nauth:\n${INSTANCES}`, {}, '2:6 auth wrong_type'],
    ['an empty list', `${PLUGINS}\nauth: []\n${INSTANCES}`, {}, '2:7 auth wrong_value'],
    ['another word', `${PLUGINS}\nauth: off\n${INSTANCES}`, {}, '2:7 auth wrong_value'],
    ['an unknown strategy', `${PLUGINS}\nauth: [{ use: badgee }]\n${INSTANCES}`, {}, '2:15 auth[0].use unknown_kind'],
    ['a strategy without use', `${PLUGINS}\nauth: [{ issued: true }]\n${INSTANCES}`, {}, '2:8 auth[0].use missing_key'],
    ['a misspelt switch', `${PLUGINS}\nauth_enabeld: false\n${INSTANCES}`, {}, '2:1  unknown_key'],
    ['none beside a main listener for everybody', `${PLUGINS}\nauth: none\nserver: { host: 0.0.0.0 }\n${INSTANCES}`, {}, '3:17 server.host auth_exposed'],
    ['none beside an ops listener for everybody', `${PLUGINS}\nauth: none\nops: { host: "::" }\n${INSTANCES}`, {}, '3:14 ops.host auth_exposed'],
    ['none beside an admin listener for everybody', `${PLUGINS}\nauth: none\nadmin: { host: 10.0.0.1 }\n${INSTANCES}`, {}, '3:16 admin.host auth_exposed'],
    [
      'none by a variable that opens the listener',
      `${PLUGINS}\nauth: "\${A}"\nserver: { host: "\${H}" }\n${INSTANCES}`,
      { A: 'none', H: '0.0.0.0' },
      '3:17 server.host auth_exposed',
    ],
    ['switched off beside a list', GOOD, { AUTH_ENABLED: 'false' }, '3:3 auth auth_conflict'],
    ['switched off by another word', GOOD, { AUTH_ENABLED: 'no' }, '3:3 auth wrong_value'],
    ['a second factor demanded that is not there', GOOD, { REQUIRE_2FA: 'true' }, '1:1  factor_unavailable'],
  ])('%s', async (_, text, env, place) => {
    await expect(brief(text, env as Record<string, string>)).resolves.toContain(place);
  });
  test('none on loopback has no strategies', async () => {
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) {
      const graph = await world.load(`${PLUGINS}\nauth: none\nserver: { host: "${host}" }\n${INSTANCES}`);
      expect(graph.strategies).toEqual([]);
    }
  });
  test('AUTH_ENABLED=false without a list means none', async () => {
    const graph = await world.load(`${PLUGINS}\n${INSTANCES}`, { env: { AUTH_ENABLED: 'false' } });
    expect(graph.settings.auth).toBe('none');
    await expect(brief(`${PLUGINS}\nserver: { host: 0.0.0.0 }\n${INSTANCES}`, { AUTH_ENABLED: 'false' })).resolves.toEqual(['2:17 server.host auth_exposed']);
  });
  test('a strategy that accepts what others gave out needs policies', async () => {
    const foreign = GOOD.replace('{ use: badge }', '{ use: badge, issued: false }');
    await expect(brief(foreign)).resolves.toEqual(['3:5 auth[0] policies_missing']);
    await expect(world.load(`${foreign}policies: [{ allow: {} }]\n`)).resolves.toMatchObject({ settings: { policies: [{ allow: {} }] } });
  });
  test('NODE_TLS_REJECT_UNAUTHORIZED=0 refuses the start', async () => {
    await expect(brief(GOOD, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).resolves.toEqual(['1:1  tls_unverified']);
  });
});

describe('A080: hosts of instances', () => {
  const withUrl = (url: string, more = '') => GOOD.replace('apiKey:', `baseUrl: "${url}"${more}, apiKey:`);
  test.each([
    ['http://api.acme.example/v1'],
    ['https://user:pass-canary@api.acme.example/v1'],
    ['https://user@api.acme.example'],
    ['https://api.acme.example/v1#pass-canary'],
    ['https://api.acme.example/v1?key=pass-canary'],
    ['https://169.254.169.254/latest'],
    ['https://2852039166/'],
    ['https://0xa9.0xfe.0xa9.0xfe/'],
    ['https://[fd00:ec2::254]/'],
    ['https://[::ffff:169.254.169.254]/'],
    ['https://metadata.google.internal/'],
    ['https://metadata.google.internal./'],
    ['ftp://api.acme.example'],
    ['//api.acme.example'],
    ['https://'],
    ['HTTP:\\\\\\\\evil'],
  ])('%s is refused and the key is named', async (url) => {
    const problems = await world.problems(withUrl(url));
    expect(problems).toMatchObject([{ path: 'instances.main.baseUrl', code: 'unsafe_url', line: 5, column: 36 }]);
    expect(problems[0]?.message).not.toContain('pass-canary');
  });
  test('insecureUpstream allows plain http and local metadata, never user names', async () => {
    for (const url of ['http://127.0.0.1:9/v1', 'http://169.254.169.254/'])
      await expect(world.load(withUrl(url, ', insecureUpstream: true'))).resolves.toBeDefined();
    await expect(brief(withUrl('http://a:b@127.0.0.1/', ', insecureUpstream: true'))).resolves.toEqual(['5:36 instances.main.baseUrl unsafe_url']);
  });
  test('a host of the environment is judged like one of the file', async () => {
    const problems = await world.problems(GOOD, { env: { ACME_BASE_URL: 'http://evil.example' } });
    expect(problems).toMatchObject([{ path: 'instances.main.baseUrl', code: 'unsafe_url', line: 5 }]);
  });
  test('an address outside an instance may be plain http', async () => {
    await expect(brief(GOOD.replace('apiKey:', 'proxy: "http://proxy:3128", apiKey:'))).rejects.toThrow('the configuration loaded');
  });
});

describe('checks between keys', () => {
  test.each([
    ['a model with neither name nor match', 'models: [{ targets: [{ instance: main, model: m }] }]', ['6:10 models[0] missing_key']],
    [
      'two models of one match',
      'models: [{ match: "a*", targets: [{ instance: main, model: m }] }, { match: "a*", targets: [{ instance: main, model: m }] }]',
      ['6:77 models[1].match duplicate_name'],
    ],
    [
      'an origin with a path',
      'server: { cors: { origins: ["https://app.example/", "*", "null", "https://ok.example"] } }',
      ['6:29 server.cors.origins[0] wrong_value', '6:53 server.cors.origins[1] wrong_value', '6:58 server.cors.origins[2] wrong_value'],
    ],
    ['a dialect nobody provides', 'server: { defaultDialect: opnai }', ['6:27 server.defaultDialect unknown_kind']],
    ['a certificate without its key', 'server: { tls: { cert: "-----BEGIN CERTIFICATE-----" } }', ['6:16 server.tls tls_incomplete']],
    ['two listeners on one port', 'ops: { port: 8080 }', ['6:14 ops.port listener_clash']],
    [
      'a limit that limits nothing',
      'policies: [{ allow: {}, limits: [{ per: principal }, { requests: 0/min }] }]',
      ['6:34 policies[0].limits[0] missing_key', '6:66 policies[0].limits[1].requests wrong_value'],
    ],
    ['a limit of no tokens', 'policies: [{ allow: {}, limits: [{ tokens: 00/h }] }]', ['6:44 policies[0].limits[0].tokens wrong_value']],
    [
      'a budget below nothing',
      'policies: [{ allow: {}, limits: [{ budget: { usd: -1, window: day } }] }]',
      ['6:51 policies[0].limits[0].budget.usd wrong_value'],
    ],
    ['a limit in the wrong form', 'policies: [{ allow: {}, limits: [{ requests: 5/fortnight }] }]', ['6:46 policies[0].limits[0].requests wrong_value']],
    [
      'a fallback on nonsense',
      'models: [{ name: a, targets: [{ instance: main, model: m }], fallback: { on: [connect, "6xx"] } }]',
      ['6:88 models[0].fallback.on[1] wrong_value'],
    ],
    [
      'a number where a status is text',
      'models: [{ name: a, targets: [{ instance: main, model: m }], fallback: { on: [429] } }]',
      ['6:79 models[0].fallback.on[0] wrong_type'],
    ],
  ])('%s', async (_, text, places) => {
    await expect(brief(`${GOOD}${text}\n`)).resolves.toEqual(places);
  });
  test('a second default instance of one provider', async () => {
    const text = `${GOOD.replace('apiKey:', 'default: true, apiKey:')}  second: { provider: acme, apiKey: another-key, default: true }\n`;
    await expect(brief(text)).resolves.toEqual(['6:59 instances.second.default duplicate_name']);
  });
  test.each(
    'v1 v1beta v1beta1 model models chat completions embeddings responses images audio moderations rerank files batches uploads deployments projects messages'.split(
      ' ',
    ),
  )('an instance is never called %s', async (name) => {
    await expect(brief(GOOD.replace('main:', `${name}:`))).resolves.toEqual([`5:3 instances.${name} reserved_name`]);
  });
  test.each(['Main', 'a.b', 'a/b', 'ä', 'x'.repeat(65)])('an instance is never called %s', async (name) => {
    await expect(brief(GOOD.replace('main:', `"${name}":`))).resolves.toEqual(['5:3 instances wrong_value']);
  });
  test.each([
    'authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'x-session-token',
    'x-totp-code',
    'cookie',
    'host',
    'connection',
    'transfer-encoding',
    'te',
    'upgrade',
    'keep-alive',
    'proxy-authorization',
    'x-amz-date',
    'x-amz-security-token',
    'x-amzn-oidc-data',
    'x-forwarded-for',
    'x-forwarded-client-cert',
    'forwarded',
    'x-lpa-instance',
    'x-request-id',
    'content-length',
  ])('the header %s is never forwarded', async (header) => {
    await expect(brief(GOOD.replace('apiKey:', `forwardHeaders: [x-fine, ${header}], apiKey:`))).resolves.toEqual([
      '5:52 instances.main.forwardHeaders[1] header_refused',
    ]);
  });
});

describe('variables of earlier deployments', () => {
  const env = { PORT: '7777', TLS_PORT: '7778', LOG_LEVEL: 'warn', TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' };
  beforeEach(() => {
    for (const name of ['cert', 'key']) world.write(`config/${name}.pem`, '-----BEGIN X-----\n');
  });
  test('fill what the file leaves out', async () => {
    const graph = await world.load(GOOD, { env });
    expect(graph.settings).toMatchObject({ server: { port: 7777, tls: { port: 7778 } }, log: { level: 'warn' } });
    expect(graph.settings.server.tls?.key?.peek()).toBe('-----BEGIN X-----');
  });
  test('never win over the file', async () => {
    const graph = await world.load(`${GOOD}server: { port: 1, tls: { port: 2, cert: ./key.pem, key: ./cert.pem } }\nlog: { level: error }\n`, {
      env: { ...env, GIN_MODE: 'debug' },
    });
    expect(graph.settings).toMatchObject({ server: { port: 1, tls: { port: 2 } }, log: { level: 'error' } });
    expect(graph.settings.server.tls?.cert?.ref).toBe(`file:${world.folder}/config/key.pem`);
  });
  test('GIN_MODE=debug means log level debug unless LOG_LEVEL says otherwise', async () => {
    expect((await world.load(GOOD, { env: { GIN_MODE: 'debug' } })).settings.log.level).toBe('debug');
    expect((await world.load(GOOD, { env: { GIN_MODE: 'release' } })).settings.log.level).toBe('info');
    expect((await world.load(GOOD, { env: { GIN_MODE: 'debug', LOG_LEVEL: 'error' } })).settings.log.level).toBe('error');
  });
  test('TLS_PORT alone opens no listener', async () => {
    expect((await world.load(GOOD, { env: { TLS_PORT: '7778' } })).settings.server.tls).toBeUndefined();
  });
  test('are named when they are wrong', async () => {
    const problems = await world.problems(GOOD, { env: { PORT: 'eighty', LOG_LEVEL: 'loud', TLS_CERT_FILE: 'cert.pem' } });
    expect(problems.map((p) => [p.path, p.code])).toEqual(
      expect.arrayContaining([
        ['server.port', 'wrong_type'],
        ['log.level', 'wrong_value'],
        ['server.tls', 'tls_incomplete'],
      ]),
    );
    expect(problems.find((p) => p.path === 'server.port')?.message).toContain('PORT');
  });
});
