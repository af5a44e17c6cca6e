/** The figures as a table for the terminal and as the page of the documentation. */
import { NOT_MEASURED, verdict } from './targets.mjs';

export const shown = (value) => (value === undefined ? '–' : value >= 10 ? value.toFixed(0) : value.toFixed(value < 1 ? 3 : 2));
export const table = (figures) => [
  '| # | measure | must | aim | figure | |',
  '| --- | --- | --- | --- | --- | --- |',
  ...figures.map(
    (f) =>
      `| ${f.id} | ${f.what} | ≤ ${shown(f.must)} | ≤ ${shown(f.aim)} | ${shown(f.value)} | ${f.value === undefined ? `${f.failed ? 'FAILED' : 'not measured'}: ${f.why}` : verdict(f)} |`,
  ),
];

export const page = (figures) => `<!-- Written by \`pnpm bench\`. -->
# Performance

Figures are ratios of CPU per request (user and system time of the gateway's whole process tree), smallest of the rounds, of
targets measured side by side in one run: each is pinned to the same core and takes short turns in a new random order every
round; what it puts off until after a turn counts with it. Before it each is called 60,000 times, at slow and translated streams 40,000 times, at images 40 times, or for 40 s: until then what engines compile in the
background is a tenth to a quarter of the time of a translated stream. Times of a machine say little on another; ratios say how much the gateway costs beside something everybody knows.
The gateway runs with everything on: key check, a policy with limits, metrics, a log line for each request.

- \`http-dispatch\`: \`node:http\` and undici without a single feature; it swaps the credential and copies the bytes.
- \`nginx\`: one worker that does the same; the nearest thing to the physical limit.
- Portkey 1.15.2: the best-known gateway written for Node, on the same Node.

${table(figures).join('\n')}

Measured on a virtual machine with two cores and nothing else to do: one core for what is measured, one for the upstream and
the load. Where the host serves others too its speed changes by a half within minutes, and runs differ by a tenth, in P1, P3, P4, P5 and P7 by up to a third. P9 and P10b are of runs of their own. P13 is a time: it follows the speed of the host. The gateway is started from its sources with the engine's options that its command line sets
(bytes of Buffers counted into the limit of the heap, 8 MiB at most for a half of the young space, no pretenuring, no collecting when traffic pauses, one thread of its own, more inlining); what it is compared with runs with the defaults
of Node. Peak RSS of P10b is above what it was after the warm-up, not above a fresh process.

## Not measured here

${NOT_MEASURED.map(([id, why]) => `- ${id}: ${why}.`).join('\n')}

## Measure it yourself

Linux with two cores, Node 24, and for the comparisons nginx and Portkey:

\`\`\`sh
pnpm install
apt-get install nginx-light
mkdir -p bench/.portkey
echo '{"private":true,"overrides":{"@hono/node-server":"1.13.8"}}' > bench/.portkey/package.json
npm install --prefix bench/.portkey @portkey-ai/gateway@1.15.2
pnpm bench                 # all figures; writes this page and bench/figures.json
pnpm bench --nice=-10      # as root on a machine with other work
pnpm bench --only=small    # one group: small, latency, protocol, stream, translated, whole, flowing, slow, memory, image, signing; writes nothing
pnpm bench:check           # a short run; fails when a figure is more than 30 % above the committed one
\`\`\`

The override is Portkey's: with a later server of Hono it adds headers to those of the upstream's answer, which fetch does not allow, and
answers streams that it translates with 500.

A single comparison: \`node bench/harness/run.mjs --targets=http-dispatch,gateway --scenarios=small-c16,stream200-c16\`.
What the configuration of the measured gateway is stands in \`bench/gateway.yaml\` and \`bench/translating.yaml\`.
`;
