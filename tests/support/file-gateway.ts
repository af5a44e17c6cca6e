import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CapturedRequest, openaiSimulator, type Simulator } from '@llm-proxy-auth/simulators';
import { CROSSINGS, canariesOf, sweepAll } from './canaries.ts';
import { PROVIDER_KEY } from './gateway.ts';
import { bareEnvironment, ROOT, type Running, run } from './process.ts';

/** A key that stands in the configuration. */
export const KEY = 'fedcba9876543210fedcba9876543210fedcba98';
export const OTHER_KEY = '0123456789abcdef0123456789abcdef01234567';
const WATCHED = `--import=${join(ROOT, 'tests/support/crossings-file.ts')}`;
/** The space for young objects is that of the scripts and images that start it. */
const SOURCE = [
  '--max-semi-space-size=8',
  '--no-allocation-site-pretenuring',
  '--no-memory-reducer',
  '--no-parallel-scavenge',
  '--v8-pool-size=1',
  '--max-inlined-bytecode-size-cumulative=4000',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@llm-proxy-auth/source',
];

/** A folder with a configuration file and a provider to call; `write` replaces the file as an operator would. */
export interface Site {
  readonly folder: string;
  readonly file: string;
  readonly simulator: Simulator;
  settings(more?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  write(text: string | object): void;
  /** Processes that were started on the file. */
  readonly started: Running[];
  /** Throws when a secret stands where it does not belong; `log` is that of gateways in this process. */
  close(log?: string): Promise<void>;
}
/** What a gateway asks by itself, 30 s after its start and whenever it pleases. */
const isProbe = ({ method, path }: CapturedRequest): boolean => method === 'GET' && path === '/v1/models';
/** As a test sees it whose process may take longer than that: a probe takes no fault and is no request of the test. */
const withoutProbes = (simulator: Simulator): Simulator => {
  type Match = (request: CapturedRequest) => boolean;
  const not =
    (match: Match = () => true): Match =>
    (request) =>
      !isProbe(request) && match(request);
  return {
    ...simulator,
    get requests() {
      return simulator.requests.filter(not());
    },
    script: (rule) => simulator.script({ ...rule, when: not(rule.when) }),
    waitForRequest: (match, timeout) => simulator.waitForRequest(not(match), timeout),
    waitForHead: (match, timeout) => simulator.waitForHead(not(match), timeout),
    waitForAbort: (match, timeout) => simulator.waitForAbort(not(match), timeout),
  };
};
export const openSite = async (): Promise<Site> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-site-'));
  const file = join(folder, 'llm-proxy-auth.yaml');
  const simulator = withoutProbes(await openaiSimulator({ keys: [PROVIDER_KEY] }));
  const started: Running[] = [];
  const site: Site = {
    folder,
    file,
    simulator,
    settings: (more = {}) => ({
      plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'],
      server: { port: 0 },
      log: { level: 'trace' },
      ops: { port: 0 },
      limits: { eventLoopDelay: '60s' },
      store: { use: 'sqlite', path: join(folder, 'store.db') },
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: [{ name: 'ci', key: KEY, scopes: ['metrics'] }] }],
      instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: PROVIDER_KEY, insecureUpstream: true } },
      ...more,
    }),
    write(text) {
      const half = `${file}.half`;
      if (typeof text !== 'string') canariesOf(text);
      writeFileSync(half, typeof text === 'string' ? text : JSON.stringify(text));
      renameSync(half, file);
    },
    started,
    async close(log = '') {
      await simulator.close();
      const said = started.map((it) => it.out() + it.err()).join('');
      try {
        sweepAll({ log: log + said, sent: simulator.requests, folder });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
  site.write(site.settings());
  return site;
};

export interface Served extends Running {
  readonly url: string;
  readonly ops: string;
}
interface Launch {
  /** What its clock shows all the time, epoch ms. */
  readonly clock?: number | undefined;
  /** Its memory or its work is measured: nobody notes what crosses its door. */
  readonly measured?: boolean | undefined;
}
/** `llm-proxy-auth start` as a process of its own. */
export const launchSite = (site: Site, { clock, measured = false }: Launch = {}): Running => {
  const stopped = clock === undefined ? [] : [`--import=data:text/javascript,Date.now=()=>${clock}`];
  const words = [
    ...(measured ? [] : [WATCHED]),
    ...SOURCE,
    ...stopped,
    join(ROOT, 'packages/cli/src/main.ts'),
    'start',
    '--config',
    site.file,
    '--plugin-root',
    ROOT,
  ];
  const it = run(words, bareEnvironment({ LPA_TEST_CROSSINGS: join(site.folder, CROSSINGS) }), site.folder);
  site.started.push(it);
  return it;
};
/** The same, once it listens. */
export const serveSite = async (site: Site, launch?: Launch): Promise<Served> => {
  const it = launchSite(site, launch);
  const urlOf = async (listener: string): Promise<string> => {
    const [line = ''] = await it.says(new RegExp(`^.*"listener":"${listener}".*$|^.*"msg":"listening".*"name":"${listener}".*$`, 'm'));
    return (JSON.parse(line) as { url: string }).url;
  };
  return { ...it, url: await urlOf('server'), ops: await urlOf('ops') };
};
/** Lines of its log. */
export const linesOf = (it: Running): readonly Readonly<Record<string, unknown>>[] =>
  it
    .out()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
