/** The targets that are measured, each with the group of `measure` that it comes from and how its figure follows from the group's rows. */

const row = (rows, scenario, target) => {
  const found = rows[scenario]?.[target];
  return found?.failed === undefined ? found : undefined;
};
/** Why a group has no figures or not all: it did not run, or requests of one of its rows failed. */
const failure = (group = {}) =>
  group.failed ??
  Object.values(group)
    .flatMap((scenario) => Object.values(scenario))
    .find(({ failed }) => failed !== undefined)?.failed;
const cpuRatio = (scenario, target, base) => (rows) => {
  const [one, other] = [row(rows, scenario, target), row(rows, scenario, base)];
  return one === undefined || other === undefined ? undefined : one.minCpu / other.minCpu;
};
/** p50 that a target adds to the direct call. */
const added = (rows, target) => {
  const [one, direct] = [row(rows, 'small-c1', target), row(rows, 'small-c1', 'direct')];
  return one === undefined || direct === undefined ? undefined : one.p50 - direct.p50;
};
const latency = (rows) => {
  const [ours, base] = [added(rows, 'gateway-transparent'), added(rows, 'http-dispatch')];
  return ours === undefined || base === undefined ? undefined : ours / base;
};
const EVENT_EVERY_MS = 50;
const APIS = Object.freeze(['anthropic', 'bedrock']);

/** `must` and `aim` are upper bounds of the figure. */
export const TARGETS = Object.freeze([
  {
    id: 'P1',
    group: 'small',
    what: 'transparent, small JSON: CPU / http-dispatch',
    must: 1.6,
    aim: 1.25,
    of: cpuRatio('small-c16', 'gateway-transparent', 'http-dispatch'),
  },
  { id: 'P2', group: 'small', what: 'the same / nginx', needs: 'nginx', must: 4.5, aim: 3, of: cpuRatio('small-c16', 'gateway-transparent', 'nginx') },
  {
    id: 'P3',
    group: 'protocol',
    what: 'OpenAI to OpenAI, small JSON, protocol mode: CPU / Portkey',
    needs: 'portkey',
    must: 1 / 8,
    aim: 1 / 10,
    of: cpuRatio('small-c16', 'gateway', 'portkey'),
  },
  { id: 'P4', group: 'latency', what: 'added p50 at one connection / that of http-dispatch', must: 1.5, aim: 1.2, of: latency },
  {
    id: 'P5a',
    group: 'stream',
    what: 'stream flat out, transparent: CPU per event / http-dispatch',
    must: 0.9,
    aim: 0.65,
    of: cpuRatio('stream200-c16', 'gateway-transparent', 'http-dispatch'),
  },
  {
    id: 'P5b',
    group: 'stream',
    what: 'stream flat out, protocol mode passing: CPU per event / http-dispatch',
    must: 0.9,
    aim: 0.65,
    of: cpuRatio('stream200-c16', 'gateway', 'http-dispatch'),
  },
  ...APIS.map((api, i) => ({
    id: `P6${'ab'[i]}`,
    group: 'translated',
    what: `translated stream, ${api}: CPU per event / http-dispatch passing the same events`,
    must: 1.6,
    aim: 1.15,
    of: cpuRatio(`${api}-stream200-c16`, 'gateway-translating', 'http-dispatch-vendors'),
  })),
  ...APIS.map((api, i) => ({
    id: `P7${'ab'[i]}`,
    group: 'whole',
    what: `translated JSON, ${api}: CPU / Portkey`,
    needs: 'portkey',
    must: 1 / 4,
    aim: 1 / 6,
    of: cpuRatio(`${api}-small-c16`, 'gateway-translating', 'portkey'),
  })),
  ...APIS.map((api, i) => ({
    id: `P7${'cd'[i]}`,
    group: 'flowing',
    what: `translated stream, ${api}: CPU / Portkey`,
    needs: 'portkey',
    must: 1 / 4,
    aim: 1 / 6,
    of: cpuRatio(`${api}-stream200-c16`, 'gateway-translating', 'portkey'),
  })),
  {
    id: 'P8a',
    group: 'slow',
    what: '500 slow streams: CPU per event / nginx',
    needs: 'nginx',
    must: 3,
    aim: 2.5,
    of: cpuRatio('slow500', 'gateway', 'nginx'),
  },
  {
    id: 'P8b',
    group: 'slow',
    what: '500 slow streams: median gap error, ms',
    must: 2,
    aim: 1,
    of: (rows) => {
      const gap = row(rows, 'slow500', 'gateway')?.gap50;
      return gap === undefined ? undefined : Math.abs(gap - EVENT_EVERY_MS);
    },
  },
  {
    id: 'P9',
    group: 'memory',
    what: 'memory per open stream, fresh process, 500 streams, KiB',
    must: 120,
    aim: 80,
    of: (rows) => row(rows, 'slow500', 'gateway')?.kibPerStream,
  },
  {
    id: 'P10a',
    group: 'image',
    what: '10 MB image, transparent: CPU / http-dispatch collected',
    must: 1,
    aim: 0.82,
    of: cpuRatio('image10m-c2', 'gateway-transparent', 'http-dispatch'),
  },
  {
    id: 'P10b',
    group: 'image',
    what: '10 MB image, two at once: peak RSS over idle, MiB',
    must: 60,
    aim: 40,
    of: (rows) => {
      const ours = row(rows, 'image10m-c2', 'gateway-transparent');
      return ours === undefined ? undefined : ours.peak - ours.rss0;
    },
  },
  { id: 'P13', group: 'signing', what: 'SigV4 of a 1 KB body, µs', must: 12, aim: 6, of: (rows) => row(rows, 'signing', 'gateway')?.us },
]);

/** Targets of the design that this bench does not measure. */
export const NOT_MEASURED = Object.freeze([
  ['P11', 'longest event-loop stall at a 10 MB image in protocol mode: 6.4 ms, the worst of 30 41.8 ms, in a bench of its own, `node bench/stall.mjs`'],
  [
    'P12',
    'warm key check and a flood of wrong keys: 0.71 µs and 0.47 of a good call (aim 0.5) in a bench of its own, `node --conditions=@llm-proxy-auth/source bench/keys.mjs`',
  ],
  ['P14', 'idle RSS and start to ready, of what is built: 109 MiB and 0.57 s, in a bench of its own, `node bench/idle.mjs`'],
  ['P15', '10,000 keys, 1,000 policies, 500 models / one of each: 1.01 in a bench of its own, `node --conditions=@llm-proxy-auth/source bench/scale.mjs`'],
]);

/** The figures of a run: `value`, or `why` there is none, with `failed` where that is an error and not a comparison missing here. */
export const figures = ({ rows, missing }) =>
  TARGETS.map(({ id, group, what, needs, must, aim, of }) => {
    const value = of(rows[group] ?? {});
    if (value !== undefined && !Number.isNaN(value)) return { id, what, must, aim, value };
    if (needs !== undefined && missing[needs] !== undefined) return { id, what, must, aim, why: missing[needs] };
    const failed = failure(rows[group]);
    return failed === undefined ? { id, what, must, aim, why: 'the scenario did not run' } : { id, what, must, aim, failed: true, why: failed };
  });

export const verdict = ({ value, must, aim }) => (value === undefined ? 'not measured' : value <= aim ? 'ok, aim reached' : value <= must ? 'ok' : 'missed');
