import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { afterAll } from 'vitest';
import { type PackageSubject, packageRules } from '../src/index.ts';
import { provesRules } from './broken.ts';
import { authFactory } from './good/auth.ts';

const root = mkdtempSync(join(tmpdir(), 'contract-package-'));
afterAll(() => rmSync(root, { recursive: true }));
const readme = ['# Acme', ...['What it does', 'Install', 'Configuration', 'Example', 'Limits'].map((heading) => `## ${heading}\n\nText.`)].join('\n\n');
const manifest = {
  name: '@acme/auth-acme',
  version: '1.0.0',
  description: 'Acme tokens',
  license: 'Apache-2.0',
  type: 'module',
  engines: { node: '>=22.19' },
  exports: { '.': { '@llm-proxy-auth/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
  files: ['dist'],
  peerDependencies: { '@llm-proxy-auth/plugin': '^0.1.0' },
  llmProxyAuth: { api: 1, kinds: ['auth:acme'], reaches: ['*.acme.example', '169.254.169.254'] },
};
const plugin: Plugin = { name: '@acme/auth-acme', api: 1, auth: { acme: authFactory() } };
let folders = 0;
interface Parts {
  readonly manifest?: object;
  readonly readme?: string;
  readonly source?: string;
  readonly plugin?: Plugin;
}
const subject = (parts: Parts = {}): PackageSubject => {
  const folder = join(root, String(folders++));
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, ...parts.manifest }));
  writeFileSync(join(folder, 'README.md'), parts.readme ?? readme);
  writeFileSync(join(folder, 'src', 'index.ts'), parts.source ?? '// process.env and fetch( are only mentioned here\nhost.fetch(request);\n');
  return { folder, plugin: parts.plugin ?? plugin };
};

provesRules('package rules', packageRules, subject(), {
  'package.manifest': subject({ manifest: { license: '' } }),
  'package.api': subject({ manifest: { llmProxyAuth: { ...manifest.llmProxyAuth, api: 2 } } }),
  'package.name-equals-export': subject({ plugin: { ...plugin, name: '@acme/other' } }),
  'package.kinds-equal-export': subject({ manifest: { llmProxyAuth: { ...manifest.llmProxyAuth, kinds: ['auth:acme', 'auth:more'] } } }),
  'package.reaches-narrow': subject({ manifest: { llmProxyAuth: { ...manifest.llmProxyAuth, reaches: ['*.com'] } } }),
  'package.no-install-scripts': subject({ manifest: { scripts: { postinstall: 'node setup.js' } } }),
  'package.files-list': subject({ manifest: { files: ['dist', 'test'] } }),
  'package.peer-on-plugin': subject({ manifest: { peerDependencies: {}, dependencies: { '@llm-proxy-auth/plugin': '^0.1.0' } } }),
  'package.no-other-plugin': subject({ manifest: { dependencies: { '@llm-proxy-auth/store-sqlite': '^0.1.0' } } }),
  'package.exports-source-first': subject({
    manifest: { exports: { '.': { types: './dist/index.d.ts', '@llm-proxy-auth/source': './src/index.ts', default: './dist/index.js' } } },
  }),
  'package.readme-headings': subject({ readme: readme.replace('## Limits', '## Limitations') }),
  'package.factory-shape': subject({ plugin: { ...plugin, auth: { acme: { ...authFactory(), config: Type.Object({ key: Type.String() }) } } } }),
  'package.uses-host-alone': subject({ source: 'const key = process.env.ACME_KEY;\n' }),
});
