// Dependency and naming rules of the tree. Prints every breach; exit code 1 when there is one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root } from './packages.mjs';

const breaches = [];
const breach = (where, what) => breaches.push(`${where}: ${what}`);
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const text = (file) => readFileSync(join(root, file), 'utf8');
const isSource = (file, folder) => file.startsWith(`${folder}/src/`) && file.endsWith('.ts');

const VENDORS = /bedrock|anthropic|openai|vertex|gemini|watsonx|oracle|azure/i;
const CLOUD = /^(@aws-sdk\/|@smithy\/|@azure\/|google-auth-library|ibm-cloud-sdk-core|oci-|openai$|@anthropic-ai\/|@google\/)/;
const CORE_EXCEPTIONS = new Set(['packages/core/src/http/credential-slots.ts']);

for (const { path, group, manifest } of packages(['packages', 'plugins', 'examples'])) {
  const { scripts = {}, dependencies = {}, peerDependencies = {}, optionalDependencies = {} } = manifest;
  for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) if (scripts[hook] !== undefined) breach(path, `has an install script (${hook})`);
  const needed = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  if (path === 'packages/plugin')
    for (const name of Object.keys(dependencies)) if (name !== 'typebox') breach(path, `depends on ${name}; typebox is its one dependency`);
  if (path === 'packages/core') for (const name of needed) if (CLOUD.test(name)) breach(path, `depends on the vendor package ${name}`);
  if (path === 'packages/simulators')
    for (const name of needed) if (name.startsWith('@llm-proxy-auth/')) breach(path, `depends on ${name}; a simulator imports nothing of ours`);
  if (group === 'plugins')
    for (const name of needed) if (/^@llm-proxy-auth\/(?!plugin$)/.test(name)) breach(path, `depends on ${name}; plugins know only @llm-proxy-auth/plugin`);
  for (const file of files.filter((f) => isSource(f, path))) {
    for (const [, ...names] of text(file).matchAll(/^\s*(?:import|export|\}).* from '([^']+)';|^\s*import '([^']+)';|\bimport\('([^']+)'\)/gm)) {
      const name = names.find((n) => n !== undefined) ?? '.';
      if (name.startsWith('.') || name.startsWith('node:')) continue;
      const bare = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0];
      if (bare !== manifest.name && !needed.includes(bare)) breach(file, `imports ${bare}, which its package.json does not name`);
      if (group === 'plugins' && /^@llm-proxy-auth\/(?!plugin$)/.test(bare)) breach(file, `imports ${bare}; plugins know only @llm-proxy-auth/plugin`);
    }
    if (path !== 'packages/simulators' && /^import (?!type ).* from 'node:http';/m.test(text(file)))
      breach(file, 'imports node:http, which loads 5 MiB that nobody uses; see packages/core/src/http/node-http.ts');
    if (group === 'plugins' && /process\.env|[^.\w]fetch\(/.test(text(file))) breach(file, 'uses the environment or global fetch; a plugin uses its Host');
  }
}
for (const file of files.filter((f) => isSource(f, 'packages/core') && !CORE_EXCEPTIONS.has(f))) {
  for (const [i, line] of text(file).split('\n').entries())
    if (VENDORS.test(line) && !/defaultDialect: Type\.String/.test(line)) breach(`${file}:${i + 1}`, 'names a vendor; vendors live in plugins');
}
for (const breachLine of breaches) console.error(breachLine);
console.log(`${breaches.length} breaches of the dependency rules`);
process.exit(breaches.length === 0 ? 0 : 1);
