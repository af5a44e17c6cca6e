import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { certificateAuthority, openaiSimulator, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configuration, type Ended, type Shell, shell } from './support/command-line.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';

let place: Shell;
beforeAll(() => {
  place = shell();
  place.write('llm-proxy-auth.yaml', configuration({ models: [{ name: 'fast', targets: [{ instance: 'main', model: SMALL }] }] }));
});
afterAll(() => place.remove());
const json = ({ out }: Ended): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

describe('keys', () => {
  test('create, list, show, rotate, revoke; the key is shown once', async () => {
    const made = await place.run([
      'keys',
      'create',
      '--name',
      'ci',
      '--models',
      'fast,gpt-4o*',
      '--modes',
      'protocol',
      '--scopes',
      'metrics',
      '--cidr',
      '10.0.0.0/8',
      '--expires',
      '90d',
      '--json',
    ]);
    expect([made.code, made.err]).toEqual([0, '']);
    const { key, id, name, expiresAt } = json(made) as { key: string; id: string; name: string; expiresAt: string };
    expect(key).toMatch(new RegExp(`^lpa_${id}_[0-9A-Za-z]{49}$`));
    expect(name).toBe('ci');
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    const listed = await place.run(['keys', 'list', '--json']);
    expect(listed.out).toContain(id);
    expect(listed.out).not.toContain(key);
    expect((json(await place.run(['keys', 'show', 'ci', '--json'])) as { keys: object[] }).keys).toMatchObject([
      { id, models: ['fast', 'gpt-4o*'], modes: ['protocol'], scopes: ['metrics'], cidr: ['10.0.0.0/8'] },
    ]);
    const turned = json(await place.run(['keys', 'rotate', 'ci', '--grace', '1h', '--json']));
    expect(turned.key).not.toBe(key);
    expect(json(await place.run(['keys', 'revoke', 'ci', '--reason', 'laptop lost', '--json'])).revoked).toHaveLength(2);
    expect((await place.run(['keys', 'rotate', 'ci'])).code).not.toBe(0);
  });
  test('a name is taken once', async () => {
    expect((await place.run(['keys', 'create', '--name', 'twice'])).code).toBe(0);
    const again = await place.run(['keys', 'create', '--name', 'twice']);
    expect([again.code, again.out]).toEqual([1, '']);
    expect(again.err).toMatch(/^invalid_request: .*twice/);
    expect(again.err).not.toContain('--help');
  });
  test.each([
    ['no name', ['keys', 'create']],
    ['an unknown flag', ['keys', 'create', '--name', 'x', '--admin']],
    ['a name that is none', ['keys', 'create', '--name', 'a b']],
    ['a scope nobody has', ['keys', 'create', '--name', 'x', '--scopes', 'root']],
    ['an action nobody has', ['keys', 'print']],
    ['a command nobody has', ['kees', 'list']],
    ['two words too many', ['keys', 'show', 'a', 'b']],
  ])('%s is a usage error', async (_name, words) => {
    const ended = await place.run(words);
    expect([ended.code, ended.out]).toEqual([2, '']);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });
});

describe('what an operation refuses is a failure, not usage', () => {
  test.each([
    ['a key nobody has', ['keys', 'show', 'nope']],
    ['a range that is none', ['keys', 'create', '--name', 'x', '--cidr', '10.0.0.0/99']],
    ['an end that has passed', ['keys', 'create', '--name', 'x', '--expires', '2001-01-01']],
    ['an instance nobody has', ['keys', 'create', '--name', 'x', '--instances', 'main,nope']],
  ])('%s', async (_name, words) => {
    const ended = await place.run(words);
    expect([ended.code, ended.out]).toEqual([1, '']);
    expect(ended.err).toMatch(/^[a-z_]+: /);
    expect(ended.err).not.toMatch(/--help|\n\s+at /);
  });
  test('the instance is named, and globs and names of the configuration pass', async () => {
    expect((await place.run(['keys', 'create', '--name', 'x', '--instances', 'nope'])).err).toContain('"nope"');
    expect((await place.run(['keys', 'create', '--name', 'spaces', '--instances', 'main,no*'])).code).toBe(0);
  });
});

describe('help of an operation', () => {
  test('keys create --help has every flag with its need and description, and the example of its own', async () => {
    const helped = await place.run(['keys', 'create', '--help']);
    expect([helped.code, helped.err]).toEqual([0, '']);
    for (const flag of ['name', 'scopes', 'modes', 'instances', 'models', 'cidr', 'expires', 'not-before']) expect(helped.out).toContain(`\n  --${flag} `);
    expect(helped.out).toMatch(/--name TEXT +Required\. Unique/);
    expect(helped.out).toMatch(/--modes protocol\|transparent,… +Modes it may be used in/);
    expect(helped.out).toMatch(/Example:\n {2}llm-proxy-auth keys create --name ci/);
  });
  test('each operation has its own', async () => {
    const helped = await place.run(['keys', 'rotate', '-h']);
    expect(helped.out).toMatch(/--key TEXT +Required/);
    expect(helped.out).toMatch(/--grace TEXT +How long.* Default: 24h\./);
    expect(helped.out).not.toContain('keys create');
  });
  test('keys --help lists the operations, and needs no configuration', async () => {
    expect((await place.run(['keys', '--help'])).out).toMatch(/keys revoke +Makes a key/);
    for (const [group, example] of [
      ['usage', 'usage --since 7d --by principal,model'],
      ['audit', 'audit verify'],
      ['totp', 'totp enroll key:ci'],
      ['others', 'others --help --config ./llm-proxy-auth.yaml'],
    ] as const)
      expect((await place.run([group, '--help', '--config', 'nowhere.yaml'])).out).toMatch(new RegExp(`\nExample:\n  llm-proxy-auth ${example}\n$`));
    const helped = await place.run(['keys', 'create', '--help', '--config', 'nowhere.yaml']);
    expect([helped.code, helped.out]).toEqual([0, expect.stringContaining('Example:')]);
  });
});

describe('check, models, plugins', () => {
  test('check says what it found, and --print shows no secret', async () => {
    const checked = await place.run(['check', '--json']);
    expect([checked.code, json(checked)]).toMatchObject([0, { ok: true, instances: [{ name: 'main', provider: 'openai' }] }]);
    const printed = await place.run(['check', '--print']);
    expect(printed.code).toBe(0);
    expect(printed.out).toContain('main');
    expect(printed.out + printed.err).not.toContain('canary');
  });
  test('models lists the names and where they lead', async () => {
    expect(JSON.parse((await place.run(['models', '--json'])).out)).toMatchObject([{ model: 'fast', instance: 'main', target: SMALL }]);
    expect((await place.run(['models'])).out).toMatch(new RegExp(`fast +main +${SMALL}`));
  });
  test('models tells what is known of each, and check names those past their end', async () => {
    const text = configuration({
      instances: {
        main: { provider: 'openai', apiKey: 'sk-canary-0123456789', models: ['gpt-4o-2024-05-13', 'gpt-77'], facts: { 'gpt-77': { retires: '2020-02-03' } } },
      },
      models: [
        { name: 'fast', targets: [{ instance: 'main', model: 'gpt-4o-2024-05-13' }] },
        { match: '*', targets: [{ instance: 'main', model: '*' }] },
      ],
    });
    place.write('ended.yaml', text);
    const listed = JSON.parse((await place.run(['models', '--config', 'ended.yaml', '--json'])).out) as object[];
    const known = { context: 128_000, output: 4_096, usdInput: 5, usdOutput: 15, retires: '2026-10-23' };
    expect(listed).toEqual([
      { model: 'fast', instance: 'main', target: 'gpt-4o-2024-05-13', ...known },
      { model: '*', instance: 'main', target: '*' },
      { model: 'gpt-4o-2024-05-13', instance: 'main', target: 'gpt-4o-2024-05-13', ...known },
      { model: 'gpt-77', instance: 'main', target: 'gpt-77', retires: '2020-02-03' },
    ]);
    const checked = await place.run(['check', '--config', 'ended.yaml', '--json']);
    expect([checked.code, (json(checked) as { ended: object[] }).ended]).toEqual([
      0,
      [
        { path: 'models[0].targets[0].model', instance: 'main', model: 'gpt-4o-2024-05-13', retires: '2026-10-23', source: expect.stringMatching(/^https:/) },
        { path: 'instances.main.models[0]', instance: 'main', model: 'gpt-4o-2024-05-13', retires: '2026-10-23', source: expect.stringMatching(/^https:/) },
        { path: 'instances.main.models[1]', instance: 'main', model: 'gpt-77', retires: '2020-02-03' },
      ],
    ]);
    expect(checked.err.split('\n').filter((line) => line.includes(' was retired on '))).toHaveLength(3);
  });
  test('plugins lists what is loaded, verify prints a pin that then holds', async () => {
    const listed = JSON.parse((await place.run(['plugins', 'list', '--json'])).out) as { name: string; kinds: string[] }[];
    expect(listed.map((p) => p.name)).toContain('@llm-proxy-auth/auth-api-key');
    expect(listed.flatMap((p) => p.kinds)).toEqual(expect.arrayContaining(['auth:api-key', 'provider:openai', 'dialect:openai', 'store:sqlite']));
    place.plugin(
      '@acme/extra',
      "export default { name: '@acme/extra', api: 1, dialects: { extra: { summary: 'Extra.', config: { type: 'object', properties: {} }, create: () => ({ name: 'extra', surfaces: [], error() {}, readError() {} }) } } };",
      { llmProxyAuth: { api: 1, kinds: ['dialect:extra'] } },
    );
    const text = (extra: unknown) => configuration({ plugins: [...listed.map((p) => p.name), extra] });
    place.write('pinned.yaml', text('@acme/extra'));
    const words = ['--config', 'pinned.yaml', '--plugin-root', place.folder, '--json'];
    const verified = JSON.parse((await place.run(['plugins', 'verify', ...words])).out) as { name: string; integrity: string }[];
    const integrity = verified.find((p) => p.name === '@acme/extra')?.integrity ?? '';
    expect(integrity).toMatch(/^sha512-/);
    place.write('pinned.yaml', text({ name: '@acme/extra', integrity }));
    expect((await place.run(['check', ...words])).code).toBe(0);
    expect(await place.run(['plugins', 'verify', ...words])).toMatchObject({ code: 0, out: expect.stringContaining('"pin":"holds"') });
    place.write('node_modules/@acme/extra/more.js', '');
    expect((await place.run(['check', ...words])).code).toBe(78);
  });
  test('the command that a broken pin names prints the new one, and runs nothing of the plugin', async () => {
    const first = json(await place.run(['check', '--json']));
    expect(first.ok).toBe(true);
    place.plugin('@acme/tampered', "globalThis.tamperedRan = true; throw new Error('I must not run');", {
      llmProxyAuth: { api: 1, kinds: ['dialect:tampered'] },
    });
    const pinned = { name: '@acme/tampered', integrity: `sha512-${'A'.repeat(86)}==` };
    place.write('tampered.yaml', configuration({ plugins: ['@llm-proxy-auth/dialect-openai', pinned] }));
    const words = ['--config', 'tampered.yaml', '--plugin-root', place.folder];
    const refused = await place.run(['check', ...words]);
    expect(refused.code).toBe(78);
    const mend = /\(try: llm-proxy-auth (plugins verify [^)]+)\)/.exec(refused.err)?.[1] ?? '';
    const printed = await place.run([...mend.split(' '), ...words]);
    expect(printed.err).toBe('');
    expect(printed).toMatchObject({ code: 0, out: expect.stringMatching(/@acme\/tampered +1\.0\.0 +differs +sha512-/) });
    expect(printed.out).not.toContain('dialect-openai');
    const verified = await place.run(['plugins', 'verify', ...words, '--json']);
    expect([verified.code, (JSON.parse(verified.out) as { pin: string }[]).map(({ pin }) => pin)]).toEqual([1, ['none', 'differs']]);
    expect('tamperedRan' in globalThis).toBe(false);
  });
  test('plugins verify tells what it cannot find, and takes names of the configuration alone', async () => {
    expect((await place.run(['plugins', 'verify', '@acme/nobody'])).code).toBe(2);
    place.write('absent.yaml', configuration({ plugins: ['@acme/absent'] }));
    expect(await place.run(['plugins', 'verify', '--config', 'absent.yaml'])).toMatchObject({ code: 78, err: expect.stringContaining('plugins[0]') });
    expect((await place.run(['plugins', 'list', '--print'])).code).toBe(2);
    expect((await place.run(['plugins', 'list', 'more'])).code).toBe(2);
  });
  test('--json is JSON also of a printed and of a wrong configuration', async () => {
    expect(json(await place.run(['check', '--print', '--json']))).toMatchObject({ server: { host: '127.0.0.1' }, instances: { main: { provider: 'openai' } } });
    expect((await place.run(['check', '--print', '--json'])).out).not.toContain('sk-canary');
    place.write('wrong.yaml', configuration({ sevrer: {} }));
    const wrong = await place.run(['check', '--config', 'wrong.yaml', '--json']);
    expect([wrong.code, json(wrong)]).toMatchObject([
      78,
      { ok: false, problems: [{ code: 'unknown_key', line: 1, message: expect.stringContaining('sevrer') }] },
    ]);
    expect((await place.run(['check', '--print', '--live'])).code).toBe(2);
  });
  test('models --live tells of the providers that answer, whoever else does not', async () => {
    const simulator = await openaiSimulator({ keys: ['sk-canary-0123456789'] });
    const at = (baseUrl: string) => ({ provider: 'openai', apiKey: 'sk-canary-0123456789', baseUrl, insecureUpstream: true });
    place.write('live.yaml', configuration({ instances: { away: at('http://127.0.0.1:1/v1'), here: at(simulator.url) } }));
    const told = await place.run(['models', '--live', '--json', '--config', 'live.yaml']);
    await simulator.close();
    expect(told.code).toBe(1);
    expect(told.err).toMatch(/^away: /);
    expect((JSON.parse(told.out) as { instance: string }[]).map(({ instance }) => instance)).toContain('here');
  });
  test.each([['check'], ['models'], ['plugins'], ['keys'], ['explain'], ['start']])('%s --help has an example', async (command) => {
    const helped = await place.run([command, '--help']);
    expect([helped.code, helped.err]).toEqual([0, '']);
    expect(helped.out).toMatch(new RegExp(`Example:\\n {2}llm-proxy-auth .*${command}`));
  });
  test('words that nobody understands are a usage error', async () => {
    for (const words of [
      ['check', 'it'],
      ['start', '--prot', '1'],
      ['plugins', 'burn'],
      ['models', '--config'],
    ])
      expect((await place.run(words)).code, words.join(' ')).toBe(2);
  });
});

describe('explain asks a gateway that runs', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench.close());
  const explain = (key: string, path = '/openai/main/v1/chat/completions', env = {}): Promise<Ended> =>
    place.run(['explain', path, '--data', chat(SMALL), '--url', bench.url, ...(key === '' ? [] : ['--key', key])], env);
  test('with the scope it prints route, policy and the upstream request', async () => {
    const told = await explain(bench.key);
    expect(told.code).toBe(0);
    expect(json(told)).toMatchObject({
      route: { mode: 'protocol', surface: 'chat' },
      policy: 'default',
      targets: [{ instance: 'main', request: { method: 'POST' } }],
    });
    expect((await explain('', undefined, { LLM_PROXY_AUTH_KEY: bench.key })).code).toBe(0);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('without it the gateway refuses, and the command fails', async () => {
    const told = await explain(await bench.makeKey());
    expect(told.code).toBe(1);
    expect(told.out).toContain('scope');
    expect((await explain('')).code).toBe(2);
    const asked = (...more: string[]): Promise<Ended> => place.run(['explain', '/x', '--data', '{}', '--key', bench.key, ...more]);
    expect(await asked()).toMatchObject({ code: 2, err: expect.stringContaining('--url') });
    expect((await asked('--url', 'ftp://gateway')).code).toBe(2);
    expect((await asked('--url', 'gateway')).code).toBe(2);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('over TLS, whose certificate it checks', async () => {
    const authority = certificateAuthority();
    const { pem, key } = authority.issue({ dns: ['localhost'], usages: [SERVER_AUTH] });
    const secured = await openBench({ sections: { server: { port: 0, tls: { port: 0, cert: pem, key } } } });
    const ask = (): Promise<Ended> =>
      place.run([
        'explain',
        '/openai/main/v1/chat/completions',
        '--data',
        chat(SMALL),
        '--key',
        secured.key,
        '--url',
        (secured.gateway.urls.tls ?? '').replace('127.0.0.1', 'localhost'),
      ]);
    expect(await ask()).toMatchObject({ code: 1, err: expect.stringContaining('certificate') });
    const trusted = getCACertificates();
    setDefaultCACertificates([...trusted, authority.pem]);
    expect(await ask()).toMatchObject({ code: 0, out: expect.stringContaining('"route"') });
    setDefaultCACertificates(trusted);
    await secured.close();
  });
});
