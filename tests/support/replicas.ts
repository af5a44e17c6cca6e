import { randomBytes } from 'node:crypto';
import { sweepText } from './canaries.ts';
import { KEY, openSite, type Served, type Site, serveSite } from './file-gateway.ts';
import { rowsOf } from './postgres-rows.ts';

/** Says why cases with servers are left out, and how they are run. */
export const WITHOUT_SERVICES = 'PostgreSQL and Redis do not run; scripts/services start starts them';

export interface Answer {
  readonly status: number;
  /** `x-lpa-code`. */
  readonly code: string | undefined;
  readonly body: unknown;
  readonly headers: Headers;
}
/** One gateway process of several. */
export interface Replica extends Served {
  readonly admin: string;
  /** A chat of few tokens with a key. */
  chat(key: string, more?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** The same with other headers than those of a key. */
  chatBy(headers: Readonly<Record<string, string>>): Promise<Answer>;
  /** Any other request with a body. */
  post(path: string, headers: Readonly<Record<string, string>>, body: object): Promise<Answer>;
  /** An administrative operation by the administrator of the configuration. Throws when it is refused. */
  operate<T = Readonly<Record<string, unknown>>>(operation: string, input: object): Promise<T>;
  ready(): Promise<number>;
}
/** Gateways over one store, with an administrator in their configuration. */
export interface Replicas {
  readonly site: Site;
  /** Starts one more. */
  start(): Promise<Replica>;
  /** Kills all that run. Throws when a secret stands where it does not belong. */
  close(): Promise<void>;
}

const answered = async (answer: Promise<Response>): Promise<Answer> => {
  const { status, headers, ...rest } = await answer.then(async (r) => ({ status: r.status, headers: r.headers, text: await r.text() }));
  return { status, headers, code: headers.get('x-lpa-code') ?? undefined, body: rest.text === '' ? undefined : JSON.parse(rest.text) };
};
const send = (url: string, headers: Readonly<Record<string, string>>, body: object): Promise<Answer> =>
  answered(fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }));
const bearer = (key: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${key}` });
const CHAT = '/openai/main/v1/chat/completions';
const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };
const replicaOf = async (site: Site, clock?: number): Promise<Replica> => {
  const served = await serveSite(site, { clock });
  const [, admin = ''] = await served.says(/"listener":"admin","url":"([^"]+)"/);
  return {
    ...served,
    admin,
    chat: (key, more = {}) => send(served.url + CHAT, bearer(key), { ...HELLO, ...more }),
    chatBy: (headers) => send(served.url + CHAT, headers, HELLO),
    post: (path, headers, body) => send(served.url + path, headers, body),
    async operate(operation, input) {
      const { status, body } = await send(`${admin}/admin/v1/${operation}`, bearer(KEY), input);
      if (status !== 200) throw new Error(`${operation} was answered ${status}: ${JSON.stringify(body)}`);
      return body as never;
    },
    ready: async () => (await fetch(`${served.ops}/ready`)).status,
  };
};

/** Nothing of one that was killed or stopped. */
const metricsOf = ({ ops }: Replica): Promise<string> =>
  fetch(`${ops}/metrics`, { signal: AbortSignal.timeout(1_000) }).then(
    (answer) => answer.text(),
    () => '',
  );

const POSTGRES = '@llm-proxy-auth/store-postgres';
interface More extends Readonly<Record<string, unknown>> {
  readonly plugins?: readonly string[];
  /** Members of the one instance beside its address. */
  readonly main?: object;
  /** What the clocks of all show all the time, epoch ms. */
  readonly clock?: number;
}
/** `url` of a PostgreSQL server, where each call has a schema of its own; without it they share a SQLite file. `more` are further plugins and sections of the configuration. */
export const openReplicas = async (url: string | undefined, { plugins: added = [], main = {}, clock, ...sections }: More = {}): Promise<Replicas> => {
  const site = await openSite();
  const schema = `test_${randomBytes(8).toString('hex')}`;
  const { plugins, auth, instances } = site.settings() as {
    readonly plugins: readonly string[];
    readonly auth: readonly object[];
    readonly instances: { readonly main: object };
  };
  site.write(
    site.settings({
      plugins: [...plugins.filter((name) => url === undefined || !name.includes('store-')), ...(url === undefined ? [] : [POSTGRES]), ...added],
      ...(url === undefined ? {} : { store: { use: 'postgres', url, schema } }),
      admin: { port: 0 },
      instances: { main: { ...instances.main, ...main } },
      auth: [{ ...auth[0], keys: [{ name: 'admin', key: KEY, scopes: ['admin'] }] }],
      ...sections,
    }),
  );
  const running: Replica[] = [];
  return {
    site,
    async start() {
      const replica = await replicaOf(site, clock);
      running.push(replica);
      return replica;
    },
    async close() {
      const metrics = await Promise.all(running.map(metricsOf));
      for (const replica of running) replica.kill('SIGKILL');
      await Promise.all(running.map((replica) => replica.ended));
      await site.close();
      sweepText(metrics.join('\n'), 'the metrics');
      if (url !== undefined) sweepText(await rowsOf(url, schema), 'the store');
    },
  };
};
