// Runs on any Node from 18 on: finds a Node that can run us, installs what the lock files say, then becomes the real command.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, 'scripts', 'tools');
const [task, ...rest] = process.argv.slice(2);
const TASKS = {
  start: [
    '--max-semi-space-size=8',
    '--no-allocation-site-pretenuring',
    '--no-memory-reducer',
    '--no-parallel-scavenge',
    '--v8-pool-size=1',
    '--max-inlined-bytecode-size-cumulative=4000',
    '--disable-warning=ExperimentalWarning',
    '--conditions=@llm-proxy-auth/source',
    'packages/cli/src/main.ts',
    'quick-start',
  ],
  demo: ['--disable-warning=ExperimentalWarning', '--conditions=@llm-proxy-auth/source', 'packages/cli/src/main.ts', 'demo'],
  test: ['scripts/test.mjs'],
  pnpm: [join(tools, 'node_modules/pnpm/bin/pnpm.cjs')],
};
const command = TASKS[task];
if (command === undefined) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(TASKS).join('|')} [arguments]`);
  process.exit(2);
}

// npm's own settings are not ours: a child npm or pnpm would obey them.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

const run = (program, args, cwd) => {
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (error !== undefined || status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
};
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const newEnough = major > 22 || (major === 22 && minor >= 19);

const packagedNode = () =>
  [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]
    .map((name) => join(tools, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'))
    .find((path) => existsSync(path));
const stampOf = (...files) => files.reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256')).digest('hex');
const isFresh = (file, stamp) => existsSync(file) && readFileSync(file, 'utf8') === stamp;

/** Two first starts at once must not install into the same folder. The lock names its holder: one that has died holds nothing. */
const lock = join(tools, '.lock');
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};
const holder = () => {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return 0;
  }
};
const acquire = () => {
  for (let told = false, empty = 0; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = holder();
    // A lock without a name is being written right now, unless it stays so.
    if (pid === 0 ? ++empty > 10 : !isAlive(pid)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) console.error('Another start is installing; waiting for it …');
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
};
const release = () => {
  if (holder() === process.pid) rmSync(lock, { force: true });
};

const toolsStamp = stampOf(join(tools, 'package-lock.json'));
const projectStamp = stampOf(join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml'));
const toolsStampFile = join(tools, 'node_modules', '.stamp');
const projectStampFile = join(root, 'node_modules', '.stamp');
const ready = () => isFresh(toolsStampFile, toolsStamp) && isFresh(projectStampFile, projectStamp) && (newEnough || packagedNode() !== undefined);

const install = () => {
  if (!isFresh(toolsStampFile, toolsStamp) || (!newEnough && packagedNode() === undefined)) {
    console.error('Fetching pnpm and, where needed, Node 24 …');
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...(newEnough ? ['--omit=optional'] : [])], tools);
    writeFileSync(toolsStampFile, toolsStamp);
  }
  const installer = newEnough ? process.execPath : packagedNode();
  if (installer === undefined)
    throw new Error(`Node ${process.version} is too old and npm has no Node 24 for ${process.platform}-${process.arch}; install Node 24 and try again.`);
  if (isFresh(projectStampFile, projectStamp)) return;
  console.error('Installing packages from the lock file …');
  env.PATH = `${dirname(installer)}${delimiter}${env.PATH ?? ''}`;
  run(installer, [join(tools, 'node_modules/pnpm/bin/pnpm.cjs'), 'install', '--frozen-lockfile', '--reporter=append-only'], root);
  writeFileSync(projectStampFile, projectStamp);
};
// Images and pipelines that have installed already say so.
if (process.env.LLM_PROXY_AUTH_INSTALLED !== '1' && !ready()) {
  try {
    acquire();
    install();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    release();
  }
  if (process.exitCode === 1) process.exit();
}

const node = newEnough ? process.execPath : (packagedNode() ?? process.execPath);
env.PATH = [dirname(node), join(root, 'scripts/tools/node_modules/.bin'), env.PATH ?? ''].join(delimiter);
const args = [...command, ...rest];
if (newEnough && process.execve !== undefined && process.platform !== 'win32') {
  process.chdir(root);
  process.execve(node, [node, ...args], env);
}
const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
// A terminal sends SIGINT to the whole group itself; the other signals reach this process alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => {
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 1);
});
